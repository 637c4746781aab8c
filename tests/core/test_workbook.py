"""Workbooks → Table: the cells as Excel shows them, the right sheet, and nothing hidden."""

from __future__ import annotations

import base64
import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from recommended_datasets.reader import read_table
from recommended_datasets.table import ReadError, Table

NAMES = {
    "NO",
    "名称",
    "住所",
    "緯度",
    "経度",
    "備考",
    "電話番号",
    "開始時間",
    "終了時間",
    "地域名",
    "総人口",
    "全国地方公共団体コード",
}


XLS = (
    # Made with xlwt: a title, a header on row 3, times, dates, a cell merged over three rows, a hidden sheet.
    "c-rk)T}V_x6h3o*cJE#H&rJi377?;CL#>A_&^4iah*pij3duA#2yLycAbTjwe8>m_F)(^aFroyjmwxDndI*97qo5!NwCJgqf`T5@+nIA`x83y$",
    "E|j3$bD1-9&dmAd@0^)?@0+pg@u9o<6Ocw#Aj7nwgCj}DFzIo@4_I#)yco|lOomMhigXP((xJj5&ub^&L%!b=Ai*8wIdXu{n3~`)ggc{=f_bDG",
    "8bb@?W2j^b`kn+=F?k`6#uXsGpZF5ux2f%8;?<<NNW2o;j<Y>5777<v2tVE>6;hoSIfMIT^N}>=kP9!lAD_O&%(g0QjvZ|2SS%Gm#SO!NdtDoe",
    "Mq*s{z;zzFT}Y*eO54UE2fbhzei;P-KjY#4tiaaKubu(wf2Zo5v*<NUR(c(`HeKH@DFEGI>|@;bd%+DO3a^nEgm0YZa-YWiMPk=3H<nF855^B2",
    "_x$`nfiV)ULqpHb?_HSH)m67*a9$XAwY%m({{U(R>*a3LJc+FB<9IT#j)p*E8D1ysNK;mL({Z6G2T@puxXjm#($T%!upTi=qZ@#-3NzaXE`IgU",
    "QRPoLsyr0HZscv?qjENdu^*RY^5&1X+gs~H&7|q3>&d*tR`4YN1I};@H1<-Bi@1uZm@L*1KTD{~sGLtc2iss?RG%vfTYIR@IjSwfe%2Gc3$08l",
    "uflTgw}uD7-Y=omSRSpNIGHp0Av6SqxJ_+*5%B4O5>~>l403uHiswumcb|yo%{clr$xpcohPbJHFopBsx@?-UDaBXElq8hoge0S+BqRkTRUn(I",
    "mWm97><}&Fw7ySCF4CDTczc=pb|xg=H{TB#*Ivda03)|Jy$_kT3eGI}LLzj<0$m|=m%vj9T~A2K=*kRqB?VozKvxOfEAUi8cO|4`bae*0nu6}I",
    "Kz9&&K;StDJ&XK#IVMHy3V)R{&72Tq5X5>8$d^z~19TE#Pyjj!(36n(aNS~~Gz)8utP4eZjjZ|9pJG`fYjY~Pg{@AuMZ#7mTc5Dih3!|YVK@$*",
    "T&_wAz&-ARct`)G`3P^8;0rOlXAeSpTj#3^R;y~0O*YwNlTB8{??Z`hb`URG=FRIA|8=G?P20ao7A@_7PJE8xH{uqEVjhF8jQnRQs4R}f=4ccD",
    "U&yHudyhdow9+`*GxlG6b7IN!nX{q)--S@7{ZD5y&i~y1AG7pK$N",
)


