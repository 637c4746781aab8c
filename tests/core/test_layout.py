"""Header, titles, bands, totals and notes: what is no record is listed, and no record is lost."""

from __future__ import annotations

import pytest

from recommended_datasets.reader import read_table
from recommended_datasets.table import Table

NAMES = {
    "NO",
    "名称",
    "住所",
    "緯度",
    "経度",
    "備考",
    "電話番号",
    "災害種別_洪水",
    "災害種別_地震",
    "総人口",
    "男性",
    "女性",
    "地域名",
}


def read(text: str, *, names: bool = True) -> Table:
    return read_table(text.encode(), known=NAMES.__contains__ if names else None)


def notes(table: Table) -> list[tuple[str, int, str]]:
    return [(note.kind, note.line, note.text) for note in table.notes]


def first_column(table: Table) -> list[str]:
    return list(table.columns[0])


@pytest.mark.parametrize("names", [True, False])
def test_title_and_note_rows_above_the_header_are_titles(names: bool) -> None:
    text = (
        "指定緊急避難場所一覧,,,\n令和6年4月1日現在,,,(単位：人)\n\n"
        "NO,名称,住所,電話番号\n1,市役所,山下町,099-224-1111\n2,公園,平之町,099-224-2222\n"
    )
    table = read(text, names=names)
    assert table.header == ("NO", "名称", "住所", "電話番号")
    assert table.header_line == 4
    assert notes(table) == [("title", 1, "指定緊急避難場所一覧"), ("title", 2, "令和6年4月1日現在 (単位：人)")]
    assert list(table.lines) == [5, 6]


def test_a_title_without_delimiters_does_not_change_the_delimiter() -> None:
    table = read("公園一覧\n名称;住所\n中央公園;山下町\n城山公園;城山町\n", names=False)
    assert (table.header, table.header_line, table.delimiter) == (("名称", "住所"), 2, ";")


def test_linkdata_lines_are_properties_and_the_property_line_is_the_header() -> None:
    text = "#LINK,,\n#lang,ja,\n#license,http://example.org/,\n#property,name,address\n#object_type_xsd,string,string\n1,市役所,山下町\n"
    table = read(text)
    assert table.header == ("#property", "name", "address")
    assert table.header_line == 4
    assert [kind for kind, _, _ in notes(table)] == ["property"] * 4
    assert table.row_count == 1


def test_a_comment_line_above_the_header_is_a_property() -> None:
    table = read("#公園の一覧です,,\nNO,名称,住所\n1,中央公園,山下町\n", names=False)
    assert (table.header_line, table.row_count) == (2, 1)


def test_two_header_lines_become_one() -> None:
    table = read("NO,名称,位置,,災害種別,\n,,緯度,経度,洪水,地震\n1,公園,31.5,130.5,○,○\n")
    assert table.header == ("NO", "名称", "緯度", "経度", "災害種別_洪水", "災害種別_地震")
    assert (table.header_line, list(table.lines)) == (1, [3])


def test_two_header_lines_are_found_without_known_names() -> None:
    table = read("番号,場所,座標,,種別,\n,,X,Y,甲,乙\n1,公園,31.51,130.51,○,○\n", names=False)
    assert table.header == ("番号", "場所", "座標_X", "座標_Y", "種別_甲", "種別_乙")
    assert table.row_count == 1


def test_a_first_record_under_a_blank_header_cell_is_no_second_header_line() -> None:
    table = read("NO,名称,\nA,公園,閉鎖中\nB,役場,\n")
    assert first_column(table) == ["A", "B"]


def test_bands_notes_and_totals_are_listed_and_not_counted() -> None:
    text = (
        "NO,名称,住所,備考\n【国分地区】,,,\n1,国分公園,国分,\n2,役場,国分,\n■隼人地区,,,\n3,隼人港,隼人,\n溝辺地区,,,\n4,空港,溝辺,\n"
        "合計,4か所,,\n※住所は町名のみ,,,\n"
    )
    table = read(text)
    assert first_column(table) == ["1", "2", "3", "4"]
    assert notes(table) == [
        ("band", 2, "【国分地区】"),
        ("band", 5, "■隼人地区"),
        ("band", 7, "溝辺地区"),
        ("total", 9, "合計 4か所"),
        ("note", 10, "※住所は町名のみ"),
    ]
    assert table.issues == ()


def test_totals_in_statistics_are_listed_and_an_area_is_not_taken_for_one() -> None:
    text = (
        "地域名,総人口,男性,女性\n山下町,10,5,5\n時計台通,8,4,4\n小計,18,9,9\n合計町,6,3,3\n国分地区計,6,3,3\n合 計,24,12,12\n"
    )
    table = read(text)
    assert first_column(table) == ["山下町", "時計台通", "合計町"]
    assert [(kind, line) for kind, line, _ in notes(table)] == [("total", 4), ("total", 6), ("total", 7)]


def test_a_total_behind_a_blank_first_cell_is_found() -> None:
    table = read("NO,名称,総人口\n1,山下町,10\n2,平之町,8\n,計,18\n")
    assert first_column(table) == ["1", "2"]


