"""Which records of a large file are data, piece by piece: `layout` without all rows at hand.

Nearly every row is plainly a record. The others come here one by one, in order; anything that only a view of the whole file
could decide (several tables, parts under their own headings) is `Unsuitable`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recommended_datasets import automaton
from recommended_datasets.fast_cells import Cells, Flags, Rows
from recommended_datasets.fast_source import Unsuitable
from recommended_datasets.layout import other_tables
from recommended_datasets.layout_rows import (
    ODD_STARTS,
    Known,
    Layout,
    filled,
    first_column_is_numbers,
    kind_of,
    row_text,
)
from recommended_datasets.report import Issue
from recommended_datasets.table import Note

_STARTS = "".join(sorted(ODD_STARTS))


class Suspicious(NamedTuple):
    """A row that may be no record. `line` is its physical line, from 1, `lines` how many it takes."""

    line: int
    lines: int
    row: Sequence[str]


class Blanks(NamedTuple):
    """What the end of a piece leaves open: a run of blank rows, or a row after which no header of another table may stand."""

    line: int
    blanks: int
    next: int
    empty_above: int


_NONE_OPEN = Blanks(0, 0, 0, 0)


class Sorter:
    """Sorts the suspicious rows of a file: data or note. Keeps the run of blank rows that may go on in the next piece."""

    def __init__(self, head: Layout, rows: Sequence[Sequence[str]], known: Known | None, *, alone: bool) -> None:
        """`head`: the layout of the file's first `rows`. `alone`: other tables in the file need not be looked for."""
        self._header = [cell.strip() for cell in head.header]
        self.named = self._header[0] if self._header else ""
        start = max(head.header_rows, default=-1) + 1
        self._numbered = first_column_is_numbers(rows, start)
        self._head, self._known = head, None if alone else known
        self._blank_line = self._blanks = self._blank_next = 0
        self._empty_above = 0
        """Line that follows a (nearly) blank row: no header of another table may stand there."""
        self.notes: list[Note] = []
        self.issues: list[Issue] = []

    def resume(self, blanks: Blanks | None) -> None:
        """Go on after a piece that left this open."""
        self._blank_line, self._blanks, self._blank_next, self._empty_above = blanks or _NONE_OPEN
        self.notes, self.issues = [], []

    def left_open(self, line: int) -> Blanks | None:
        """For a next piece that begins on `line`; None where nothing is open."""
        if not self._blanks and self._empty_above != line:
            return None
        return Blanks(self._blank_line, self._blanks, self._blank_next, self._empty_above)

    def is_data(self, found: Suspicious, *, any_before: bool) -> bool:
        """Whether this row is a record. `any_before`: there were records already."""
        if found.line == self._empty_above:
            self.refuse_header(found.row)
        row = found.row
        if not "".join(row).strip():
            self._blank(found, any_before)
            return False
        self.close_blanks(any_before)
        size = filled(row)
        if size <= 1:
            self._empty_above = found.line + found.lines
        kind = None
        if not self._plainly(row):
            kind = kind_of(row, self._header, len(self._header), self._numbered, at_head=not any_before)
        if kind is None:
            return True
        if kind == "header":
            if self._empty_above == found.line:
                raise Unsuitable("a part with a heading of its own")
            self.issues.append(Issue("repeated-header", "info", line=found.line))
        self.notes.append(Note(kind, found.line, row_text(row)))
        return False

    def refuse_header(self, row: Sequence[str]) -> None:
        """The row after a (nearly) blank one: the exact reader looks whether another table begins there."""
        above: list[Sequence[str]] = [()] * (max(self._head.header_rows, default=0) + 1)
        if self._known and other_tables(self._head, [*above, row], self._known):
            raise Unsuitable("several tables")

    @property
    def empty_above(self) -> int:
        return self._empty_above

    def _plainly(self, row: Sequence[str]) -> bool:
        first = row[0]
        few = len(row) - row.count("") <= 2
        return not few and bool(first) and first != self.named and first[0] not in ODD_STARTS and "計" not in first

    def _blank(self, found: Suspicious, any_before: bool) -> None:
        if self._blanks and found.line != self._blank_next:
            self.close_blanks(any_before)
        if not self._blanks:
            self._blank_line = found.line
        self._blanks += 1
        self._blank_next = self._empty_above = found.line + found.lines

    def close_blanks(self, any_before: bool, *, at_end: bool = False) -> None:
        """Ends a run of blank rows: a note, and an issue where records stand on both sides."""
        if self._blanks:
            self.notes.append(Note("blank", self._blank_line, "", self._blanks))
            if any_before and not at_end:
                values = (("count", str(self._blanks)),)
                self.issues.append(Issue("blank-rows", "info", line=self._blank_line, values=values))
            self._blanks = 0

    @property
    def blanks_open(self) -> bool:
        return self._blanks > 0

    @property
    def blank_next(self) -> int:
        return self._blank_next


def suspicious(cells: Cells, named: str) -> Rows:
    """Rows that may be no record: nearly blank, or beginning like a title, a total, a note or the header."""
    if not cells.height:
        return np.empty(0, np.int64)
    rows = cells.column(0).match(automaton.table(rf"{re.escape(named)}|[{re.escape(_STARTS)}].*|.*計.*"))
    rows |= cells.blank(0)
    few = _maybe_few(cells)
    rows[few] |= cells.filled(few) <= 2
    return np.flatnonzero(rows)


def _maybe_few(cells: Cells) -> Rows:
    """Rows in which one of three nearly always filled columns is blank: only they may have no more than two cells."""
    gaps: list[Flags] = []
    for c in range(cells.width):
        blank = cells.blank(c)
        if np.count_nonzero(blank) * 100 <= cells.height:
            gaps.append(blank)
        if len(gaps) == 3:
            return np.flatnonzero(gaps[0] | gaps[1] | gaps[2])
    return np.arange(cells.height)
