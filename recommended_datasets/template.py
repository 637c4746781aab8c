"""A workbook to fill in for one definition: 入力 (drop-downs, notes, protected header), 点検 (checks itself offline), 説明.

Every cell of 入力 is text, so that a spreadsheet neither drops leading zeros nor makes dates of 1-2. The header stands in
row 1 and is the standard's, so that the saved file is read as it is. No sheet, row or column is hidden.
"""

# XlsxWriter comes without type stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recommended_datasets.definition import Definition, Field
from recommended_datasets.template_checks import CellCheck, checks

if TYPE_CHECKING:
    from xlsxwriter.workbook import Format, Workbook
    from xlsxwriter.worksheet import Worksheet

INPUT, CHECK, GUIDE = "入力", "点検", "説明"
BANNER = "定義確認中: この版の列は一部しか確認できていません。公開の前に公式の定義書で確かめてください。"
BANNER_EN = "Partly known: compare with the official definition before publishing."
_TYPES = {
    "municipality_code": "半角数字6桁（検査数字を含む全国地方公共団体コード）",
    "machiaza_id": "町字ID（7桁）",
    "corporate_number": "半角数字13桁",
    "postal_code": "半角数字7桁（ハイフンなし）",
    "phone": "市外局番から半角で。例 (099)000-0000",
    "extension": "内線番号（半角）",
    "email": "メールアドレス",
    "url": "http:// または https:// で始まるアドレス",
    "date": "YYYY-MM-DD（西暦）",
    "period": "開始/終了（YYYY-MM-DD/YYYY-MM-DD）",
    "time": "HH:MM（24時間）",
    "weekdays": "月火水木金土日 を続けて",
    "integer": "半角数字（整数）",
    "money": "半角数字（円）",
    "number": "半角数字",
    "latitude": "10進の緯度（世界測地系）",
    "longitude": "10進の経度（世界測地系）",
    "kana": "全角カタカナ",
    "latin": "半角英数字",
    "alnum": "半角英数字",
    "identifier": "半角英数字",
    "code": "コード",
    "list": "複数は ; で区切る",
}
_MARKS = {"◎": "◎ 必須", "○": "○ 推奨", "": "任意", None: "区分は未確認"}
_NO_ROW: Any = ""
_FINE: Any = "○"
"""What formulas show before a spreadsheet has calculated them."""
_LONGEST_DROP_DOWN = 255
"""What Excel takes as a list inside a validation."""