def workbook(write: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        write(book)
    return buffer.getvalue()


def sheet(rows: list[list[object]], formats: dict[int, str] | None = None) -> bytes:
    """One sheet; `formats` gives a column its number format."""

    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet("一覧")
        styles = {column: book.add_format({"num_format": code}) for column, code in (formats or {}).items()}
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                page.write(r, c, value, styles.get(c) if r else None)

    return workbook(write)


def with_sheet_xml(data: bytes, change: Callable[[str], str]) -> bytes:
    """The same workbook with the XML of its first sheet changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if name.endswith("sheet1.xml") else content)
    return buffer.getvalue()


def read(data: bytes, **options: str) -> Table:
    return read_table(data, known=NAMES.__contains__, **options)  # type: ignore[arg-type]


def rows(table: Table) -> list[tuple[str, ...]]:
    return [table.row(r) for r in range(table.row_count)]


def codes(table: Table) -> list[tuple[str, int, int]]:
    return [(issue.code, issue.record, issue.line) for issue in table.issues]


def test_a_sheet_with_a_title_is_a_table() -> None:
    table = read(sheet([["施設一覧", "", ""], [], ["NO", "名称", "住所"], [1, "市役所", "山下町"], [2, "公園", "平之町"]]))
    assert table.header == ("NO", "名称", "住所")
    assert rows(table) == [("1", "市役所", "山下町"), ("2", "公園", "平之町")]
    assert (table.header_line, list(table.lines), table.sheet, table.encoding) == (3, [4, 5], "一覧", "")
    assert [(note.kind, note.text) for note in table.notes] == [("title", "施設一覧")]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (131016, "General", "131016"),
        (31.5963, "0.00", "31.5963"),
        (130.55719999999999, "General", "130.5572"),
        (1234567, "#,##0", "1234567"),
        (600001, "0000000", "0600001"),
        (600001, "000\\-0000", "060-0001"),
        (8900001, "[<=999]000;[<=9999]000\\-00;000\\-0000", "890-0001"),
        (992241111, "0000000000", "0992241111"),
        (5, '0"人"', "5"),
        (-12, "General", "-12"),
        (0.5, "0%", "0.5"),
        (dt.time(8, 30), "h:mm", "8:30"),
        (dt.time(17, 15, 30), "h:mm:ss", "17:15:30"),
        (1.0, "[h]:mm", "24:00"),
        (1.0, "h:mm", "24:00"),
        (25.5 / 24, "[h]:mm", "25:30"),
        (dt.date(2024, 4, 1), "yyyy/m/d", "2024/4/1"),
        (dt.date(2024, 4, 1), "yyyy-mm-dd", "2024-04-01"),
        (dt.date(2024, 4, 1), 'yyyy"年"m"月"d"日"', "2024年4月1日"),
        (dt.date(2024, 4, 1), '[$-411]ggge"年"m"月"d"日"', "令和6年4月1日"),
        (dt.date(1989, 1, 7), "[$-411]ge.m.d", "S64.1.7"),
        (dt.date(2024, 4, 1), 'm"月"d"日"', "2024-04-01"),
        (dt.datetime(2024, 4, 1, 8, 30), "yyyy/m/d h:mm", "2024/4/1 8:30"),
        (True, "General", "TRUE"),
        ("0600001", "@", "0600001"),
        ("一行目\n二行目", "General", "一行目\n二行目"),
    ],
)
def test_a_cell_is_read_as_excel_shows_it_where_that_loses_nothing(value: object, code: str, shown: str) -> None:
    table = read(sheet([["名称", "備考"], ["公園", value]], {1: code}))
    assert rows(table) == [("公園", shown)]


def test_two_date_formats_in_one_workbook_are_both_shown() -> None:
    day = dt.date(2024, 4, 1)
    table = read(sheet([["名称", "備考", "住所"], ["公園", day, day]], {1: "yyyy/m/d", 2: '[$-411]ggge"年"m"月"d"日"'}))
    assert rows(table) == [("公園", "2024/4/1", "令和6年4月1日")]


def test_formulas_are_not_evaluated_and_their_saved_results_count() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ["名称", "総人口", "備考"])
        page.write_row(1, 0, ["山下町", 5])
        page.write_formula(1, 2, '=A2&"!"', None, "山下町!")
        page.write_row(2, 0, ["平之町"])
        page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        page.write_formula(2, 2, '=IF(A3="","x","")', None, "")

    # Excel itself marks a blank result as text; XlsxWriter leaves the mark out.
    table = read(with_sheet_xml(workbook(write), lambda xml: xml.replace('<c r="C3">', '<c r="C3" t="str">')))
    assert rows(table) == [("山下町", "5", "山下町!"), ("平之町", "#DIV/0!", "")]
    assert [(issue.code, issue.record, issue.line, issue.column, issue.value) for issue in table.issues] == [
        ("cell-error", 2, 3, "総人口", "#DIV/0!")
    ]
    assert table.unreadable == {(1, 1)}


def test_a_formula_without_a_saved_result_cannot_be_read() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["名称", "総人口"])
    page.append(["山下町", "=SUM(1,2)"])
    page.append(["平之町", 4])
    buffer = io.BytesIO()
    book.save(buffer)
    table = read(buffer.getvalue())
    assert [(issue.code, issue.record, issue.column, issue.value) for issue in table.issues] == [
        ("formula-without-value", 1, "総人口", "=SUM(1,2)")
    ]
    assert table.unreadable == {(1, 0)}
    assert rows(table)[1] == ("平之町", "4")


def test_the_sheet_with_most_names_of_a_standard_is_read_and_hidden_ones_never() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("表紙").write_column(0, 0, ["オープンデータ", "問い合わせ先", "099"] * 20)
        hidden = book.add_worksheet("元データ")
        hidden.hide()
        for r, row in enumerate([["NO", "名称", "住所", "備考", "電話番号"]] + [[1, "a", "b", "c", "d"]] * 50):
            hidden.write_row(r, 0, row)
        page = book.add_worksheet("公開用")
        page.write_row(0, 0, ["NO", "名称", "住所"])
        page.write_row(1, 0, [1, "公園", "山下町"])
        other = book.add_worksheet("作業")
        other.write_row(0, 0, ["甲", "乙"])
        other.write_row(1, 0, ["x", "y"])

    data = workbook(write)
    table = read(data)
    assert (table.sheet, rows(table)) == ("公開用", [("1", "公園", "山下町")])
    issues = {issue.code: dict(issue.values) for issue in table.issues}
    assert issues["hidden-sheet-not-read"] == {"sheets": "元データ"}
    assert issues["other-sheets"]["sheet"] == "公開用"
    assert read(data, sheet="作業").header == ("甲", "乙")
    with pytest.raises(ReadError) as raised:
        read(data, sheet="元データ")
    assert (raised.value.code, raised.value.values["sheets"]) == ("sheet-not-found", "表紙、公開用、作業")


def test_one_sheet_per_district_with_the_same_header_is_one_table() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        for name, count in (("国分", 2), ("隼人", 1), ("溝辺", 3)):
            page = book.add_worksheet(name)
            page.write(0, 0, f"{name}地区の公園")
            page.write_row(1, 0, ["NO", "名称", "住所"])
            for n in range(count):
                page.write_row(2 + n, 0, [n + 1, f"{name}公園{n}", name])

    table = read(workbook(write))
    assert table.row_count == 6
    assert list(table.lines) == [3, 4, 3, 3, 4, 5]
    assert table.sheets == ((0, "国分"), (2, "隼人"), (3, "溝辺"))
    assert [table.sheet_of(r) for r in range(6)] == ["国分", "国分", "隼人", "溝辺", "溝辺", "溝辺"]
    assert [(issue.code, dict(issue.values)["count"]) for issue in table.issues] == [("sheets-joined", "3")]


def test_merged_cells_say_the_same_of_every_row_they_span() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, 4, "施設一覧")
        page.merge_range(1, 0, 2, 0, "地域名")
        page.merge_range(1, 1, 2, 1, "名称")
        page.merge_range(1, 2, 1, 3, "位置")
        page.merge_range(1, 4, 2, 4, "備考")
        page.write_row(2, 2, ["緯度", "経度"])
        page.merge_range(3, 0, 5, 0, "国分")
        for r in range(3, 6):
            page.write_row(r, 1, [f"公園{r}", 31.5, 130.5, "x"])
        page.write_row(6, 0, ["隼人", "港", 31.6, 130.6, "y"])

    table = read(workbook(write))
    assert table.header == ("地域名", "名称", "緯度", "経度", "備考")
    assert list(table.columns[0]) == ["国分", "国分", "国分", "隼人"]
    assert table.header_line == 2
    assert [(issue.code, issue.column, dict(issue.values)) for issue in table.issues] == [
        ("merged-cells", "地域名", {"count": "2"})
    ]


def test_graph_paper_sheets_lose_their_blank_columns() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.set_column(0, 40, 2)
        for r, row in enumerate(
            [["NO", "名称", "住所"], ["1", "公園", "山下町"], ["2", "港", "本港新町"], ["3", "役場", "平之町"]]
        ):
            for at, (first, last) in enumerate([(2, 3), (4, 11), (12, 25)]):
                page.merge_range(r + 4, first, r + 4, last, row[at])
        page.merge_range(1, 2, 2, 25, "公園等一覧")

    table = read(workbook(write))
    assert table.header == ("NO", "名称", "住所")
    assert rows(table) == [("1", "公園", "山下町"), ("2", "港", "本港新町"), ("3", "役場", "平之町")]
    assert list(table.lines) == [6, 7, 8]


def test_records_that_are_two_rows_high_are_one_record_each() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ["NO", "名称", "住所"])
        for n in range(1, 7, 2):
            for c, text in enumerate([f"{n}", f"公園{n}", "山下町"]):
                page.merge_range(n, c, n + 1, c, text)

    table = read(workbook(write))
    assert rows(table) == [("1", "公園1", "山下町"), ("3", "公園3", "山下町"), ("5", "公園5", "山下町")]
    assert table.issues == ()


def test_several_tables_on_a_sheet_are_told_and_the_best_is_read() -> None:
    data = sheet(
        [
            ["公園"],
            ["NO", "名称", "住所"],
            ["1", "公園", "山下町"],
            ["2", "港", "本港新町"],
            [],
            ["人口"],
            ["地域名", "総人口"],
            ["山下町", 5],
        ]
    )
    table = read(data)
    assert rows(table) == [("1", "公園", "山下町"), ("2", "港", "本港新町")]
    assert ("several-tables", 0, 2) in codes(table)


def test_a_workbook_named_csv_is_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(sheet([["NO", "名称"], [1, "公園"]]))
    assert read_table(tmp_path / "a.csv").row_count == 1


def test_an_open_document_sheet_is_read() -> None:
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="一覧"><table:table-row><table:table-cell office:value-type="string"><text:p>名称</text:p>'
        '</table:table-cell><table:table-cell office:value-type="string"><text:p>総人口</text:p></table:table-cell>'
        '</table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>山下町</text:p>'
        '</table:table-cell><table:table-cell office:value-type="float" office:value="5"><text:p>5</text:p></table:table-cell>'
        '</table:table-row><table:table-row><table:table-cell office:value-type="time" office:time-value="PT24H00M00S">'
        '<text:p>24:00</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>#DIV/0!</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    table = read(buffer.getvalue())
    assert (table.header, rows(table)) == (("名称", "総人口"), [("山下町", "5"), ("24:00", "#DIV/0!")])
    assert (codes(table), table.unreadable) == ([("cell-error", 2, 3)], {(1, 1)})


def test_an_xls_is_read_with_its_formats() -> None:
    data = zlib.decompress(base64.b85decode("".join(XLS)))
    table = read(data)
    assert (table.header_line, table.row_count, table.sheet) == (3, 7, "一覧")
    assert rows(table)[0] == ("1", "公園0", "山下町", "8:30", "2024/4/1")
    assert list(table.columns[2][4:]) == ["平之町"] * 3
    assert [issue.code for issue in table.issues] == ["hidden-sheet-not-read", "merged-cells"]


def test_an_xls_of_two_far_cells_is_measured_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommended_datasets.workbook_xls.MAX_CELLS", 20)
    with pytest.raises(ReadError) as raised:
        read(zlib.decompress(base64.b85decode("".join(XLS))))
    assert raised.value.code == "too-many-cells"


def test_zips_and_damaged_workbooks_are_refused_by_a_code() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("stops.txt", "a,b\n")
        archive.writestr("routes.txt", "a,b\n")
    with pytest.raises(ReadError) as raised:
        read(buffer.getvalue())
    assert (raised.value.code, raised.value.values["files"]) == ("zip-instead-of-table", "routes.txt, stops.txt")
    good = sheet([["NO", "名称"], [1, "公園"]])
    with pytest.raises(ReadError) as raised:
        read(good[: len(good) // 2])
    assert raised.value.code == "broken-workbook"


def test_an_encrypted_workbook_is_refused() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500
    with pytest.raises(ReadError) as raised:
        read(data)
    assert raised.value.code == "encrypted-workbook"


def test_a_sheet_whose_two_cells_are_a_world_apart_is_refused() -> None:
    def write(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet("一覧")
        page.write(0, 0, "名称")
        page.write(1_048_575, 16_383, "x")

    with pytest.raises(ReadError) as raised:
        read(workbook(write))
    assert raised.value.code == "too-many-cells"


def test_a_workbook_without_any_cell_is_refused() -> None:
    with pytest.raises(ReadError) as raised:
        read(workbook(lambda book: book.add_worksheet()))
    assert raised.value.code == "no-visible-sheet"
