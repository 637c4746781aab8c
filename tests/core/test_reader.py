"""CSV bytes → Table: records at their physical lines, and every flaw of the bytes at its record, line and cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommended_datasets.reader import read_table
from recommended_datasets.table import ReadError, Table

NAMES = {"名称", "住所", "緯度", "経度", "NO", "備考", "電話番号", "災害種別_洪水", "災害種別_地震"}


def read(text: str, encoding: str = "utf-8") -> Table:
    return read_table(text.encode(encoding), known=NAMES.__contains__)


def codes(table: Table) -> list[tuple[str, int, int]]:
    return [(issue.code, issue.record, issue.line) for issue in table.issues]


def rows(table: Table) -> list[tuple[str, ...]]:
    return [table.row(r) for r in range(table.row_count)]


def test_a_plain_file_is_read_with_its_dialect() -> None:
    table = read("NO,名称,住所\r\n1,市役所,山下町\r\n2,公園,平之町\r\n", "cp932")
    assert table.header == ("NO", "名称", "住所")
    assert rows(table) == [("1", "市役所", "山下町"), ("2", "公園", "平之町")]
    assert (table.encoding, table.delimiter, table.newline, table.header_line) == ("cp932", ",", "\r\n", 1)
    assert list(table.lines) == [2, 3]
    assert table.issues == ()
    assert len(table.sha256) == 64


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_delimiters_and_line_ends_are_found(delimiter: str, newline: str) -> None:
    table = read(
        newline.join(delimiter.join(row) for row in (["NO", "名称", "備考"], ["1", "市役所", "月、火"], ["2", "公園", ""]))
    )
    assert (table.delimiter, table.newline) == (delimiter, newline)
    assert rows(table) == [("1", "市役所", "月、火"), ("2", "公園", "")]


def test_lists_with_semicolons_do_not_make_it_the_delimiter() -> None:
    assert read("名称,備考\n市役所,月;火;水;木\n公園,月;火;水;木\n").delimiter == ","


def test_mixed_line_ends_are_read_and_told() -> None:
    table = read("名称,住所\r\na,b\nc,d\r\n")
    assert rows(table) == [("a", "b"), ("c", "d")]
    assert ("mixed-newlines", 0, 0) in codes(table)


def test_a_line_break_inside_a_cell_is_no_mixed_line_end_and_later_cells_know_their_line() -> None:
    table = read('NO,名称,備考,住所\r\n1,公園,"一行目\n二行目",山下町\r\n2,役場,,平之町\r\n')
    assert rows(table)[0] == ("1", "公園", "一行目\n二行目", "山下町")
    assert list(table.lines) == [2, 4]
    assert table.cell_lines == {(3, 0): 3}
    assert table.issues == ()


def test_a_broken_byte_is_named_at_its_record_line_and_cell_and_the_rest_is_read() -> None:
    data = 'NO,名称,住所\r\n1,"二行の\r\n名前",山下町\r\n2,天文@館,平之町\r\n3,公園,城山町\r\n'.encode("cp932").replace(
        b"@", b"\xff"
    )
    table = read_table(data)
    (issue,) = table.issues
    assert (issue.code, issue.severity, issue.record, issue.line, issue.column) == ("encoding-error", "error", 2, 4, "名称")
    assert issue.value == "天文\ufffd館"
    assert dict(issue.values) == {"bytes": "0xFF"}
    assert table.unreadable == {(1, 1)}
    assert rows(table)[2] == ("3", "公園", "城山町")


def test_an_unclosed_quote_is_named_where_it_opens_and_reading_recovers() -> None:
    lines = ["NO,名称,住所,備考"] + [
        f'{n},施設{n},山下町{n},"備考{n}、あり"' if n % 10 == 9 else f"{n},施設{n},山下町{n}," for n in range(1, 31)
    ]
    lines[15] = '15,"施設15,山下町15,'
    table = read("\r\n".join(lines) + "\r\n")
    assert table.row_count == 30
    assert [(issue.code, issue.record, issue.line, issue.column) for issue in table.issues] == [
        ("unclosed-quote", 15, 16, "名称")
    ]
    assert rows(table)[14] == ("15", "施設15", "山下町15", "")
    assert rows(table)[18] == ("19", "施設19", "山下町19", "備考19、あり")


def test_an_unclosed_quote_with_nothing_to_close_it_does_not_swallow_the_rest() -> None:
    table = read('NO,名称,住所\n1,a,b\n2,"c,d\n3,e,f\n4,g,h\n')
    assert [row[0] for row in rows(table)] == ["1", "2", "3", "4"]
    assert codes(table) == [("unclosed-quote", 2, 3)]


def test_several_unclosed_quotes_are_all_named() -> None:
    lines = ["NO,名称,住所,備考"] + [f"{n},施設{n},町{n},x" for n in range(1, 101)]
    for n in (20, 50, 51, 99):
        lines[n] = f'{n},施設{n},"町{n},x'
    table = read("\n".join(lines) + "\n")
    assert table.row_count == 100
    assert codes(table) == [("unclosed-quote", n, n + 1) for n in (20, 50, 51, 99)]


def test_a_missing_closing_quote_in_a_fully_quoted_line_is_found() -> None:
    table = read('"NO","名称","住所"\n"1","a","b"\n"2","c,"d"\n"3","e","f"\n')
    assert rows(table)[1:] == [("2", "c", "d"), ("3", "e", "f")]
    assert codes(table) == [("unclosed-quote", 2, 3)]


def test_an_unclosed_quote_swallowing_lines_up_to_a_quoted_cell_in_the_same_column_is_found() -> None:
    table = read('NO,名称,備考\n1,a,"x"\n2,b,"y\n3,c,z\n4,d,"w"\n5,e,v\n')
    assert [row[0] for row in rows(table)] == ["1", "2", "3", "4", "5"]
    assert codes(table) == [("unclosed-quote", 2, 3)]


def test_a_long_cell_over_many_lines_is_a_cell() -> None:
    text = "\n".join(f"{n}行目、本文" for n in range(40))
    table = read(f'NO,名称,備考\n1,a,"{text}"\n2,b,c\n')
    assert rows(table) == [("1", "a", text), ("2", "b", "c")]
    assert list(table.lines) == [2, 42]
    assert table.issues == ()


def test_a_quote_inside_an_unquoted_cell_stays() -> None:
    table = read('NO,名称,備考\n1,5"管,x\n2,a "b" c,y\n')
    assert rows(table) == [("1", '5"管', "x"), ("2", 'a "b" c', "y")]
    assert table.issues == ()


def test_single_quotes_inside_a_quoted_cell_are_kept_and_told() -> None:
    table = read('NO,名称,備考\n1,"通称"みなと"公園",x\n2,b,y\n')
    assert rows(table)[0] == ("1", '通称"みなと"公園', "x")
    assert codes(table) == [("stray-quote", 1, 2)]


def test_short_and_long_records_are_told_with_numbers_and_lose_nothing() -> None:
    table = read("NO,名称,住所,備考\n1,a,b,c\n2,d\n3,e,f,g,余り,\n4,h,i,j,,\n")
    short, long = table.issues
    assert (short.code, short.severity, short.record, short.line) == ("short-record", "warning", 2, 3)
    assert dict(short.values) == {"expected": "4", "found": "2"}
    assert (long.code, long.severity, long.record, long.line, long.value) == ("long-record", "error", 3, 4, "余り")
    assert rows(table)[1] == ("2", "d", "", "")
    assert rows(table)[3] == ("4", "h", "i", "j")


def test_a_column_without_header_is_kept_and_told_and_blank_columns_are_not() -> None:
    table = read("NO,,名称,,\n1,x,a,,\n2,,b,,\n")
    assert table.header == ("NO", "", "名称")
    assert rows(table) == [("1", "x", "a"), ("2", "", "b")]
    assert [(issue.code, dict(issue.values)) for issue in table.issues] == [("blank-header", {"number": "2"})]


def test_cells_beyond_a_short_header_line_are_a_column_where_most_records_have_them() -> None:
    table = read("NO,名称\n1,a,x\n2,b,y\n3,c\n")
    assert table.header == ("NO", "名称", "")
    assert rows(table)[0] == ("1", "a", "x")


def test_equal_headers_are_both_kept_and_told() -> None:
    table = read("NO,名称,備考,備考\n1,a,x,y\n")
    assert table.header == ("NO", "名称", "備考", "備考")
    assert [(issue.code, issue.value, dict(issue.values)) for issue in table.issues] == [
        ("duplicate-header", "備考", {"number": "4", "first": "3"})
    ]


def test_nul_bytes_are_left_out_and_told() -> None:
    table = read_table("NO,名称\n1,市\0役所\n2,公園\n".encode() + b"\0" * 50)
    assert rows(table) == [("1", "市役所"), ("2", "公園")]
    assert [(issue.code, issue.line, dict(issue.values)) for issue in table.issues] == [("nul-byte", 2, {"count": "51"})]


def test_joined_files_lose_their_inner_mark_and_repeated_header() -> None:
    one, two = "NO,名称\r\n1,a\r\n", "NO,名称\r\n2,b\r\n"
    table = read_table(one.encode("utf-8-sig") + two.encode("utf-8-sig"))
    assert rows(table) == [("1", "a"), ("2", "b")]
    assert list(table.lines) == [2, 4]
    assert sorted(codes(table)) == [("bom-inside", 0, 3), ("repeated-header", 0, 3)]
    assert [(note.kind, note.line) for note in table.notes] == [("header", 3)]


def test_files_of_two_encodings_joined_are_both_read() -> None:
    table = read_table(
        "NO,名称,住所\r\n1,天文館公園,山下町\r\n".encode() + "2,桜島港,桜島横山町\r\n3,城山,城山町\r\n".encode("cp932")
    )
    assert rows(table)[1:] == [("2", "桜島港", "桜島横山町"), ("3", "城山", "城山町")]
    assert codes(table) == [("mixed-encoding", 0, 3)]
    assert not table.unreadable


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty-file"),
        (b"\x00" * 100, "empty-file"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html><body>404</body></html>", "html-instead-of-table"),
        ("\n <HTML lang=ja><title>見つかりません</title>".encode("cp932"), "html-instead-of-table"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf-instead-of-table"),
        (b"PK\x05\x06" + b"\0" * 18, "zip-instead-of-table"),
        (b"PK\x03\x04 broken", "broken-workbook"),
        (b'{"a": [1, 2, 3]}', "not-a-table"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "not-a-table"),
        (bytes(range(1, 32)) * 20, "not-a-table"),
        ("Là où l’été déjà brûlé, la forêt était âgée;".encode("cp1252") * 9, "unknown-encoding"),
    ],
)
def test_what_is_no_table_is_refused_by_a_code(data: bytes, code: str) -> None:
    with pytest.raises(ReadError) as raised:
        read_table(data)
    assert raised.value.code == code


def test_a_path_is_read_and_a_missing_one_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("NO,名称\n1,a\n".encode())
    assert read_table(tmp_path / "a.csv").row_count == 1
    with pytest.raises(ReadError) as raised:
        read_table(tmp_path / "none.csv")
    assert raised.value.code == "file-not-readable"


def test_a_header_of_a_million_columns_is_refused() -> None:
    with pytest.raises(ReadError) as raised:
        read_table(b",".join(b"a%d" % n for n in range(1_000_000)) + b"\n1,2\n")
    assert raised.value.code == "too-many-columns"


def test_a_header_line_from_a_mapping_is_taken() -> None:
    class Hints:
        sheet = None
        header_line = 3

    table = read_table("表題,あれこれ\n注記,x\n甲,乙\n1,2\n".encode(), mapping=Hints())
    assert (table.header, table.header_line, table.row_count) == (("甲", "乙"), 3, 1)