def make_template(
    definition: Definition,
    *,
    rows: int = 1000,
    records: Sequence[Mapping[str, str]] = (),
    municipality_code: str = "",
    rule_set: str = "",
) -> bytes:
    """The workbook (.xlsx). `rows` may be filled in; `records` (field id → text) are filled in already; `municipality_code`
    of the publisher narrows the coordinate box to its prefecture. `ValueError` if the columns are not known."""
    from xlsxwriter import Workbook

    if not definition.fields:
        raise ValueError(f"the columns of {definition.id} ({definition.edition}) are not known")
    rows = max(rows, len(records))
    out = io.BytesIO()
    book = Workbook(
        out, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": definition.title["ja"], "subject": f"{definition.id} {definition.edition}", "author": ""})
    found = checks(definition, _bounds(municipality_code))
    _input_sheet(book, definition, rows, records, found)
    _check_sheet(book, definition, rows, found)
    _guide_sheet(book, definition, rule_set)
    book.close()
    return out.getvalue()


def _bounds(municipality_code: str) -> tuple[float, float, float, float] | None:
    """The prefecture's box: of the publisher's prefecture, or of the only one that is known."""
    from recommended_datasets import municipality

    prefectures = [m for m in municipality.load() if m.kind == "prefecture" and m.bounds]
    publisher = municipality.by_code(municipality_code)
    mine = [m for m in prefectures if publisher and m.code in (publisher.code, publisher.parent)]
    if mine:
        return mine[0].bounds
    return prefectures[0].bounds if len(prefectures) == 1 and not municipality_code else None


def note(f: Field) -> str:
    """What a clerk reads about a column: mark, form, values, example, what a blank means."""
    unsure = "" if f.evidence == "seen" and f.mark_evidence == "seen" or f.mark is None else "（類推・定義確認中）"
    lines = [f"【{f.name}】{_MARKS[f.mark]}{unsure}"]
    if f.description:
        lines.append(f.description)
    form = f.format or _TYPES.get(f.type, "")
    if form:
        lines.append(form)
    values = [value for value in f.allowed if value]
    if values:
        lines.append("値: " + " / ".join(values))
    if f.example:
        lines.append(f"例: {f.example}")
    if f.blank == "no":
        lines.append("空欄は「いいえ」の意味です")
    if f.blank == "not_applicable":
        lines.append("該当しないときは空欄")
    return "\n".join(lines)


def _input_sheet(
    book: Workbook, definition: Definition, rows: int, records: Sequence[Mapping[str, str]], found: Sequence[CellCheck]
) -> None:
    sheet = book.add_worksheet(INPUT)
    text = book.add_format({"num_format": "@", "locked": False})
    wrong = book.add_format({"bg_color": "#FFD9D9"})
    look = book.add_format({"bg_color": "#FFF3C4"})
    heads = {mark: book.add_format(_head(color)) for mark, color in (("◎", "#C6DEF7"), ("○", "#E3EFFA"), ("", "#F2F2F2"))}
    sheet.freeze_panes(1, 0)
    by_field: dict[str, list[CellCheck]] = {}
    for check in found:
        by_field.setdefault(check.field, []).append(check)
    last = _column(len(definition.fields) - 1)
    for index, f in enumerate(definition.fields):
        sheet.set_column(index, index, max(10, min(30, 2 * len(f.name) + 2)), text)
        sheet.write_string(0, index, f.name, heads[f.mark or ""])
        sheet.write_comment(0, index, note(f), {"x_scale": 2.0, "y_scale": 1.2 + 0.2 * note(f).count("\n"), "author": ""})
        values = [value for value in f.allowed if value]
        if f.type in ("flag", "enum") and values and len(",".join(values)) <= _LONGEST_DROP_DOWN:
            _drop_down(sheet, index, rows, f, values)
        for check in by_field.get(f.id, ()):
            if not check.whole:
                cell, used = f"${_column(index)}2", f"(COUNTA($A2:${last}2)>0)"
                formula = "=" + check.wrong.format(x=cell, used=used, first="")
                rule = {"type": "formula", "criteria": formula, "format": wrong if check.certain else look}
                sheet.conditional_format(1, index, rows, index, rule)
    for row, record in enumerate(records, start=1):
        for index, f in enumerate(definition.fields):
            value = record.get(f.id, "")
            if value:
                sheet.write_string(row, index, value, text)
    sheet.autofilter(0, 0, rows, len(definition.fields) - 1)
    allowed = ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows", "sort", "autofilter")
    sheet.protect("", dict.fromkeys(allowed, True))


def _drop_down(sheet: Worksheet, index: int, rows: int, f: Field, values: Sequence[str]) -> None:
    sheet.data_validation(
        1,
        index,
        rows,
        index,
        {
            "validate": "list",
            "source": list(values),
            "error_type": "stop" if f.values_certain else "warning",
            "error_title": "選択肢にない値です",
            "error_message": "一覧から選んでください / choose from the list"[:255],
            "input_title": f.name[:32],
            "input_message": ("空欄は「いいえ」" if f.blank == "no" else " / ".join(values))[:255],
        },
    )


def _head(color: str) -> dict[str, Any]:
    return {
        "bold": True,
        "bg_color": color,
        "border": 1,
        "text_wrap": True,
        "valign": "top",
        "num_format": "@",
        "locked": True,
    }


def _check_sheet(book: Workbook, definition: Definition, rows: int, found: Sequence[CellCheck]) -> None:
    sheet = book.add_worksheet(CHECK)
    head, warn = book.add_format(_head("#E3EFFA")), book.add_format({"bold": True, "font_color": "#9C0006"})
    line = _titles(
        sheet, definition, warn, f"{definition.title['ja']} の点検（入力すると自動で計算されます / calculated as you type）"
    )
    names = ("項目名 / column", "点検 / check", "件数 / count", "最初の行 / first row", "結果 / result")
    for index, name in enumerate(names):
        sheet.write_string(line, index, name, head)
    used_column = "$H$2:$H$" + str(rows + 1)
    sheet.write_string(0, 6, "行 / row", head)
    sheet.write_string(0, 7, "記入 / filled", head)
    last = _column(len(definition.fields) - 1)
    for row in range(1, rows + 1):
        sheet.write_number(row, 6, row + 1)
        sheet.write_formula(row, 7, f"=IF(COUNTA({INPUT}!$A{row + 1}:${last}{row + 1})>0,1,0)", None, 0)
    places = {f.id: index for index, f in enumerate(definition.fields)}
    for offset, check in enumerate(found, start=1):
        column = _column(places[check.field])
        values = f"{INPUT}!${column}$2:${column}${rows + 1}"
        wrong = check.wrong.format(x=values, used=used_column, first=f"{INPUT}!${column}$2")
        row = line + offset
        sheet.write_string(row, 0, definition.field(check.field).name)
        sheet.write_string(row, 1, f"{check.ja} / {check.en}" + ("" if check.certain else "（確認）"))
        sheet.write_array_formula(row, 2, row, 2, f"{{=SUM(1*({wrong}>0))}}", None, 0)
        sheet.write_array_formula(
            row, 3, row, 3, f'{{=IF(C{row + 1}=0,"",MIN(IF({wrong}>0,ROW({values}),9999999)))}}', None, _NO_ROW
        )
        bad = "×" if check.certain else "△"
        sheet.write_formula(row, 4, f'=IF(C{row + 1}=0,"○","{bad}")', None, _FINE)
    total = line + len(found) + 1
    sheet.write_string(total, 0, "記入した行数 / rows filled in")
    sheet.write_formula(total, 2, f"=SUM({used_column})", None, 0)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 48)
    sheet.set_column(2, 4, 16)
    sheet.protect("", {"select_locked_cells": True, "select_unlocked_cells": True, "format_columns": True})


