"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) → `Table`, by python-calamine.

The visible sheet with most column names of a standard is read; sheets with the same header are read as one table (a sheet
per district). Hidden sheets are never read. Formulas are never evaluated: their saved result counts, and a formula without
one is a cell that cannot be read.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from recommended_datasets.assembly import build_table
from recommended_datasets.csv_records import Flaw, Records
from recommended_datasets.layout import lay_out
from recommended_datasets.layout_rows import Known, Layout, fold
from recommended_datasets.report import Issue
from recommended_datasets.side_by_side import unfold
from recommended_datasets.sniffing import WorkbookKind
from recommended_datasets.table import ReadError, Table
from recommended_datasets.workbook_cells import ISO, by_digits, cell_text, row_texts
from recommended_datasets.workbook_guard import MAX_CELLS, guard
from recommended_datasets.workbook_parts import Marks, Parts
from recommended_datasets.workbook_xls import XlsParts

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_DURATION = re.compile(r"PT(\d{1,4})H(\d\d)M(\d\d)(?:[.,]\d+)?S$")
_ERROR = re.compile(r"(?:#(?:DIV/0!|N/A|REF!|VALUE!|NAME\?|NUM!|NULL!)|Err:5\d\d)$")

Area = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of a merged cell, from 0."""


@dataclass(slots=True)
class Sheet:
    """One sheet as text, with its layout."""

    name: str
    records: Records
    layout: Layout
    unreadable: set[tuple[int, int]]
    names: int
    """Cells of the header that are column names of a standard."""
    merged: Counter[int] = field(default_factory=Counter[int])
    """Column → rows that got the value of a merged cell."""

    @property
    def size(self) -> int:
        return len(self.layout.data) * sum(1 for cell in self.layout.header if cell.strip())


def read_workbook(
    content: bytes, kind: WorkbookKind, *, sheet: str | None = None, header_line: int = 0, known: Known | None = None
) -> Table:
    """The best matching visible sheet of a workbook, or the `sheet` asked for, as a table. Raises `ReadError`."""
    parts: Parts | XlsParts | None = None
    if kind == "xls":
        parts = XlsParts(content)
    elif kind == "xlsx":
        parts = Parts(content)
        guard(content, parts.watch)
    else:
        guard(content)
    names, hidden, book = _open(content)
    if sheet is not None:
        wanted = [name for name in names if name == sheet] or [name for name in names if fold(name) == fold(sheet)]
        if not wanted:
            raise ReadError("sheet-not-found", sheet=sheet, sheets="、".join(names))
    else:
        wanted = names
    sheets: list[Sheet] = []
    cells = 0
    for name in wanted:
        source = _sheet(book, name)
        if source.end is None:
            continue
        cells += (source.end[0] + 1) * (source.end[1] + 1)
        if cells > MAX_CELLS:
            raise ReadError("too-many-cells", sheet=name, cells=cells, limit=MAX_CELLS)
        sheets.append(_read_sheet(source, name, parts, header_line, known))
    sheets = [one for one in sheets if one.records.rows]
    if not sheets:
        raise ReadError("no-visible-sheet")
    best = max(sheets, key=lambda one: (one.names, one.size))
    group = [one for one in sheets if one is best or (one.layout.data and _same_header(one, best))]
    table = _join(group)
    others = [one.name for one in sheets if one not in group and one.layout.data]
    return replace(table, issues=(*table.issues, *_sheet_issues(group, others, hidden)))


def _open(content: bytes) -> tuple[list[str], list[str], CalamineWorkbook]:
    """Names of the visible and of the hidden worksheets, and calamine's workbook."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [one for one in book.sheets_metadata if one.typ == python_calamine.SheetTypeEnum.WorkSheet]
    except python_calamine.PasswordError as error:
        raise ReadError("encrypted-workbook") from error
    except BaseException as error:
        raise _broken(error) from error
    visible = python_calamine.SheetVisibleEnum.Visible
    return [one.name for one in sheets if one.visible == visible], [one.name for one in sheets if one.visible != visible], book


