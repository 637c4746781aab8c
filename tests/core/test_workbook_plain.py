"""Sheets of plain cells are read without python-calamine, and say what it would have said."""

from __future__ import annotations

import datetime as dt
import io
import random
import time
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
import xlsxwriter

from recommended_datasets import workbook_calamine
from recommended_datasets.reader import read_table
from recommended_datasets.table import ReadError, Table
from recommended_datasets.workbook_cells import Styles
from recommended_datasets.workbook_extent import column_letters
from recommended_datasets.workbook_parts import Parts
from recommended_datasets.workbook_rows import Rows
from recommended_datasets.workbook_texts import NotPlain, shared_texts

NAMES = ["NO", "名称", "住所", "緯度", "経度", "備考", "電話番号", "開始時間", "終了時間", "地域名", "総人口"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], tuple[Table | tuple[object, ...], bool]]:
    """What is read, which is the same by either way, and whether python-calamine was asked for a sheet."""
    asked: list[str] = []
    sheet_of = workbook_calamine.sheet_of
    monkeypatch.setattr(
        "recommended_datasets.workbook.sheet_of", lambda book, name: asked.append(name) or sheet_of(book, name)
    )

    def outcome(data: bytes) -> Table | tuple[object, ...]:
        try:
            return read_table(data, known=NAMES.__contains__)
        except ReadError as error:
            return error.code, error.values

    def read(data: bytes) -> tuple[Table | tuple[object, ...], bool]:
        asked.clear()
        found = outcome(data)
        by_calamine = bool(asked)
        with monkeypatch.context() as patch:
            patch.setattr(Parts, "reader", lambda *_: None)
            assert found == outcome(data)
        return found, by_calamine

    return read


def rows(table: object) -> list[tuple[str, ...]]:
    assert isinstance(table, Table)
    return [table.row(r) for r in range(table.row_count)]


