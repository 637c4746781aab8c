"""Rules over several columns, over rows, over places and over files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from evacuation import DEFINITION, HEADER, check, csv_bytes, found, row, rows

from recommended_datasets import catalog
from recommended_datasets.checking import check_bytes
from recommended_datasets.cli_compare import compare
from recommended_datasets.normalisation import normalise
from recommended_datasets.rules_boundary import BoundaryError
from recommended_datasets.rules_boundary import load as load_boundaries
from recommended_datasets.rules_cross import FileOfPublisher, cross_check
from recommended_datasets.rules_place import address_code


def test_an_exact_copy_of_a_row_is_counted_once() -> None:
    records = [*rows(3), row(2)]
    checked = check(records)
    assert found(checked, "duplicate-row") == [(4, 5, "", "")]
    assert checked.report.accepted_count == 3
    # The copy is not blamed again for its ID and its name.
    assert not found(checked, "duplicate-key") and not found(checked, "duplicate-name")


def test_a_rejected_row_is_not_also_a_copy() -> None:
    checked = check([row(1, 名称=""), row(1, 名称=""), row(2)])
    assert checked.report.issue_counts["row-unusable"] == 2
    assert "duplicate-row" not in checked.report.issue_counts
    assert checked.report.accepted_count == 1


def test_an_id_that_stands_twice_is_an_error_that_names_the_first_line() -> None:
    checked = check([row(1), row(2), row(3, ID="0001")])
    (issue,) = [issue for issue in checked.report.issues if issue.code == "duplicate-key"]
    assert (issue.record, issue.severity, dict(issue.values)["first_line"]) == (3, "error", "2")


def test_the_same_name_at_the_same_address_is_found_whatever_its_width() -> None:
    checked = check([row(1, 名称="第１公園"), row(2, 名称="第1 公園", 所在地_連結表記="鹿児島県鹿児島市山下町1番１号")])
    assert [record for record, *_ in found(checked, "duplicate-name")] == [2]


def test_one_coordinate_without_the_other_is_pointed_out() -> None:
    assert found(check([row(1, 緯度="")]), "together-missing") == [(1, 2, "緯度", "")]


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [("09:00", "17:00", 0), ("17:00", "09:00", 1), ("22:00", "25:30", 0), ("09:00", "x", 0), ("", "09:00", 0)],
)
def test_an_end_before_its_start_is_pointed_out(start: str, end: str, wrong: int) -> None:
    definition = catalog.load().get("aed", "standard")
    header = [field.name for field in definition.fields]
    cells = {"名称": "市役所", "所在地_連結表記": "鹿児島市山下町1", "開始時間": start, "終了時間": end}
    report = check_bytes(csv_bytes([cells], header), dataset="aed", edition="standard").report
    assert report.issue_counts.get("start-after-end", 0) == wrong


def population(**changed: str) -> bytes:
    definition = catalog.load().get("population", "standard")
    header = [field.name for field in definition.fields]
    cells = {name: "1" for name in header if "歳" in name}
    cells |= {
        "全国地方公共団体コード": "462241",
        "地域コード": "001",
        "調査年月日": "2026-04-01",
        "地域名": "見本",
        "世帯数": "9",
    }
    cells |= {"総人口": "36", "男性": "18", "女性": "18", "地方公共団体名": "伊佐市"} | changed
    return csv_bytes([cells], header)


def test_population_by_age_adds_up() -> None:
    assert "total-mismatch" not in check_bytes(population()).report.issue_counts
    wrong = check_bytes(population(総人口="37"))
    assert found(wrong, "total-mismatch") == [(1, 2, "総人口", "37")]


def test_a_withheld_part_leaves_the_total_open() -> None:
    checked = check_bytes(population(**{"0-4歳の男性": "x", "男性": "20"}))
    assert "statistics-withheld" in checked.report.issue_counts
    assert [column for _, _, column, _ in found(checked, "total-mismatch")] == ["総人口"]


def test_a_blank_part_contradicts_the_total_only_if_the_rest_is_more() -> None:
    assert not found(check_bytes(population(**{"0-4歳の男性": ""})), "total-mismatch")
    assert found(check_bytes(population(**{"0-4歳の男性": "", "5-9歳の男性": "50"})), "total-mismatch")


def test_a_name_that_is_not_the_codes_is_pointed_out_at_the_name() -> None:
    assert found(check([row(1), row(2, 地方公共団体名="鹿屋市")]), "name-code-mismatch") == [
        (2, 3, "地方公共団体名", "鹿屋市")
    ]


@pytest.mark.parametrize("name", ["鹿児島市", "鹿児島県鹿児島市", "鹿児島県 鹿児島市", "喜入町", "鹿児島県"])
def test_a_name_with_its_prefecture_or_of_a_former_town_fits_its_code(name: str) -> None:
    assert not found(check([row(1, 地方公共団体名=name)]), "name-code-mismatch")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("鹿児島県鹿児島市山下町11-1", "462012"),
        ("鹿児島市山下町11-1", "462012"),
        ("鹿児島県大島郡大和村大和浜1", "465232"),
        ("鹿児島県川辺郡川辺町平山1", "462233"),
        ("鹿児島県 鹿屋市 共栄町", "462039"),
        ("静岡県焼津市本町1", ""),
        ("山下町11-1", None),
        ("旭原町3647-1", None),
        ("", None),
        ("出水市緑町1", "462080"),
        ("鹿児島県出水郡長島町鷹巣1", "464040"),
    ],
)
def test_an_address_tells_its_municipality(address: str, code: str | None) -> None:
    assert address_code(address) == code


def test_a_row_outside_its_publishers_area_is_a_warning() -> None:
    records = [
        row(1),
        row(2, 所在地_全国地方公共団体コード="462039", 所在地_連結表記="鹿児島県鹿屋市共栄町1", 所在地_市区町村="鹿屋市"),
    ]
    checked = check(records)
    assert found(checked, "place-outside") == [(2, 3, "所在地_全国地方公共団体コード", "462039")]
    assert checked.report.status == "success"
    assert checked.report.accepted_count == 2


def test_the_address_says_it_where_there_is_no_location_code_and_the_publisher_where_there_is_neither() -> None:
    away = row(1, 所在地_全国地方公共団体コード="", 所在地_連結表記="鹿屋市共栄町1", 所在地_市区町村="")
    silent = row(2, 所在地_全国地方公共団体コード="", 所在地_連結表記="共栄町1", 所在地_市区町村="")
    assert [record for record, *_ in found(check([away, silent]), "place-outside")] == [1]


def test_the_prefecture_publishes_for_all_its_municipalities() -> None:
    records = rows(2, 全国地方公共団体コード="460001", 地方公共団体名="鹿児島県")
    assert not found(check(records, municipality_code="460001"), "place-outside")


def test_a_code_that_disagrees_with_the_address_is_pointed_out() -> None:
    checked = check([row(1, 所在地_連結表記="鹿児島県鹿屋市共栄町1")])
    assert found(checked, "code-address-mismatch") == [(1, 2, "所在地_全国地方公共団体コード", "462012")]


def test_the_publisher_that_was_given_stands_against_the_code_in_the_file() -> None:
    checked = check([row(1), row(2, 全国地方公共団体コード="462039")], municipality_code="462012")
    (issue,) = [issue for issue in checked.report.issues if issue.code == "publisher-code"]
    assert (issue.record, issue.value, issue.severity) == (2, "462039", "error")
    assert checked.municipality_code == "462012"


def test_codes_of_several_bodies_in_one_file_are_a_warning_where_nobody_said_who_publishes() -> None:
    checked = check([row(1), row(2), row(3, 全国地方公共団体コード="462039", 地方公共団体名="")])
    assert found(checked, "publisher-codes-mixed") == [(3, 4, "全国地方公共団体コード", "462039")]
    assert checked.municipality_code == "462012"


@pytest.mark.parametrize(
    ("latitude", "longitude", "wrong"),
    [
        ("31.596900", "130.557200", []),
        ("27.040000", "128.420000", []),  # 与論島
        ("30.830000", "130.460000", []),  # 竹島
        ("29.000000", "129.200000", []),  # 宝島の南
        ("31.596900", "129.900000", []),
        ("35.680000", "139.760000", ["緯度", "経度"]),
        ("31.596900", "135.557200", ["経度"]),
    ],
)
def test_coordinates_outside_the_prefectures_box_are_errors_and_islands_are_inside(
    latitude: str, longitude: str, wrong: list[str]
) -> None:
    checked = check([row(1, 緯度=latitude, 経度=longitude)])
    assert [column for _, _, column, _ in found(checked, "coordinate-outside")] == wrong


def test_a_publisher_of_another_prefecture_is_not_blamed_for_lying_there() -> None:
    away = row(
        1,
        全国地方公共団体コード="222127",
        所在地_全国地方公共団体コード="222127",
        所在地_連結表記="静岡県焼津市本町1",
        緯度="34.86",
        経度="138.32",
    )
    away |= {"市区町村コード": "222127", "地方公共団体名": "焼津市", "所在地_都道府県": "静岡県", "所在地_市区町村": "焼津市"}
    checked = check([away])
    assert not found(checked, "coordinate-outside") and not found(checked, "place-outside")


def test_the_old_datum_in_a_header_is_suspected() -> None:
    header = [name if name != "緯度" else "緯度(日本測地系)" for name in HEADER]
    records = [record | {"緯度(日本測地系)": record["緯度"]} for record in rows(2)]
    assert check(records, header).report.issue_counts.get("tokyo-datum-header") == 1
    assert not check(rows(2)).report.issue_counts.get("tokyo-datum-header")


def square(code5: str, west: float, south: float, hole: list[list[float]] | None = None) -> dict[str, object]:
    ring = [[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]
    return {
        "type": "Feature",
        "properties": {"N03_007": code5},
        "geometry": {"type": "Polygon", "coordinates": [ring, *([hole] if hole else [])]},
    }


def test_with_boundaries_the_polygon_says_where_a_row_without_an_address_lies(tmp_path: Path) -> None:
    hole = [[130.1, 31.1], [130.2, 31.1], [130.2, 31.2], [130.1, 31.2], [130.1, 31.1]]
    path = tmp_path / "N03.geojson"
    path.write_text(
        json.dumps({"features": [square("46201", 130.0, 31.0, hole), square("46203", 131.0, 31.0), square("", 129, 31)]})
    )
    boundaries = load_boundaries(path)
    assert (boundaries(31.5, 130.5), boundaries(31.5, 131.05), boundaries(31.15, 130.15), boundaries(33, 130.5)) == (
        "462012",
        "462039",
        None,
        None,
    )
    silent = {"所在地_全国地方公共団体コード": "", "所在地_連結表記": "共栄町1", "所在地_市区町村": ""}
    data = csv_bytes([row(1, **silent, 緯度="31.5", 経度="130.5"), row(2, **silent, 緯度="31.5", 経度="131.05")])
    checked = check_bytes(data, polygon=boundaries)
    assert found(checked, "place-outside") == [(2, 3, "緯度", "31.5")]


def test_a_boundary_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "N03.geojson"
    path.write_text("{}")
    with pytest.raises(BoundaryError, match=r"N03\.geojson"):
        load_boundaries(path)


def of_publisher(name: str, records: list[dict[str, str]]) -> FileOfPublisher:
    checked = check(records)
    assert checked.table
    return FileOfPublisher(name, DEFINITION, normalise(checked.table, DEFINITION, checked.columns))


def test_the_same_facility_in_two_files_has_one_address_and_one_place() -> None:
    one = of_publisher(
        "a.csv",
        [row(1, 名称="中央公民館"), row(2, 名称="東公園"), row(3, 名称="西公園", 緯度="31.500000", 経度="130.500000"), row(4)],
    )
    other = of_publisher(
        "b.csv",
        [
            row(11, 名称="中央公民館", 所在地_連結表記="鹿児島県鹿児島市平之町9番9号", 緯度="31.590001", 経度="130.550001"),
            row(12, 名称="東公園", 所在地_連結表記="鹿児島市山下町2-1", 緯度="31.690002", 経度="130.550002"),
            row(13, 名称="西公園", 所在地_連結表記="鹿児島県鹿児島市山下町3番1号", 緯度="31.496750", 経度="130.502400"),
            row(4, 名称="別の名前"),
        ],
    )
    issues = [(name, issue.code, issue.record) for name, issue in cross_check([one, other])]
    assert issues == [
        ("b.csv", "cross-address", 1),
        ("b.csv", "cross-coordinates", 2),
        ("b.csv", "tokyo-datum", 3),
        ("b.csv", "cross-id", 4),
    ]


def test_a_name_that_stands_more_than_once_in_a_file_is_not_compared() -> None:
    one = of_publisher("a.csv", [row(1, 名称="公民館"), row(2, 名称="公民館")])
    other = of_publisher("b.csv", [row(11, 名称="公民館", 緯度="31.700000")])
    assert cross_check([one, other]) == []


def test_the_command_compares_the_files_of_one_publisher(tmp_path: Path) -> None:
    paths = [tmp_path / "462012_evacuation_space_a.csv", tmp_path / "462012_evacuation_space_b.csv"]
    paths[0].write_bytes(csv_bytes([row(1, 名称="中央公民館")]))
    paths[1].write_bytes(
        csv_bytes([row(2, 名称="中央公民館", 所在地_連結表記="鹿児島県鹿児島市平之町9番9号", 緯度="31.590001")])
    )
    done = CliRunner().invoke(compare, [*map(str, paths), "--format", "json"])
    found = json.loads(done.output)
    assert [(Path(issue["file"]).name, issue["code"], issue["line"]) for issue in found["issues"]] == [
        (paths[1].name, "cross-address", 2)
    ]
    assert done.exit_code == 0
    same = CliRunner().invoke(compare, [str(paths[0]), str(paths[0])])
    assert same.exit_code == 2