def _titles(sheet: Worksheet, definition: Definition, warn: Format, title: str) -> int:
    """Title, and the banner of a partly known edition; the line after them."""
    sheet.write_string(0, 0, title)
    if definition.evidence == "seen":
        return 2
    sheet.write_string(1, 0, BANNER, warn)
    sheet.write_string(2, 0, BANNER_EN, warn)
    return 4


def _guide_sheet(book: Workbook, definition: Definition, rule_set: str) -> None:
    sheet = book.add_worksheet(GUIDE)
    head, warn = book.add_format(_head("#E3EFFA")), book.add_format({"bold": True, "font_color": "#9C0006"})
    wrap = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    title = f"{definition.title['ja']}（{definition.edition} {definition.number}）列の説明 / about the columns"
    line = _titles(sheet, definition, warn, title)
    for index, name in enumerate(("項目名", "区分", "説明", "形式", "例")):
        sheet.write_string(line, index, name, head)
    for offset, f in enumerate(definition.fields, start=1):
        values = " / ".join(value for value in f.allowed if value)
        texts = (
            f.name,
            f.mark or ("" if f.mark == "" else "−"),
            note(f).partition("\n")[2],
            f.format or _TYPES.get(f.type, "文字列"),
        )
        for index, cell in enumerate((*texts, f.example)):
            sheet.write_string(line + offset, index, cell if index != 3 or not values else f"{cell} {values}".strip(), wrap)
    foot = line + len(definition.fields) + 2
    name = definition.file_name.replace("{code}", "団体コード6桁").replace("{date}", "yyyymmdd")
    sheet.write_string(foot, 0, f"ファイル名 / file name: {name}")
    sheet.write_string(foot + 1, 0, f"版 / version: {definition.version} {rule_set}".rstrip())
    for index, width in enumerate((32, 8, 50, 40, 36)):
        sheet.set_column(index, index, width)
    sheet.protect("", {"format_columns": True})


def _column(index: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(index))