def made(cells: str, *, tail: str = "", head: str = "", shared: str | None = None) -> bytes:
    """A workbook with this XML for its rows."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as book:
        book.add_worksheet("一覧").write(0, 0, 1, book.add_format({"num_format": "0000000"}))
    sheet = f'<worksheet xmlns="{MAIN}">{head}<sheetData>{cells}</sheetData>{tail}</worksheet>'
    parts = {SHEET: sheet.encode()}
    if shared is not None:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'.encode()
    return replaced(data.getvalue(), parts)


def replaced(data: bytes, parts: dict[str, bytes]) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            new.writestr(name, parts[name] if name in parts else old.read(name))
    return changed.getvalue()


def text(name: str, value: str, mark: str = "") -> str:
    return f'<c r="{name}" t="inlineStr"><is><t{mark}>{value}</t></is></c>'


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


HEAD = row(1, text("A1", "名称"), text("B1", "備考"), text("C1", "住所"))
KEPT = ' xml:space="preserve"'


def any_workbook(seed: int, constant_memory: bool) -> bytes:
    """Sheets of all kinds of cells; every fifth workbook has dates and times."""
    dice = random.Random(seed)
    values: list[Callable[[], object]] = [
        lambda: dice.choice(["公園", "山下町", "a&b", "<x>", "\"q\" 'r'", " 前", "後 ", "　全角　", "一\n二", "𠮷", "=x", "a_x"]),
        lambda: dice.choice([0, 1, -1, 5, 131016, 600001, 1e15, 1e22]),
        lambda: dice.choice([31.5963, 130.55719999999999, 0.1 + 0.2, 1e-7, -0.5, dice.random()]),
        lambda: dice.random() < 0.5,
        lambda: "",
        lambda: None,
    ]
    if seed % 5 == 4:
        values += [
            lambda: dt.date(2024, dice.randint(1, 12), 3),
            lambda: dt.time(dice.randint(0, 23), 30),
            lambda: dt.datetime(2024, 4, 1, 8, dice.randint(0, 59)),
            lambda: dt.timedelta(hours=dice.randint(0, 40)),
        ]
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"constant_memory": constant_memory, "strings_to_urls": False}) as book:
        codes = ["0000000", "#,##0", "0.00", '0"人"', "@", "000\\-0000"]
        styles = [None, None, *(book.add_format({"num_format": code}) for code in codes)]
        days = [book.add_format({"num_format": code}) for code in ("yyyy/m/d", "h:mm", "[h]:mm", 'ggge"年"m"月"d"日"')]
        for _ in range(dice.choice([1, 1, 3])):
            page = book.add_worksheet()
            top, left, width = dice.choice([0, 0, 2]), dice.choice([0, 0, 1]), dice.randint(2, 9)
            page.write(0, left, dice.choice(["", "施設一覧"]))
            page.write_row(top, left, dice.sample(NAMES, width))
            for r in range(top + 1, top + dice.choice([3, 40, 400])):
                if dice.random() < 0.03:
                    continue
                if dice.random() < 0.04 and r % 2 and not constant_memory:
                    page.merge_range(r, left, r + 1, left, "国分")
                for c in range(left, left + width):
                    value = dice.choice(values)() if dice.random() < 0.2 else f"文{r}-{c}"
                    if isinstance(value, str) and value.startswith("="):
                        page.write_formula(r, c, value, None, dice.choice([3, "three", "#DIV/0!", True]))
                    elif isinstance(value, (dt.date, dt.time, dt.timedelta)):
                        page.write(r, c, value, dice.choice(days))
                    else:
                        page.write(r, c, value, dice.choice(styles))
    return data.getvalue()


@pytest.mark.parametrize("constant_memory", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_any_workbook_is_read_as_calamine_reads_it(
    seed: int, constant_memory: bool, both: Callable[[bytes], tuple[object, bool]]
) -> None:
    _, by_calamine = both(any_workbook(seed, constant_memory))
    assert by_calamine == (seed % 5 == 4)


@pytest.mark.parametrize("seed", range(10))
def test_workbooks_of_openpyxl_are_read_as_calamine_reads_them(seed: int, both: Callable[[bytes], tuple[object, bool]]) -> None:
    dice = random.Random(seed)
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(NAMES)
    for _ in range(200):
        page.append([dice.choice(["公園", 5, 3.25, True, None, "", " a ", "a&b", "一\n二"]) for _ in NAMES])
    page.merge_cells("B3:B5")
    page["C7"].number_format = "0000000"
    page["C8"].border = openpyxl.styles.Border(left=openpyxl.styles.Side("thin"))
    data = io.BytesIO()
    book.save(data)
    both(data.getvalue())


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (text("B2", "a"), "a"),
        (text("B2", " a\n"), "a"),
        (text("B2", " a ", KEPT), " a "),
        (text("B2", "　a　"), "　a　"),
        (text("B2", "a&amp;&lt;&gt;&quot;&apos;b"), "a&<>\"'b"),
        (text("B2", "&amp;amp;"), "&amp;"),
        ('<c r="B2"><v>600001</v></c>', "600001"),
        ('<c r="B2" s="1"><v>600001</v></c>', "0600001"),
        ('<c r="B2" s="0" t="n"><v>007.50</v></c>', "7.5"),
        ('<c r="B2"><v>1E-7</v></c>', "0.0000001"),
        ('<c r="B2"><v>-0</v></c>', "0"),
        ('<c r="B2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="B2" t="b"><f>TRUE()</f><v>0</v></c>', "FALSE"),
        ('<c r="B2" t="str"><f>A2&amp;"!"</f><v> a&amp;b </v></c>', " a&b "),
        ('<c r="B2" t="str"><f t="shared" si="0"/><v></v></c>', ""),
        ('<c r="B2"><f>1+2</f><v>3</v></c>', "3"),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="B2" s="1"/>', ""),
        ('<c r="B2" s="1" t="n" />', ""),
        ('<c r="B2" s="1"></c>', ""),
    ],
)
@pytest.mark.parametrize("times", [1, 30])
def test_plain_cells_need_no_calamine(
    cells: str, shown: str, times: int, both: Callable[[bytes], tuple[object, bool]]
) -> None:
    body = [
        row(n, text(f"A{n}", "公園"), cells.replace('"B2"', f'"B{n}"'), text(f"C{n}", "山下町")) for n in range(2, 2 + times)
    ]
    table, by_calamine = both(made(HEAD + "".join(body)))
    assert rows(table) == [("公園", shown, "山下町")] * times
    assert not by_calamine


@pytest.mark.parametrize(
    "body",
    [
        row(2, text("A2", "公園"), text("B2", "a&#10;b")),
        row(2, text("A2", "公園"), text("B2", "a_x000D_b")),
        row(2, text("A2", "公園"), text("B2", "a\r\nb")),
        row(2, text("A2", "公園"), text("B2", "<![CDATA[a]]>")),
        row(2, text("A2", "公園"), text("B2", "a<!-- b -->c")),
        row(2, text("A2", "公園")) + "<!-- b -->" + row(3, text("A3", "港")),
        row(2, text("A2", "公園"), '<c r="B2" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>'),
        row(2, text("A2", "公園"), '<c r="B2" t="inlineStr"><v>a</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2" t="s"><v>0</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2"><v> 5 </v></c>'),
        row(2, text("A2", "公園"), '<c r="B2"><v>abc</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2"><v>1_000</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2"><v></v></c>'),
        row(2, text("A2", "公園"), '<c r="B2"><f>1+2</f></c>'),
        row(2, text("A2", "公園"), '<c r="B2"><f>1+2</f><v></v></c>'),
        row(2, text("A2", "公園"), '<c r="B2" t="b"><v>2</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2" t="d"><v>2024-04-01</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2" t="e"><v>#SPILL!</v></c>'),
        row(2, text("A2", "公園"), '<c r="B2" s="99"><v>5</v></c>'),
        row(2, text("A2", "公園"), '<c s="0" r="B2"><v>5</v></c>'),
        row(2, text("B2", "公園"), text("A2", "a")),
        row(2, text("A3", "公園")) + row(3, text("A2", "港")),
        row(5, text("A5", "公園")) + row(2, text("A2", "港")),
        row(2, text("A2", "公園")) + row(2, text("B2", "港")),
        "<row><c><v>5</v></c></row>",
        row(2, text("A2", "公園")) + "\n" + row(3, text("A3", "港")),
        row(2, text("A2", "&nbsp;")),
        row(2, text("A2", "&#20844;&#x5712;")),
        row(2, text("A2", "公園"), '<c r="B2" t="inlineStr"></c>'),
        row(2, text("A2", "公園")) + "<row r='3'><c r='A3'><v>1</v></c></row>",
        row(2, text("A2", "公園"), '<c r="XFE2"><v>5</v></c>'),
        row(2, text("A2", "公園")) + row(1_048_577, text("A1048577", "港")),
        row(2, text("A2", "公園")) + row(1_048_576, '<c r="XFD1048576" s="1"/>'),
        row(2, text("A2", "公園")) + "</row>",
        row(2, text("A2", "公園")).replace('r="2"', 'r="2" spans="1:3', 1),
        row(2, text("A2", "公園")) + "<row r=\"3\"><c r=\"A3\"><v>1</v></c>",
    ],
)
def test_what_is_not_plain_is_left_to_calamine(body: str, both: Callable[[bytes], tuple[object, bool]]) -> None:
    found, by_calamine = both(made(HEAD + body))
    assert by_calamine or not isinstance(found, Table)


@pytest.mark.parametrize(
    "body",
    [
        '<row r="2" spans="1:3"/><row r="3"/>' + row(4, text("A4", "公園")) + '<row r="5"/>',
        row(7, text("B7", "公園"), text("AA7", "x")),
        row(2, text("A2", "公園"), '<c r="Z2" s="1"/>') + row(9, '<c r="A9" s="0"/>'),
        row(2, text("A2", "公園"), '<c r="F2" s="1" t="n"></c>') + row(9, '<c r="A9"></c>'),
        row(2, text("A2", "公園"), text("F2", "")) + row(9, text("A9", "")),
        "".join(row(n, text(f"{'ABCDE'[n % 5]}{n}", f"{n}")) for n in range(2, 90)),
        "".join(row(n, f'<c r="B{n}"><v>{n}</v></c>' if n % 3 else text(f"B{n}", f"{n}")) for n in range(2, 90)),
        "".join(row(n, text(f"B{n}", f" {n}", KEPT if n % 3 else "")) for n in range(2, 90)),
    ],
)
def test_blank_rows_and_cells_are_where_calamine_has_them(body: str, both: Callable[[bytes], tuple[object, bool]]) -> None:
    _, by_calamine = both(made(HEAD + body))
    assert not by_calamine


def test_shared_strings_are_read_without_their_readings(both: Callable[[bytes], tuple[object, bool]]) -> None:
    shared = (
        "<si><t>名称</t><rPh sb=\"0\" eb=\"2\"><t>メイショウ</t></rPh><phoneticPr fontId=\"1\"/></si><si><t>備考</t></si>"
        f'<si><t{KEPT}> a&amp;b </t></si><si><t> a </t></si><si><r><t>x </t></r><r><rPr><b/><sz val="11"/></rPr><t{KEPT}> y</t></r>'
        '<rPh sb="0" eb="1"><t>カン</t></rPh></si><si><t></t></si>'
    )
    body = [row(n, *(f'<c r="{c}{n}" t="s"><v>{v}</v></c>' for c, v in zip("AB", pair, strict=True)))
            for n, pair in enumerate([(0, 1), (2, 3), (4, 5), *[(2, 4)] * 20], 1)]  # fmt: skip
    table, by_calamine = both(made("".join(body), shared=shared))
    assert rows(table)[:2] == [(" a&b ", "a"), ("x y", "")]
    assert not by_calamine


@pytest.mark.parametrize("item", ["<si><t/></si>", "<si/>", "<si><t>a_x000D_</t></si>", "<si><t>&#10;</t></si>", "<si>x</si>"])
def test_rare_shared_strings_are_left_to_calamine(item: str, both: Callable[[bytes], tuple[object, bool]]) -> None:
    body = row(2, '<c r="A2" t="s"><v>0</v></c>', '<c r="B2" t="s"><v>1</v></c>')
    _, by_calamine = both(made(HEAD + body, shared=f"<si><t>公園</t></si>{item}"))
    assert by_calamine


@pytest.mark.parametrize(
    "tail",
    [
        '<mergeCells count="2"><mergeCell ref="A2:A3"/><mergeCell ref="B2:C2"/></mergeCells>',
        '<mergeCells count="1"><mergeCell ref="A2"/></mergeCells>',
        f"<sheetData>{row(4, text('A4', 'x'))}</sheetData>",
        "<pageMargins><unclosed></pageMargins>",
        "<!-- x -->",
    ],
)
def test_what_follows_the_rows_counts(tail: str, both: Callable[[bytes], tuple[object, bool]]) -> None:
    body = row(2, text("A2", "公園"), text("B2", "a"), text("C2", "b")) + row(3, text("B3", "c"), text("C3", "d"))
    both(made(HEAD + body, tail=tail))


def test_cells_made_to_be_slow_are_left_to_calamine_at_once() -> None:
    many = "".join(f'<c r="{column_letters(c)}1"><v>1</v></c>' for c in range(1, 16_000))
    shared = "<si>" + "<r><rPr>" * 100_000 + "</si>"
    begin = time.process_time()
    with pytest.raises(NotPlain):
        Rows(Styles(frozenset((0,)), {}), list, 6_000_000).read(row(1, many))
    with pytest.raises(NotPlain):
        shared_texts([f'<sst xmlns="{MAIN}">{shared}</sst>'.encode()])
    assert time.process_time() - begin < 5


def test_a_sheet_whose_checksum_is_wrong_is_left_to_calamine(both: Callable[[bytes], tuple[object, bool]]) -> None:
    data = made(HEAD + row(2, text("A2", "公園")))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        checksum = archive.getinfo(SHEET).CRC.to_bytes(4, "little")
    _, by_calamine = both(data.replace(checksum, b"\x01\x02\x03\x04"))
    assert by_calamine


@pytest.mark.parametrize("encoding", ["UTF-8", "utf-8", "Shift_JIS", "UTF-16"])
def test_the_encoding_that_the_sheet_declares_counts(encoding: str, both: Callable[[bytes], tuple[object, bool]]) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><worksheet xmlns="{MAIN}"><sheetData>{HEAD}</sheetData></worksheet>'
    _, by_calamine = both(replaced(made(HEAD), {SHEET: xml.encode()}))
    assert by_calamine == (encoding.lower() != "utf-8")


def test_rows_cut_anywhere_between_pieces_are_whole(
    both: Callable[[bytes], tuple[object, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "".join(row(n, text(f"A{n}", f"公園{n}"), text(f"C{n}", "山&amp;下")) for n in range(2, 60))
    data = made(HEAD + body, tail='<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>')
    for size in (16, 64, 333):
        monkeypatch.setattr("recommended_datasets.workbook_guard._CHUNK", size)
        _, by_calamine = both(data)
        assert not by_calamine


def test_plain_sheets_together_stay_within_the_limit(
    both: Callable[[bytes], tuple[object, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as book:
        for _ in range(3):
            page = book.add_worksheet()
            for r in range(20):
                page.write_row(r, 0, ["名称", "住所", "備考"])
    for limit in (200, 150, 50):
        for module in ("workbook", "workbook_guard", "workbook_parts"):
            monkeypatch.setattr(f"recommended_datasets.{module}.MAX_CELLS", limit)
        found, _ = both(data.getvalue())
        assert isinstance(found, Table) == (limit == 200)
