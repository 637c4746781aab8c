"""The traps that no validator tried finds all of: each is reported at its exact record, line and cell, and nothing else is."""

from __future__ import annotations

import csv
import io

import pytest

from recommended_datasets.checking import check_bytes
from recommended_datasets.report import Issue, Report

HEADER = (
    "全国地方公共団体コード,ID,地方公共団体名,名称,名称_カナ,名称_英字,所在地_全国地方公共団体コード,町字ID,所在地_連結表記,所在地_都道府県,"
    "所在地_市区町村,所在地_町字,所在地_番地以下,建物名等(方書),緯度,経度,高度の種別,高度の値,設置位置,電話番号,内線番号,連絡先メールアドレス,"
    "連絡先FormURL,連絡先備考（その他、SNSなど）,郵便番号,法人番号,団体名,利用可能曜日,開始時間,終了時間,利用可能日時特記事項,"
    "小児対応設備の有無,URL,画像1,画像1_ライセンス,画像2,画像2_ライセンス,外部利用不可,備考"
).split(",")
AT = {name: place for place, name in enumerate(HEADER)}
COUNT = 60


def good(number: int) -> list[str]:
    row = [""] * len(HEADER)
    for name, text in {
        "全国地方公共団体コード": "462012",
        "ID": f"{number:010d}",
        "地方公共団体名": "鹿児島県鹿児島市",
        "名称": f"見本施設{number}",
        "名称_カナ": "ミホンシセツ",
        "所在地_全国地方公共団体コード": "462012",
        "町字ID": "0123000",
        "所在地_連結表記": f"鹿児島県鹿児島市山下町{number}番1号",
        "所在地_都道府県": "鹿児島県",
        "所在地_市区町村": "鹿児島市",
        "所在地_町字": "山下町",
        "所在地_番地以下": f"{number}番1号",
        "緯度": f"31.59{number:04d}",
        "経度": f"130.55{number:04d}",
        "設置位置": "1階正面玄関",
        "電話番号": "(099)000-0000",
        "利用可能曜日": "月火水木金",
        "開始時間": "09:00",
        "終了時間": "17:30",
        "小児対応設備の有無": "無",
    }.items():
        row[AT[name]] = text
    return row


def rows() -> list[list[str]]:
    return [good(number) for number in range(1, COUNT + 1)]


def as_bytes(table: list[list[str]], encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows([HEADER, *table])
    return buffer.getvalue().encode(encoding)


def check(data: bytes) -> Report:
    report = check_bytes(data, dataset="aed", edition="standard", municipality_code="462012").report
    assert (report.dataset, report.edition, report.header_line) == ("aed", "standard", 1)
    return report


def cells(report: Report) -> list[tuple[int, int, str]]:
    """(record, line, column) of what was found, without what is said of the whole file or of a whole column."""
    return sorted({(issue.record, issue.line, issue.column) for issue in report.issues if issue.record})


def issue_at(report: Report, record: int, column: str = "") -> Issue:
    (issue,) = [issue for issue in report.issues if issue.record == record and (not column or issue.column == column)]
    return issue


@pytest.fixture(scope="module")
def of_good_rows() -> list[tuple[str, str]]:
    """What is said of the file without any trap: about columns, never about a row."""
    report = check(as_bytes(rows()))
    assert report.status == "success"
    assert cells(report) == []
    assert report.row_count == report.accepted_count == COUNT
    return sorted((issue.code, issue.column) for issue in report.issues)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("緯度", "３１.５９"),
        ("緯度", "nan"),
        ("緯度", "inf"),
        ("緯度", " 31.59"),
        ("経度", "1e2"),
        ("開始時間", "朝ごろ"),
        ("電話番号", "０９９-２２４-１１１１"),
        ("名称", "　"),
        ("小児対応設備の有無", "たぶん"),
        ("全国地方公共団体コード", "462013"),
    ],
)
def test_one_wrong_cell_is_found_at_its_record_line_and_column(
    of_good_rows: list[tuple[str, str]], column: str, text: str
) -> None:
    table = rows()
    table[20][AT[column]] = text
    report = check(as_bytes(table))
    assert cells(report) == [(21, 22, column)]


def test_two_wrong_cells_in_one_row_are_both_found() -> None:
    table = rows()
    table[20][AT["緯度"]], table[20][AT["開始時間"]] = "北緯", "朝"
    assert cells(check(as_bytes(table))) == [(21, 22, "緯度"), (21, 22, "開始時間")]


def test_a_second_use_of_an_id_is_found_where_it_is_used_again() -> None:
    table = rows()
    table[30][AT["ID"]] = table[10][AT["ID"]]
    assert (31, 32, "ID") in cells(check(as_bytes(table)))


def test_a_short_and_a_long_row_are_found_and_the_rest_is_in_place() -> None:
    table = rows()
    del table[10][-2:]
    table[20].append("余り")
    report = check(as_bytes(table))
    assert (issue_at(report, 11).code, issue_at(report, 11).line) == ("short-record", 12)
    assert (issue_at(report, 21).code, issue_at(report, 21).line) == ("long-record", 22)
    assert report.row_count == COUNT


def test_a_row_of_empty_cells_is_told_and_is_no_row() -> None:
    table = rows()
    table.insert(20, [""] * len(HEADER))
    table[30][AT["緯度"]] = "北緯"
    report = check(as_bytes(table))
    assert report.row_count == COUNT
    assert [issue.line for issue in report.issues if issue.code == "blank-rows"] == [22]
    assert cells(report) == [(30, 32, "緯度")]


def test_a_wrong_cell_after_a_cell_of_many_lines_has_its_record_and_its_line() -> None:
    table = rows()
    table[10][AT["備考"]] = "一行目\n二行目\n三行目"
    table[20][AT["緯度"]] = "北緯"
    report = check(as_bytes(table))
    assert (21, 24, "緯度") in cells(report)
    assert all(record == 21 or column == "備考" for record, _, column in cells(report))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_broken_byte_is_found_at_its_cell_and_the_rest_is_judged(encoding: str) -> None:
    table = rows()
    table[20][AT["設置位置"]] = "1階@正面玄関"
    table[30][AT["緯度"]] = "北緯"
    report = check(as_bytes(table, encoding).replace(b"@", b"\xff"))
    assert report.encoding == encoding
    assert cells(report) == [(21, 22, "設置位置"), (31, 32, "緯度")]
    assert issue_at(report, 21, "設置位置").code == "encoding-error"


def test_an_unclosed_quote_is_found_where_it_opens_and_the_swallowed_rows_are_judged() -> None:
    table = rows()
    table[29][AT["備考"]] = "午前、午後"
    table[39][AT["備考"]] = "行が\n二つ"
    table[25][AT["緯度"]] = "北緯"
    data = as_bytes(table).replace("見本施設21,".encode(), '"見本施設21,'.encode())
    report = check(data)
    assert report.row_count == COUNT
    assert (issue_at(report, 21).code, issue_at(report, 21).line) == ("unclosed-quote", 22)
    assert (26, 27, "緯度") in cells(report)
