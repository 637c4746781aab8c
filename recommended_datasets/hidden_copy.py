"""`clean_copy`: a new .xlsx that holds what a workbook shows and nothing else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import copy
from typing import Any

from recommended_datasets.hidden import HiddenSheet, Span, look
from recommended_datasets.sniffing import workbook_kind
from recommended_datasets.table import ReadError


def clean_copy(data: bytes) -> bytes:
    """The visible cells of the visible sheets as a new workbook: values (formulas by their last result), number formats,
    fonts, fills, borders, widths and merged cells. No hidden sheet, row or column, filter, comment, name, cache, link,
    macro, picture or author. An .xls or .ods becomes .xlsx with values only. Raises `ReadError`."""
    import openpyxl

    view = look(data)
    known = {sheet.name: sheet for sheet in view.sheets}
    target = openpyxl.Workbook()
    for sheet in list(target.worksheets):
        target.remove(sheet)
    if workbook_kind(data) == "xlsx":
        try:
            source = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
        except Exception as error:  # openpyxl raises many kinds on what Excel would repair
            raise ReadError("broken-workbook", reason=str(error)) from error
        for sheet in source.worksheets:
            if known.get(sheet.title, HiddenSheet("")).state == "visible" and sheet.sheet_state == "visible":
                _copy_sheet(sheet, target.create_sheet(sheet.title), known.get(sheet.title) or HiddenSheet(sheet.title))
    else:
        _copy_values(data, target, known)
    if not target.worksheets:
        raise ReadError("no-visible-sheet")
    target.properties.creator = None
    out = io.BytesIO()
    target.save(out)
    return out.getvalue()


def _kept(count: int, hidden: Sequence[Span]) -> dict[int, int]:
    """Old index → new index of what stays, both from 0."""
    gone = {index for first, last in hidden for index in range(first, min(last, count) + 1)}
    return {old: new for new, old in enumerate(i for i in range(count) if i not in gone)}


def _copy_sheet(source: Any, target: Any, hidden: HiddenSheet) -> None:
    from openpyxl.utils import get_column_letter

    rows = _kept(source.max_row, hidden.rows)
    columns = _kept(source.max_column, hidden.columns)
    styles: dict[int, Any] = {}
    for row in source.iter_rows():
        for cell in row:
            new_row, new_column = rows.get(cell.row - 1), columns.get(cell.column - 1)
            if new_row is None or new_column is None or (cell.value is None and not cell.has_style):
                continue
            new = target.cell(new_row + 1, new_column + 1)
            new.value = cell.value
            if cell.data_type == "s":
                new.data_type = "s"  # a text that begins with = stays a text
            if cell.has_style:
                _style(cell, new, styles)
    for old, new in columns.items():
        letter = get_column_letter(old + 1)
        if letter in source.column_dimensions:
            target.column_dimensions[get_column_letter(new + 1)].width = source.column_dimensions[letter].width
    for area in source.merged_cells.ranges:
        top_left = (rows.get(area.min_row - 1), columns.get(area.min_col - 1))
        edges = [*top_left, rows.get(area.max_row - 1), columns.get(area.max_col - 1)]
        if None not in edges:
            top, left, bottom, right = (edge + 1 for edge in edges if edge is not None)
            target.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)


def _style(cell: Any, new: Any, styles: dict[int, Any]) -> None:
    """A style is copied part by part once and then shared; copying it for each cell takes minutes."""
    made = styles.get(cell.style_id)
    if made is None:
        new.font, new.fill, new.border = copy(cell.font), copy(cell.fill), copy(cell.border)
        new.alignment, new.number_format = copy(cell.alignment), cell.number_format
        styles[cell.style_id] = copy(new._style)
    else:
        new._style = copy(made)


def _copy_values(data: bytes, target: Any, known: dict[str, HiddenSheet]) -> None:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    for name in book.sheet_names:
        hidden = known.get(name) or HiddenSheet(name)
        if hidden.state != "visible":
            continue
        values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        sheet = target.create_sheet(name)
        columns = _kept(max((len(row) for row in values), default=0), hidden.columns)
        for row in _kept(len(values), hidden.rows):
            sheet.append([_plain(values[row][c]) for c in columns if c < len(values[row])])


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else None if value == "" else value
