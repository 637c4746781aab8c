"""What python-calamine does not tell about an .xls: its extent before it is opened, number formats, errors. By xlrd."""

from __future__ import annotations

import importlib
import os
from typing import Any

from recommended_datasets.table import ReadError
from recommended_datasets.workbook_cells import ISO, date_style, digit_style
from recommended_datasets.workbook_grid import Marks
from recommended_datasets.workbook_guard import MAX_CELLS

MAX_BYTES = 32 << 20
"""An .xls has at most 65,536 rows; larger ones are for .xlsx."""


class XlsParts:
    """The sheets of one .xls, measured; raises `ReadError` where calamine would lay out too many cells."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_BYTES:
            raise ReadError("too-large", megabytes=len(data) >> 20, limit=MAX_BYTES >> 20)
        self._xlrd: Any = importlib.import_module("xlrd")
        try:
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                self._book: Any = self._xlrd.open_workbook(
                    file_contents=data,
                    formatting_info=True,
                    ragged_rows=True,
                    ignore_workbook_corruption=True,
                    logfile=nowhere,
                )
        except self._xlrd.XLRDError as error:
            encrypted = "encrypted" in str(error).lower()
            raise ReadError("encrypted-workbook" if encrypted else "broken-workbook", reason=str(error)[:200]) from error
        except Exception as error:  # xlrd raises many kinds on damaged files
            raise ReadError("broken-workbook", reason=(str(error) or type(error).__name__)[:200]) from error
        for sheet in self._book.sheets():
            if sheet.nrows * sheet.ncols > MAX_CELLS:
                raise ReadError("too-many-cells", sheet=sheet.name, cells=sheet.nrows * sheet.ncols, limit=MAX_CELLS)
        self._codes: list[str] = [self._format_code(style) for style in self._book.xf_list]
        dates = [style for style in map(date_style, self._codes) if style]
        self.date_style = max(sorted(set(dates)), key=dates.count) if dates else ISO

    def _format_code(self, style: Any) -> str:
        found = self._book.format_map.get(style.format_key)
        # Built-in format 14 is stored in the American way; a Japanese Excel shows 2024/4/1.
        return "yyyy/m/d" if style.format_key == 14 else (found.format_str if found else "")

    def marks(self, sheet: str) -> Marks:
        """Error values, and numbers and dates whose format says more than the usual one."""
        marks = Marks()
        page = next((one for one in self._book.sheets() if one.name == sheet), None)
        if page is None:
            return marks
        kinds = self._xlrd
        days: list[str | None] = [date_style(code) for code in self._codes]
        digits: list[str | None] = [digit_style(code) for code in self._codes]
        for r in range(page.nrows):
            types: list[int] = list(page.row_types(r))
            for c, kind in enumerate(types):
                if kind == kinds.XL_CELL_ERROR:
                    code = page.cell_value(r, c)
                    marks.errors[r + 1, c] = kinds.error_text_from_code.get(code, "#N/A")
                elif kind == kinds.XL_CELL_NUMBER:
                    style = digits[int(page.cell_xf_index(r, c))]
                    if style:
                        marks.digits[r + 1, c] = style
                elif kind == kinds.XL_CELL_DATE:
                    style = days[int(page.cell_xf_index(r, c))]
                    if style and style != self.date_style:
                        marks.dates[r + 1, c] = style
        return marks