def _broken(error: BaseException) -> BaseException:
    """calamine's errors, and the panics of its Rust code (no `Exception`), as a `ReadError`."""
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, ReadError)):
        return error
    return ReadError("broken-workbook", reason=str(error).splitlines()[0][:200] if str(error) else type(error).__name__)


def _sheet(book: CalamineWorkbook, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except BaseException as error:
        raise _broken(error) from error


def _read_sheet(
    source: CalamineSheet, name: str, parts: Parts | XlsParts | None, header_line: int, known: Known | None
) -> Sheet:
    marks = parts.marks(name) if parts else Marks()
    style = parts.date_style if parts else ISO
    memo: dict[object, str] = {}
    try:
        first_row, left = source.start or (0, 0)
        values = cast("Iterator[list[object]]", source.iter_rows())
        cells = list(values) if marks else None
        rows = [] if marks else [row_texts(row, style, memo) for row in values]
        merged = source.merged_cell_ranges or []
    except BaseException as error:
        raise _broken(error) from error
    last_row = (source.end or (0, 0))[0]
    top = 0 if len(cells or rows) == last_row + 1 else first_row
    flaws, wrong = _special_cells(cells, marks, top, left) if cells else ([], dict[tuple[int, int], str]())
    unreadable = set(wrong)
    if cells:
        rows = [row_texts(row, style, memo) for row in cells]
        del cells
    for (r, c), text in wrong.items():
        rows[r][c] = text
    if parts is None:
        unreadable |= _plain_texts(rows, flaws, top)
    filled_down, covered = _fill_merged(rows, merged, top, left)
    records = Records(rows, list(range(top + 1, top + len(rows) + 1)), flaws)
    layout = lay_out(records.rows, records.lines, known, header_line)
    layout.blank_runs = [(r, n) for r, n in layout.blank_runs if not covered.issuperset(range(r, r + n))]
    records, layout, unreadable = unfold(records, layout, unreadable, known)
    names = sum(1 for cell in layout.header if cell.strip() and known(cell)) if known else 0
    head = max(layout.header_rows, default=-1)
    merged_rows = Counter(c for r, c in filled_down if head < r < layout.end)
    return Sheet(name, records, layout, unreadable, names, merged_rows)


def _plain_texts(rows: list[list[str]], flaws: list[Flaw], top: int) -> set[tuple[int, int]]:
    """In .ods and .xlsb errors come as text, and times of 24:00 and later as PT24H00M00S."""
    errors: set[tuple[int, int]] = set()
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if text.startswith("PT"):
                time = _DURATION.match(text)
                if time:
                    row[c] = f"{int(time[1])}:{time[2]}" + (f":{time[3]}" if int(time[3]) else "")
            elif text.startswith(("#", "Err:")) and _ERROR.match(text):
                errors.add((r, c))
                flaws.append(Flaw("cell-error", "error", r, c, top + r + 1, text))
    return errors


def _special_cells(
    values: list[list[object]], marks: Marks, top: int, left: int
) -> tuple[list[Flaw], dict[tuple[int, int], str]]:
    """Puts the cells that have a format of their own into `values` as text; flaws and texts of those that cannot be read."""
    flaws: list[Flaw] = []
    unreadable: dict[tuple[int, int], str] = {}

    def index(place: tuple[int, int]) -> tuple[int, int] | None:
        r, c = place[0] - 1 - top, place[1] - left
        return (r, c) if 0 <= r < len(values) and 0 <= c < len(values[r]) else None

    for place, style in marks.digits.items():
        at = index(place)
        if at:
            value = values[at[0]][at[1]]
            if isinstance(value, float):
                values[at[0]][at[1]] = by_digits(value, style) or value
    for place, style in marks.dates.items():
        at = index(place)
        if at and not isinstance(values[at[0]][at[1]], (str, float)):
            values[at[0]][at[1]] = cell_text(values[at[0]][at[1]], style)
    for place, text in marks.errors.items():
        at = index(place)
        if at:
            unreadable[at] = text
            flaws.append(Flaw("cell-error", "error", *at, place[0], text))
    for place, formula in marks.bare.items():
        at = index(place)
        if at and values[at[0]][at[1]] == "":
            unreadable[at] = f"={formula}" if formula else ""
            flaws.append(Flaw("formula-without-value", "error", *at, place[0], unreadable[at][:200]))
    return flaws, unreadable


def _fill_merged(rows: list[list[str]], merged: Sequence[Area], top: int, left: int) -> tuple[list[tuple[int, int]], set[int]]:
    """A cell merged over several rows says the same of each of them. The (row, cell) that got a value, and the rows that
    are nothing but the lower part of a record two or more rows high."""
    filled_down: list[tuple[int, int]] = []
    covered: set[int] = set()
    tall = {r for r, row in enumerate(rows) if not any(map(str.strip, row))}  # the rest of a record that is two rows high
    for (first, column), (last, _) in merged:
        r, c = first - top, column - left
        if last <= first or not 0 <= r < len(rows) or not 0 <= c < len(rows[r]) or not rows[r][c].strip():
            continue
        for below in range(r + 1, min(last - top, len(rows) - 1) + 1):
            if below in tall:
                covered.add(below)
            elif not rows[below][c]:
                rows[below][c] = rows[r][c]
                filled_down.append((below, c))
    return filled_down, covered


def _same_header(one: Sheet, other: Sheet) -> bool:
    def names(sheet: Sheet) -> list[str]:
        folded = [fold(cell) for cell in sheet.layout.header]
        while folded and not folded[-1]:
            folded.pop()
        return folded

    return names(one) == names(other)


def _join(sheets: Sequence[Sheet]) -> Table:
    """Sheets with one header as one table; `Table.sheets` says where each begins."""
    first = sheets[0]
    records, layout, unreadable = first.records, first.layout, set(first.unreadable)
    starts = [(0, first.name)]
    for sheet in sheets[1:]:
        offset = len(records.rows)
        starts.append((len(layout.data), sheet.name))
        records.rows.extend(sheet.records.rows)
        records.lines.extend(sheet.records.lines)
        records.flaws.extend(replace(flaw, row=flaw.row + offset) for flaw in sheet.records.flaws)
        layout.data.extend(index + offset for index in sheet.layout.data)
        layout.notes.extend(sheet.layout.notes)
        layout.repeated.extend(index + offset for index in sheet.layout.repeated)
        layout.blank_runs.extend((index + offset, count) for index, count in sheet.layout.blank_runs)
        unreadable |= {(r + offset, c) for r, c in sheet.unreadable}
    table = build_table(records, layout, unreadable, sheet=True)
    return replace(table, encoding="", sheet="、".join(sheet.name for sheet in sheets), sheets=tuple(starts))


def _sheet_issues(group: Sequence[Sheet], others: Sequence[str], hidden: Sequence[str]) -> list[Issue]:
    issues: list[Issue] = []
    names = "、".join(sheet.name for sheet in group)
    if len(group) > 1:
        issues.append(Issue("sheets-joined", "info", values=(("count", str(len(group))), ("sheets", names))))
    if others:
        issues.append(Issue("other-sheets", "info", values=(("sheet", names), ("others", "、".join(others)))))
    if hidden:
        issues.append(Issue("hidden-sheet-not-read", "warning", values=(("sheets", "、".join(hidden)),)))
    for sheet in group:
        for c, count in sorted(sheet.merged.items()):
            if c < len(sheet.layout.header):
                column = sheet.layout.header[c]
                issues.append(Issue("merged-cells", "info", column=column, values=(("count", str(count)),)))
    return issues
