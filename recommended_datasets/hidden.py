"""What nobody sees in a workbook: hidden sheets, rows and columns, filters, comments, names, caches, links, properties.

`look` reads the parts of an .xlsx, .xlsm or .ods itself (python-calamine shows cells only) and of an .xls what its reader
tells; `scan_workbook` adds the personal data in every cell and in every hidden text.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from recommended_datasets.definition import Definition
from recommended_datasets.report import Severity
from recommended_datasets.sensitive import Scan, scan_text
from recommended_datasets.sensitive_finding import Finding, cell_name, mask_text
from recommended_datasets.sensitive_people import is_person_list, name_columns
from recommended_datasets.table import ReadError, Table

Span = tuple[int, int]
"""First and last row or column, from 0, both included."""


@dataclass(slots=True)
class HiddenSheet:
    """What is hidden on one sheet. `state` is ``visible``, ``hidden`` or ``very-hidden``."""

    name: str
    state: str = "visible"
    rows: list[Span] = field(default_factory=list[Span])
    columns: list[Span] = field(default_factory=list[Span])
    filtered: bool = False
    """A filter is on: its hidden rows are filtered ones."""
    comments: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(cell, text)"""


@dataclass(slots=True)
class Look:
    """All that a workbook does not show. `extras` are (code, where, text, severity) of things that belong to no sheet."""

    sheets: list[HiddenSheet] = field(default_factory=list[HiddenSheet])
    extras: list[tuple[str, str, str, Severity]] = field(default_factory=list[tuple[str, str, str, Severity]])
    texts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(part, text) of everything else that holds words: text boxes, shared strings left behind by deleted cells."""


def scan_workbook(data: bytes, definition: Definition | None = None, *, small_count: int = 3) -> list[Finding]:
    """Findings of all sheets, seen and hidden, and of everything around them, sheet by sheet. Raises `ReadError`."""
    view = look(data)
    findings: list[Finding] = []
    clear: set[str] = set()
    known = {sheet.name: sheet for sheet in view.sheets}
    for name, rows in _sheets(data):
        sheet = known.get(name) or HiddenSheet(name)
        table = _as_table(name, rows)
        findings += _shape_findings(sheet, rows, table)
        if table is not None:
            work = Scan(definition, small_count=small_count, sheet=name)
            work.feed(table)
            findings += work.finish()
            clear.update(cell for column in table.columns for cell in column if len(cell) >= 8)
            clear.update(table.header)
        for cell, text in sheet.comments:
            findings.append(Finding("comment", "info", mask_text(text), line=_row_of(cell), sheet=name, cell=cell))
            findings += _text_findings(text, name, cell)
    for code, where, text, severity in view.extras:
        findings.append(Finding(code, severity, mask_text(text), sheet=where))
        findings += _text_findings(text, where, "")
    for part, text in view.texts:
        if text not in clear:
            findings += _text_findings(text, part, "")
    return findings


def look(data: bytes) -> Look:
    """What the workbook hides. Raises `ReadError` for what is no workbook, is damaged or unsafe."""
    from recommended_datasets.sniffing import workbook_kind

    kind = workbook_kind(data)
    if kind == "ods":
        from recommended_datasets.hidden_ods import look_ods

        return look_ods(data)
    if kind == "xls":
        from recommended_datasets.hidden_xls import look_xls

        return look_xls(data)
    if kind in ("xlsx", "xlsb"):
        from recommended_datasets.hidden_xlsx import look_xlsx

        return look_xlsx(data)
    raise ReadError("broken-workbook", reason="")


def _text_findings(text: str, sheet: str, cell: str) -> Iterator[Finding]:
    for code, severity, value in scan_text(text):
        yield Finding(code, severity, value, line=_row_of(cell), sheet=sheet, cell=cell)


def _row_of(cell: str) -> int:
    digits = "".join(c for c in cell if c.isdigit())
    return int(digits) if digits else 0


def _shape_findings(sheet: HiddenSheet, rows: Sequence[Sequence[str]], table: Table | None) -> Iterator[Finding]:
    """Hidden things count only where cells hold something: hiding all unused columns is good manners."""
    people = table is not None and bool(name_columns(table.header))
    if sheet.state != "visible":
        cells = sum(1 for row in rows for cell in row if cell)
        if cells:
            # A list of persons on a sheet that nobody sees is never meant to be published.
            yield Finding(f"{sheet.state}-sheet", "error" if people else "warning", f"{cells}", sheet=sheet.name)
    for first, last in sheet.rows:
        filled = sum(1 for row in rows[first: last + 1] if any(row))
        if filled:
            code = "filtered-row" if sheet.filtered else "hidden-row"
            yield Finding(code, "warning", f"{filled}", line=first + 1, sheet=sheet.name, cell=_span(first + 1, last + 1))
    for first, last in sheet.columns:
        used = [c for c in range(first, last + 1) if any(c < len(row) and row[c] for row in rows)]
        if used:
            header = [table.header[c] for c in used if table is not None and c < len(table.header)]
            severity: Severity = "error" if header and (name_columns(header) or is_person_list(header)) else "warning"
            letters = _span(cell_name(0, used[0])[:-1], cell_name(0, used[-1])[:-1])
            yield Finding(
                "hidden-column", severity, f"{len(used)}", sheet=sheet.name, cell=letters, column="、".join(header[:3])
            )


def _span(first: object, last: object) -> str:
    return f"{first}" if first == last else f"{first}:{last}"


def _sheets(data: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """(name, rows of texts from A1) of every sheet with cells."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
    except python_calamine.PasswordError as error:
        raise ReadError("encrypted-workbook") from error
    except Exception as error:  # calamine maps its many errors to several classes
        raise ReadError("broken-workbook", reason=str(error)) from error
    for name in names:
        try:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except Exception:  # a chart sheet, or a damaged one that the reader will report
            rows = []
        yield name, [[_text(value) for value in row] for row in rows]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)


def _as_table(name: str, rows: Sequence[Sequence[str]]) -> Table | None:
    """The sheet as one table under its likeliest header row; what stands above it is scanned as notes."""
    from recommended_datasets.table import Note

    width = max((len(row) for row in rows), default=0)
    if not width:
        return None
    head = _header_row(rows)
    header = tuple((*rows[head], *[""] * (width - len(rows[head]))))
    body = rows[head + 1:]
    columns = tuple(tuple(row[c] if c < len(row) else "" for row in body) for c in range(width))
    notes = tuple(
        Note("note", line, cell) for line, row in enumerate(rows[: head + 1], 1) for cell in row if len(cell) >= 8
    )
    return Table(header, columns, range(head + 2, head + 2 + len(body)), header_line=head + 1, sheet=name, notes=notes)


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """The first of the top rows that is nearly as wide as the widest and has no numbers."""
    top = rows[:40]
    filled = [sum(1 for cell in row if cell) for row in top]
    widest = max(filled, default=0)
    for index, row in enumerate(top):
        numbers = sum(1 for cell in row if cell and cell.strip().replace(".", "", 1).isdecimal())
        if filled[index] >= max(1, 0.6 * widest) and numbers * 3 <= filled[index]:
            return index
    return 0
