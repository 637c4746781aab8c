"""`Table`: a decoded file — header, cells as text, and where in the file each record stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from recommended_datasets.report import Issue

NoteKind = Literal["title", "note", "band", "total", "blank", "property", "header"]


class ReadError(Exception):
    """The bytes cannot be read as a table at all. `code` is a key of `messages.yaml`, `values` fill its text."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Note:
    """A line that is no record: a title above the header, a band (【国分地区】), a total, a note, a LinkData property, the
    header once more (joined files), or a run of `count` blank lines."""

    kind: NoteKind
    line: int
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A file, or one block of a large file, as text.

    `columns[c][r]` is the cell of column c in row r exactly as decoded (nothing trimmed or folded); every column has
    `len(lines)` cells. `lines[r]` is the physical line, from 1, on which the record begins (in a workbook: the sheet's
    row); record numbers count from `first_record`. Blank records, bands, totals and notes are in `notes`, not in rows.
    In the fast lane the columns are `fast_cells.Texts`; they index, iterate and count like lists.
    """

    header: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    lines: Sequence[int]
    encoding: str = "utf-8"
    """utf-8, utf-8-sig, cp932, euc_jp, utf-16, iso2022_jp; "" for a workbook."""
    header_line: int = 1
    delimiter: str = ","
    newline: str = "\r\n"
    sheet: str = ""
    """The sheet read; where several with one header were joined, all of them, joined by 、."""
    sheets: tuple[tuple[int, str], ...] = ()
    """(row index of its first record, name) of each sheet; `lines` are rows of that sheet."""
    first_record: int = 1
    notes: tuple[Note, ...] = ()
    issues: tuple[Issue, ...] = ()
    """What was wrong with the bytes: broken bytes, unclosed quotes, short and long records …"""
    sha256: str = ""
    cell_lines: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    """(column, row) → physical line where a cell does not begin on its record's line (multi-line records only)."""
    unreadable: frozenset[tuple[int, int]] = frozenset()
    """(column, row) of cells that hold broken bytes: unknown, whatever their text looks like."""

    @property
    def row_count(self) -> int:
        return len(self.lines)

    def record(self, row: int) -> int:
        """The record number, from 1, of row index `row`, from 0."""
        return self.first_record + row

    def sheet_of(self, row: int) -> str:
        """The sheet on which row index `row` stands; "" for a text file."""
        return next((name for start, name in reversed(self.sheets) if start <= row), self.sheet)

    def row(self, row: int) -> tuple[str, ...]:
        return tuple(column[row] for column in self.columns)

    def with_columns(self, header: tuple[str, ...], columns: tuple[Sequence[str], ...]) -> Table:
        return replace(self, header=header, columns=columns)
