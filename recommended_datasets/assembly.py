"""Records and their layout → `Table`: columns, padding, and every flaw as an issue at its record, line and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from recommended_datasets.csv_records import Records
from recommended_datasets.layout_rows import Layout, filled
from recommended_datasets.report import Issue
from recommended_datasets.table import ReadError, Table

MAX_COLUMNS = 2_000
"""Columns of a header: far beyond any dataset, far below what an attack needs."""
_TURNED = 256
"""Rows that are turned into columns at once."""


def build_table(records: Records, layout: Layout, unreadable: set[tuple[int, int]], *, sheet: bool = False) -> Table:
    """The table of these records; `unreadable` holds (record, cell) of cells with broken bytes.

    In a `sheet` rows are as wide as the sheet is, so a cell missing at the end says nothing.
    """
    width = _width(layout, records)
    if width > MAX_COLUMNS:
        raise ReadError("too-many-columns", columns=width, limit=MAX_COLUMNS)
    header = list(layout.header[:width]) + [""] * (width - len(layout.header))
    named = max((c + 1 for c in range(width) if header[c].strip()), default=0)
    issues: list[Issue] = []
    rows: list[Sequence[str]] = []
    for number, index in enumerate(layout.data, 1):
        row = records.rows[index]
        if len(row) != width:
            if not sheet:
                issues += ragged(row, width, named, number, records.lines[index])
            row = row[:width] + [""] * (width - len(row))
        rows.append(row)
    columns = _columns(rows, width)
    kept = [c for c in range(width) if header[c].strip() or any(map(str.strip, columns[c]))]
    place = {c: i for i, c in enumerate(kept)}
    number_of = {index: n for n, index in enumerate(layout.data)} if records.flaws or unreadable or records.many_lined else {}
    cell_lines = places_of_cells(records, number_of, place)
    issues = header_issues(header, kept, layout, records) + issues
    issues += flaw_issues(records, header, number_of, place, cell_lines)
    issues += _row_issues(layout, records)
    issues.sort(key=lambda issue: (issue.record, issue.line))
    return Table(
        header=tuple(header[c] for c in kept),
        columns=tuple(columns[c] for c in kept),
        lines=[records.lines[index] for index in layout.data],
        header_line=records.lines[layout.header_row] if layout.header_row >= 0 else 0,
        notes=tuple(sorted(layout.notes, key=lambda note: note.line)),
        issues=tuple(issues),
        cell_lines=cell_lines,
        unreadable=frozenset((place[c], number_of[r]) for r, c in unreadable if r in number_of and c in place),
    )


def _columns(rows: Sequence[Sequence[str]], width: int) -> list[Sequence[str]]:
    """The columns of rows that are `width` cells wide. A few rows at a time, whose cells the cache still holds."""
    columns: list[list[str]] = [[] for _ in range(width)]
    for start in range(0, len(rows), _TURNED):
        for column, cells in zip(columns, zip(*rows[start : start + _TURNED], strict=True), strict=True):
            column += cells
    turned: list[Sequence[str]] = []
    while columns:  # one at a time, so that never all are held twice
        turned.append(tuple(columns.pop()))
    return turned[::-1]


def _width(layout: Layout, records: Records) -> int:
    """The header's width; wider only where at least half of the records agree on more cells that are not blank."""
    width = len(layout.header)
    data = [records.rows[index] for index in layout.data]
    longer = Counter(len(row) for row in data if len(row) > width and filled(row[width:]))
    if longer:
        wider, count = longer.most_common(1)[0]
        if count * 2 >= len(layout.data):
            return wider
    return width


def ragged(row: Sequence[str], width: int, named: int, number: int, line: int) -> list[Issue]:
    found = len(row)
    if found < named:
        values = (("expected", str(named)), ("found", str(found)))
        return [Issue("short-record", "warning", number, line, values=values)]
    extra = [cell for cell in row[width:] if cell.strip()]
    if extra:
        values = (("expected", str(width)), ("found", str(found)), ("extra", " / ".join(extra)[:10_000]))
        return [Issue("long-record", "error", number, line, value=extra[0][:200], values=values)]
    return []


def places_of_cells(records: Records, number_of: dict[int, int], place: dict[int, int]) -> dict[tuple[int, int], int]:
    lines: dict[tuple[int, int], int] = {}
    for index in records.many_lined:
        if index not in number_of:
            continue
        line = records.lines[index]
        for c, text in enumerate(records.rows[index]):
            if line != records.lines[index] and c in place:
                lines[place[c], number_of[index]] = line
            if text.isprintable():
                continue
            line += text.count("\n") + text.count("\r") - text.count("\r\n")
    return lines


def header_issues(header: Sequence[str], kept: Sequence[int], layout: Layout, records: Records) -> list[Issue]:
    if not kept:
        return []
    if layout.header_row < 0:
        return [Issue("header-missing", "error", line=records.lines[layout.data[0]] if layout.data else 0)]
    line = records.lines[layout.header_row]
    issues: list[Issue] = []
    seen: dict[str, int] = {}
    for c in kept:
        name = header[c].strip()
        if not name:
            issues.append(Issue("blank-header", "warning", line=line, values=(("number", str(c + 1)),)))
        elif name in seen:
            values = (("number", str(c + 1)), ("first", str(seen[name])))
            issues.append(Issue("duplicate-header", "warning", line=line, column=header[c], value=name, values=values))
        else:
            seen[name] = c + 1
    if not layout.data:
        issues.append(Issue("no-records", "warning", line=line))
    return issues


def flaw_issues(
    records: Records,
    header: Sequence[str],
    number_of: dict[int, int],
    place: dict[int, int],
    cell_lines: dict[tuple[int, int], int],
) -> list[Issue]:
    issues: list[Issue] = []
    for flaw in records.flaws:
        n = number_of.get(flaw.row, -1)
        column, line = "", 0
        if 0 <= flaw.cell < len(header):
            column = header[flaw.cell]
            line = cell_lines.get((place.get(flaw.cell, -1), n), 0)
        issues.append(Issue(flaw.code, flaw.severity, n + 1, flaw.line, "", column, flaw.value, line, flaw.values))
    return issues


def _row_issues(layout: Layout, records: Records) -> list[Issue]:
    issues = [Issue("blank-rows", "info", line=records.lines[r], values=(("count", str(n)),)) for r, n in layout.blank_runs]
    if layout.tables > 1:
        values = (("count", str(layout.tables)),)
        issues.append(Issue("several-tables", "warning", line=records.lines[layout.header_row], values=values))
    issues += [Issue("repeated-header", "info", line=records.lines[r]) for r in layout.repeated]
    return issues
