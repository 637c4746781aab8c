"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) → `Table`, by python-calamine.

The visible sheet with most column names of a standard is read; sheets with the same header are read as one table (a sheet
per district). Hidden sheets are never read. Formulas are never evaluated: their saved result counts, and a formula without
one is a cell that cannot be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from recommended_datasets.assembly import build_table
from recommended_datasets.csv_records import Records
from recommended_datasets.layout import lay_out
from recommended_datasets.layout_rows import Known, Layout, fold
from recommended_datasets.report import Issue
from recommended_datasets.side_by_side import unfold
from recommended_datasets.sniffing import WorkbookKind
from recommended_datasets.table import ReadError, Table
from recommended_datasets.workbook_calamine import grid_of, open_book, sheet_of
from recommended_datasets.workbook_cells import ISO
from recommended_datasets.workbook_grid import Grid
from recommended_datasets.workbook_guard import MAX_CELLS, guard
from recommended_datasets.workbook_parts import Parts
from recommended_datasets.workbook_xls import XlsParts

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


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
        guard(content, parts.watch, parts.reader)
    else:
        guard(content)
    names, hidden, book = open_book(content)
    if sheet is not None:
        wanted = [name for name in names if name == sheet] or [name for name in names if fold(name) == fold(sheet)]
        if not wanted:
            raise ReadError("sheet-not-found", sheet=sheet, sheets="、".join(names))
    else:
        wanted = names
    sheets: list[Sheet] = []
    cells = 0
    for name in wanted:
        size, grid = _cells(book, name, parts)
        if not size:
            continue
        cells += size
        if cells > MAX_CELLS:
            raise ReadError("too-many-cells", sheet=name, cells=cells, limit=MAX_CELLS)
        sheets.append(_read_sheet(grid(), name, header_line, known))
    sheets = [one for one in sheets if one.records.rows]
    if not sheets:
        raise ReadError("no-visible-sheet")
    best = max(sheets, key=lambda one: (one.names, one.size))
    group = [one for one in sheets if one is best or (one.layout.data and _same_header(one, best))]
    table = _join(group)
    others = [one.name for one in sheets if one not in group and one.layout.data]
    return replace(table, issues=(*table.issues, *_sheet_issues(group, others, hidden)))


def _cells(book: CalamineWorkbook, name: str, parts: Parts | XlsParts | None) -> tuple[int, Callable[[], Grid]]:
    """How many cells a sheet has, and what reads them."""
    plain = parts.grid(name) if isinstance(parts, Parts) else None
    if plain:
        return plain.size, lambda: plain
    source = sheet_of(book, name)
    rows, columns = source.end or (-1, -1)
    marks = parts.marks(name) if parts else None
    return (rows + 1) * (columns + 1), lambda: grid_of(source, marks, parts.date_style if parts else ISO)


def _read_sheet(grid: Grid, name: str, header_line: int, known: Known | None) -> Sheet:
    rows, top, unreadable = grid.rows, grid.top, grid.unreadable
    filled_down, covered = _fill_merged(grid) if grid.merged else ([], set[int]())
    records = Records(rows, list(range(top + 1, top + len(rows) + 1)), grid.flaws)
    layout = lay_out(records.rows, records.lines, known, header_line)
    layout.blank_runs = [(r, n) for r, n in layout.blank_runs if not covered.issuperset(range(r, r + n))]
    records, layout, unreadable = unfold(records, layout, unreadable, known)
    names = sum(1 for cell in layout.header if cell.strip() and known(cell)) if known else 0
    head = max(layout.header_rows, default=-1)
    merged_rows = Counter(c for r, c in filled_down if head < r < layout.end)
    return Sheet(name, records, layout, unreadable, names, merged_rows)


def _fill_merged(grid: Grid) -> tuple[list[tuple[int, int]], set[int]]:
    """A cell merged over several rows says the same of each of them. The (row, cell) that got a value, and the rows that
    are nothing but the lower part of a record two or more rows high."""
    rows, top, left = grid.rows, grid.top, grid.left
    filled_down: list[tuple[int, int]] = []
    covered: set[int] = set()
    tall = {r for r, row in enumerate(rows) if not any(map(str.strip, row))}  # the rest of a record that is two rows high
    for (first, column), (last, _) in grid.merged:
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