@pytest.mark.parametrize(
    "row", ["公園だけ,,,", "3,,,", ",公園,,", "462012,計,,", "〇〇会計事務所,,,", "合計,,山下町,時計店です"]
)
def test_when_in_doubt_a_row_is_a_record(row: str) -> None:
    table = read(f"名称,住所,電話番号,備考\nA公園,山下町,,\nB公園,平之町,,\n{row}\n")
    if row.startswith("合計"):
        assert table.notes[0].kind == "total"
    else:
        assert table.row_count == 3


def test_blank_rows_between_and_after_records_are_not_counted() -> None:
    table = read("NO,名称,住所\n1,a,b\n,,\n　, ,\n\n2,c,d\n,,\n,,\n")
    assert first_column(table) == ["1", "2"]
    assert [(note.kind, note.line, note.count) for note in table.notes] == [("blank", 3, 3), ("blank", 7, 2)]
    assert [(issue.code, issue.line, dict(issue.values)) for issue in table.issues] == [("blank-rows", 3, {"count": "3"})]


def test_a_file_without_header_keeps_its_first_record() -> None:
    table = read("1,市役所,31.596,130.557,099-224-1111\n2,公園,31.591,130.553,099-224-2222\n", names=False)
    assert table.header_line == 0
    assert table.header == ("",) * 5
    assert table.row_count == 2
    assert [(issue.code, issue.line) for issue in table.issues] == [("header-missing", 1)]


def test_a_header_of_years_is_a_header() -> None:
    table = read("地域,平成27年,令和2年,2025\n山下町,10,11,12\n", names=False)
    assert (table.header_line, table.row_count) == (1, 1)


def test_a_header_without_records_is_a_table_without_records() -> None:
    table = read("NO,名称,住所\n")
    assert (table.header, table.row_count) == (("NO", "名称", "住所"), 0)
    assert [issue.code for issue in table.issues] == ["no-records"]


def test_a_line_of_units_below_the_header_is_a_note() -> None:
    table = read("地域名,総人口,男性\n,(人),(人)\n山下町,10,5\n")
    assert first_column(table) == ["山下町"]
    assert [note.kind for note in table.notes] == ["note"]


def test_a_second_table_below_is_told_and_its_rows_are_no_records_of_the_first() -> None:
    text = "NO,名称,住所\n1,公園,山下町\n2,役場,平之町\n3,港,本港新町\n,,\n参考,,\n地域名,総人口,男性,女性\n山下町,10,5,5\n"
    table = read(text)
    assert first_column(table) == ["1", "2", "3"]
    (issue,) = [issue for issue in table.issues if issue.code == "several-tables"]
    assert (issue.severity, issue.line, dict(issue.values)) == ("warning", 1, {"count": "2"})


def test_a_list_of_one_column_is_a_table() -> None:
    table = read("名称\n公園\n役場\n")
    assert first_column(table) == ["公園", "役場"]


def test_one_table_per_district_with_the_same_header_is_one_table() -> None:
    head = "名称,住所,備考\n"
    text = f"国分地区,,\n{head}公園,国分,\n\n隼人地区,,\n{head}港,隼人,\n溝辺の部,,\n{head}空港,溝辺,\n"
    table = read(text)
    assert first_column(table) == ["公園", "港", "空港"]
    assert [(note.kind, note.text) for note in table.notes if note.kind == "band"] == [
        ("band", "隼人地区"),
        ("band", "溝辺の部"),
    ]


def test_blocks_side_by_side_are_one_table() -> None:
    table = read("公園一覧\nNO,名称,住所,,NO,名称,住所\n1,a,x,,3,c,z\n2,b,y,,4,d,\n,,,,5,e,w\n")
    assert table.header == ("NO", "名称", "住所")
    assert [table.row(r) for r in range(table.row_count)] == [
        ("1", "a", "x"),
        ("2", "b", "y"),
        ("3", "c", "z"),
        ("4", "d", ""),
        ("5", "e", "w"),
    ]
    assert list(table.lines) == [3, 4, 3, 4, 5]
    assert [(issue.code, issue.line) for issue in table.issues] == [("tables-side-by-side", 2)]
    assert [(note.kind, note.text) for note in table.notes] == [("title", "公園一覧")]


def test_a_broken_byte_in_the_right_block_is_found_at_its_record() -> None:
    data = "NO,名称,住所,,NO,名称,住所\n1,a,x,,3,c@,z\n2,b,y,,4,d,v\n".encode().replace(b"@", b"\xff")
    table = read_table(data, known=NAMES.__contains__)
    (issue,) = [issue for issue in table.issues if issue.code == "encoding-error"]
    assert (issue.record, issue.line, issue.column) == (3, 2, "名称")
    assert table.unreadable == {(1, 2)}


@pytest.mark.parametrize("row", ["1,a,x,備考です,3,c,z", "1,a,x,,3,c,z,はみ出し"])
def test_blocks_with_a_cell_outside_of_them_stay_as_they_are(row: str) -> None:
    table = read(f"NO,名称,住所,,NO,名称,住所\n{row}\n")
    assert table.row_count == 1
    assert "duplicate-header" in [issue.code for issue in table.issues]
