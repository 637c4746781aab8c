"""Repairs: what is beyond doubt is mended, what is not is proposed, nothing is lost, and twice changes nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from evacuation import DEFINITION, HEADER, csv_bytes, row, rows
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from recommended_datasets.checking import Checked, check_bytes
from recommended_datasets.repair import propose_repairs
from recommended_datasets.repair_csv import Repaired, diff, repair


def mend(data: bytes, accept: str = "safe") -> tuple[Checked, Repaired]:
    checked = check_bytes(data, dataset="evacuation_space", edition="standard")
    assert checked.table and checked.definition
    proposed = propose_repairs(checked.table, checked.definition, checked.columns)
    return checked, repair(checked.table, checked.definition, checked.columns, proposed, accept=accept)


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_what_is_beyond_doubt_is_mended_cell_by_cell_with_its_reason() -> None:
    records = rows(2)
    records[0] |= {
        "全国地方公共団体コード": "46201",
        "緯度": "３１.６",
        "災害種別_地震": "○",
        "郵便番号": "890-0053",
        "名称": "公園　",
    }
    checked, done = mend(csv_bytes(records))
    changes = {(r.line, r.column, r.old, r.new, r.code) for r in done.repairs}
    assert changes == {
        (2, "全国地方公共団体コード", "46201", "462012", "code-completed"),
        (2, "緯度", "３１.６", "31.6", "width"),
        (2, "災害種別_地震", "○", "1", "flag-sign"),
        (2, "郵便番号", "890-0053", "8900053", "postal-format"),
        (2, "名称", "公園　", "公園", "blank-around"),
    }
    assert cells(done.content)[0]["全国地方公共団体コード"] == "462012"
    assert "2行目 緯度 「３１.６」→「31.6」 (width)" in diff(done.repairs)


def test_the_repaired_file_is_the_canonical_csv_of_the_edition() -> None:
    header = ["備考", "名称", "独自の列", "緯度", "経度", "住所", "災害種別_地震", "災害種別_洪水"]
    record = row(1, 住所="鹿児島市山下町1", 独自の列="あ", 備考="い")
    checked, done = mend(csv_bytes([record], header, encoding="cp932"))
    assert done.content.startswith("\ufeff".encode())
    assert done.content.count(b"\r\n") == 2
    written = done.content.decode("utf-8-sig").split("\r\n")[0].split(",")
    assert [name for name in HEADER if name in written] == [name for name in written if name != "独自の列"]
    assert written[-1] == "独自の列"
    assert done.kept == ("独自の列",)
    # A blank flag would say "no": such a column is never made up.
    assert "災害種別_津波" not in written
    assert "電話番号" in done.added
    assert cells(done.content)[0]["所在地_連結表記"] == "鹿児島市山下町1"


def test_a_cell_that_cannot_be_read_stays_as_it_is() -> None:
    _, done = mend(csv_bytes([row(1, 緯度="31度33分", 災害種別_津波="△", 郵便番号="89-0053")]), "all")
    assert {name: cells(done.content)[0][name] for name in ("緯度", "災害種別_津波", "郵便番号")} == {
        "緯度": "31度33分", "災害種別_津波": "△", "郵便番号": "89-0053",
    }  # fmt: skip


def test_what_is_in_doubt_is_proposed_and_done_only_when_accepted() -> None:
    data = csv_bytes([row(1, 電話番号="0992862511", URL="www.example.jp", 緯度="31596900")])
    _, safe = mend(data)
    assert {(r.field, r.new) for r in safe.left} == {
        ("phone", "099-286-2511"),
        ("url", "https://www.example.jp"),
        ("latitude", "31.596900"),
    }
    assert cells(safe.content)[0]["電話番号"] == "0992862511"
    _, everything = mend(data, "all")
    assert cells(everything.content)[0]["電話番号"] == "099-286-2511"
    assert everything.left == ()


def test_swapped_coordinates_are_exchanged_where_the_whole_column_is_swapped_else_proposed() -> None:
    records = rows(3)
    for record in records:
        record["緯度"], record["経度"] = record["経度"], record["緯度"]
    _, done = mend(csv_bytes(records))
    assert cells(done.content)[2]["緯度"] == "31.590003"
    records[0]["緯度"], records[0]["経度"] = records[0]["経度"], records[0]["緯度"]
    _, partly = mend(csv_bytes(records))
    assert cells(partly.content)[2]["緯度"] == "130.550003"
    assert {repair.code for repair in partly.left} == {"coordinate-swapped"}
    _, accepted = mend(csv_bytes(records), "all")
    assert cells(accepted.content)[2]["緯度"] == "31.590003"


def test_title_lines_go_and_rows_stay() -> None:
    data = "指定緊急避難場所一覧（R6.4.1現在）\r\n\r\n".encode("cp932") + csv_bytes(rows(3), encoding="cp932")
    checked, done = mend(data)
    assert checked.report.header_line > 1
    assert {"encoding-not-utf8", "title-lines"} <= {repair.code for repair in done.repairs}
    assert len(cells(done.content)) == 3


def test_cells_beyond_the_header_are_kept_in_a_column_of_their_own() -> None:
    lines = csv_bytes(rows(5)).decode("utf-8-sig").split("\r\n")
    lines[1] += ",はみ出し,もう一つ"
    _, done = mend("\r\n".join(lines).encode())
    assert [record["はみ出したセル"] for record in cells(done.content)] == ["はみ出し / もう一つ", "", "", "", ""]
    _, again = mend(done.content)
    assert again.content == done.content


def test_after_repair_only_what_a_person_must_decide_is_left() -> None:
    records = rows(6, 災害種別_地震="○")
    records[0] |= {"全国地方公共団体コード": "462012.0", "緯度": "３１.６", "名称_カナ": "ｺｳｴﾝ"}
    records[1] |= {"電話番号": "099(286)2511", "URL": " https://example.jp/ "}
    records[2] |= {"災害種別_津波": "△"}
    _, done = mend(csv_bytes(records, encoding="cp932"), "all")
    report = check_bytes(done.content).report
    assert set(report.issue_counts) == {"flag-unknown", "recommended-columns-blank"}


def test_nothing_is_repaired_in_a_good_file_and_its_bytes_stay() -> None:
    data = csv_bytes(rows(3))
    _, done = mend(data)
    assert done.repairs == () and done.content == data


CELL = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "　",
            "-",
            "○",
            "×",
            "△",
            "1",
            "46201",
            "462012.0",
            "３１.５",
            "31.6",
            "130.5",
            "31度35分12秒",
            "31596900",
            "099(286)2511",
            "0992862511",
            "R6.4.1",
            "890-0053",
            "www.a.jp",
            "a；b",
            "A、B、C、D",
            "ｶﾅ",
            "改\n行",
            "\ufffd",
            "=1+1",
            '"',
            "合計",
            "【地区】",
            "※注",
            "0",
            "#x",
        ]
    ),  # fmt: skip
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
)
NAMES = (
    "名称 所在地_連結表記 災害種別_地震 災害種別_洪水 緯度 経度 電話番号 郵便番号 URL 全国地方公共団体コード 名称_カナ "
    "対象となる町会・自治会 独自の列 備考 標高"
).split()


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    st.permutations(NAMES),
    st.lists(st.lists(CELL, min_size=len(NAMES), max_size=len(NAMES)), min_size=1, max_size=6),
    st.sampled_from(["safe", "all"]),
)
def test_repairing_twice_changes_nothing(header: list[str], table: list[list[str]], accept: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([header, *table])
    first, done = mend(out.getvalue().encode("utf-8-sig"), accept)
    second, again = mend(done.content, accept)
    assert first.table and second.table
    assert again.content == done.content
    assert [repair for repair in again.repairs if repair.record] == []
    assert second.table.row_count == first.table.row_count
    assert set(first.table.header) - set(HEADER) <= set(second.table.header)


def test_repairing_real_files_twice_changes_nothing(samples: Path) -> None:
    for path in sorted(samples.glob("*/*")):
        checked = check_bytes(path)
        if checked.definition is None or checked.table is None:
            continue
        proposed = propose_repairs(checked.table, checked.definition, checked.columns)
        done = repair(checked.table, checked.definition, checked.columns, proposed, accept="all")
        again = check_bytes(done.content, dataset=checked.definition.id, edition=checked.definition.edition)
        assert again.table
        left = propose_repairs(again.table, checked.definition, again.columns)
        assert [repair for repair in left if repair.kind == "safe"] == [], path.name
        assert repair(again.table, checked.definition, again.columns, left, accept="all").content == done.content, path.name
        assert again.table.row_count == checked.table.row_count, path.name


def test_each_bad_fixture_repaired_leaves_only_what_a_person_must_decide(project: Path) -> None:
    fixtures = sorted((project / "tests" / "data").glob("*/*.csv"))
    assert len(fixtures) > 40
    for path in fixtures:
        first = check_bytes(path, name=path.name)
        assert first.table and first.definition
        proposed = propose_repairs(first.table, first.definition, first.columns)
        done = repair(first.table, first.definition, first.columns, proposed, accept="all")
        again = check_bytes(done.content, dataset=first.definition.id, edition=first.definition.edition)
        assert again.table
        left = propose_repairs(again.table, first.definition, again.columns)
        assert left == [], path
        assert repair(again.table, first.definition, again.columns, left, accept="all").content == done.content, path
        assert set(again.report.issue_counts) <= set(first.report.issue_counts), path


@pytest.mark.parametrize("accept", ["safe", "all"])
def test_a_header_only_file_is_repaired_to_a_header(accept: str) -> None:
    _, done = mend(csv_bytes([]), accept)
    assert done.content.decode("utf-8-sig").strip() == csv_bytes([]).decode("utf-8-sig").strip()


def test_definition_is_the_edition_of_the_tests() -> None:
    assert DEFINITION.edition == "standard"
