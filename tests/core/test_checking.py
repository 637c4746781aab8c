"""The one route: bytes in, the same verdict out, whoever asks; and no bytes make it fall over."""

from __future__ import annotations

from pathlib import Path

import pytest
from evacuation import HEADER, check, csv_bytes, row, rows
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from recommended_datasets.checking import check_bytes
from recommended_datasets.mapping import Mapping


def test_the_same_bytes_have_the_same_verdict_whatever_way_they_come(tmp_path: Path) -> None:
    data = csv_bytes(rows(3, 緯度="abc"))
    path = tmp_path / "462012_evacuation_space.csv"
    path.write_bytes(data)
    by_bytes, by_path = check_bytes(data, name=path.name), check_bytes(path, name=path.name)
    assert by_bytes.report == by_path.report
    assert by_bytes.report.rule_set and len(by_bytes.report.sha256) == 64


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"])
def test_the_verdict_does_not_depend_on_the_encoding(encoding: str) -> None:
    report = check_bytes(csv_bytes(rows(4, 緯度="abc"), encoding=encoding)).report
    assert report.encoding == encoding
    assert report.issue_counts["type-error"] == 4


def test_a_file_that_cannot_be_read_is_an_error_and_not_an_exception() -> None:
    for data in (b"", b"\x89PNG\r\n\x1a\n", b"<!DOCTYPE html><html><body>404</body></html>"):
        checked = check_bytes(data)
        assert (checked.report.status, checked.table, checked.definition) == ("error", None, None)
        assert checked.report.issues


def test_a_dataset_that_is_named_is_used_in_the_edition_that_fits() -> None:
    header = ["名称", "所在地_連結表記"]
    assert check_bytes(csv_bytes(rows(2), header)).report.dataset is None
    named = check_bytes(csv_bytes(rows(2), header), dataset="evacuation_space").report
    assert (named.dataset, named.edition) == ("evacuation_space", "standard")
    assert check_bytes(csv_bytes(rows(1)), dataset="evacuation_space", edition="recommended").report.edition == "recommended"
    with pytest.raises(KeyError):
        check_bytes(csv_bytes(rows(1)), dataset="no_such_dataset")


def test_the_publisher_is_the_given_one_else_the_files_else_the_file_names() -> None:
    assert check(rows(2), municipality_code="462039").municipality_code == "462039"
    assert check(rows(2)).municipality_code == "462012"
    header = [name for name in HEADER if name != "全国地方公共団体コード"]
    assert check_bytes(csv_bytes(rows(2), header), name="462039_evacuation_space.csv").municipality_code == "462039"
    assert check_bytes(csv_bytes(rows(2), header), name="evacuation.csv").municipality_code is None


def test_a_confirmed_mapping_comes_before_every_name() -> None:
    header = ["施設", "ところ", "災害種別_地震", "メモ"]
    cells = {"施設": "公園", "ところ": "鹿児島市山下町1", "災害種別_地震": "○", "メモ": "x"}
    mapping = Mapping(
        dataset="evacuation_space",
        columns={"施設": "name", "ところ": "address", "メモ": "ignore"},
        constants={"municipality_code": "462012"},
    )
    checked = check_bytes(csv_bytes([cells], header), dataset="evacuation_space", mapping=mapping)
    assert {match.column: match.field for match in checked.columns} == {
        "施設": "name",
        "ところ": "address",
        "災害種別_地震": "hazard_earthquake",
        "メモ": None,
    }
    assert checked.municipality_code == "462012"
    assert checked.report.accepted_count == 1
    # A column that a person chose to leave out is not complained of.
    assert "unknown-column" not in checked.report.issue_counts


def test_a_constant_of_a_mapping_is_no_cell_to_be_blamed() -> None:
    header = ["名称", "所在地_連結表記", "災害種別_地震"]
    mapping = Mapping(dataset="evacuation_space", constants={"location_code": "99"})
    checked = check_bytes(csv_bytes([row(1)], header), dataset="evacuation_space", mapping=mapping)
    assert not [issue for issue in checked.report.issues if issue.field == "location_code" and issue.record]


def test_a_file_with_a_header_only_has_no_rows() -> None:
    report = check_bytes(csv_bytes([])).report
    assert (report.dataset, report.row_count, report.accepted_count) == ("evacuation_space", 0, 0)


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: (",".join(HEADER) + "\r\n" + text).encode("utf-8", "ignore")),
    )
)
def test_no_bytes_make_the_check_fall_over(data: bytes) -> None:
    report = check_bytes(data).report
    assert report.status in ("success", "failure", "error")
    assert report.accepted_count <= report.row_count


def test_every_good_file_of_the_tests_is_a_success(project: Path) -> None:
    folder = project / "tests" / "data"
    good = sorted(folder.glob("*/*.good.csv"))
    assert len(good) > 20
    for path in good:
        edition = path.name.partition(".")[0]
        report = check_bytes(path, name=path.name).report
        assert (report.dataset, report.edition, report.status) == (path.parent.name, edition, "success"), path
        assert {issue.code for issue in report.issues} <= {"newer-edition", "edition-partly-known"}, path
        assert report.accepted_count == report.row_count, path
