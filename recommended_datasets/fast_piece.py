"""One piece of a large file as a `Table`: its records, which of them are data, what was wrong with the bytes.

A piece is read as if it began with a record and nothing were open before it. Where that was not so, `Read.rest` or
`Read.blanks` of the piece before it says so, and it is read once more with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

import numpy as np

from recommended_datasets import assembly
from recommended_datasets.csv_records import Records
from recommended_datasets.fast_cells import Cells, Flags, Rows
from recommended_datasets.fast_head import Head
from recommended_datasets.fast_layout import Blanks, Suspicious, suspicious
from recommended_datasets.fast_lines import InnerBom, Lines, OddRecord, split
from recommended_datasets.fast_source import Unsuitable
from recommended_datasets.layout_rows import filled
from recommended_datasets.reader import mark_broken_cells
from recommended_datasets.report import Issue
from recommended_datasets.table import Table

_INNER_BOM = re.compile(rb"(?:^|(?<=[\r\n]))(?:\xef\xbb\xbf)+")


@dataclass(slots=True)
class Counts:
    """What the end of the file asks of all pieces together."""

    crlf: int = 0
    """Lines that end with CR LF."""
    lf: int = 0
    """Lines that end with LF alone."""
    longer: int = 0
    """Records with texts beyond the header."""
    nuls: int = 0
    nul_line: int = 0
    """Physical line of the first NUL byte."""
    broken: int = 0
    """Broken bytes."""
    many_lined: int = 0
    """Records of several lines."""

    def add(self, other: Counts) -> None:
        """Adds those of a later piece."""
        first = self.nul_line or other.nul_line
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        self.nul_line = first


@dataclass(frozen=True, slots=True)
class Read:
    """A piece that was read."""

    table: Table
    counts: Counts
    rest: bytes
    """The beginning of a record that the next piece completes."""
    blanks: Blanks | None
    """What is open at the end."""


class PieceReader:
    """Reads pieces of one file."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._line = self._records = 0
        self._last = False
        self._counts = Counts()

    def read(
        self,
        piece: bytes,
        line: int,
        records: int,
        *,
        last: bool,
        broken: int = 0,
        rest: bytes = b"",
        blanks: Blanks | None = None,
    ) -> Read:
        """`piece` and how many `broken` bytes are marked in it: as `Source.utf8` gives them. `line`, `records`: how many lines
        and records of the file come before. `rest`, `blanks`: what the piece before left. Raises `Unsuitable`."""
        self._line, self._records, self._last = line, records, last
        self._counts = Counts()
        self._head.sorter.resume(blanks)
        if b"\x00" in piece:
            piece = self._without_nuls(piece)
        self._line -= rest.count(b"\n")
        self._counts.broken = broken
        text, issues = rest + piece if rest else piece, list[Issue]()
        head = self._head
        while True:
            try:
                lines = split(text, head.delimiter, head.usual, head.width, last=last, broken=broken > 0 or bool(rest))
                break
            except InnerBom:
                text, issues = self._without_boms(text)
        self._counts.crlf, self._counts.lf = lines.crlf, lines.ended - lines.crlf
        table = self._table(lines, issues)
        return Read(table, self._counts, text[lines.used :], head.sorter.left_open(self._line + lines.count + 1))

    def _without_nuls(self, piece: bytes) -> bytes:
        self._counts.nul_line = self._line + piece.count(b"\n", 0, piece.index(b"\x00")) + 1
        self._counts.nuls = piece.count(b"\x00")
        return piece.replace(b"\x00", b"")

    def _without_boms(self, piece: bytes) -> tuple[bytes, list[Issue]]:
        """Without byte order marks at the beginning of lines, which are issues: files were joined."""
        lines = [self._line + piece.count(b"\n", 0, hit.end()) + 1 for hit in _INNER_BOM.finditer(piece)]
        return _INNER_BOM.sub(b"", piece), [Issue("bom-inside", "info", 0, line) for line in lines]

    # ---- every piece ----

    def _table(self, lines: Lines, issues: list[Issue]) -> Table:
        cells, numbers = lines.cells, lines.records + (self._line + 1)
        odd = dict(zip(lines.places().tolist(), lines.odd, strict=True))
        if self._line < self._head.begin - 1:
            # Titles and header were read already.
            above = int(np.searchsorted(numbers, self._head.begin))
            cells, numbers = cells.take(slice(above, None)), numbers[above:]
            odd = {place - above: record for place, record in odd.items() if place >= above}
        data = self._sort(cells, numbers, odd)
        return self._assemble(cells, numbers, odd, data, issues)

    def _sort(self, cells: Cells, numbers: Rows, odd: dict[int, OddRecord]) -> Flags:
        """Which records are data."""
        data = np.ones(len(numbers), bool)
        sorter = self._head.sorter
        doubtful = suspicious(cells, sorter.named)
        if not odd and not len(doubtful) and not sorter.blanks_open and sorter.empty_above == 0:
            return data
        doubted = sorted({*doubtful.tolist(), *odd})
        any_data = self._records > 0
        expected = 0
        before = -1
        for place in doubted:
            record = odd.get(place)
            found = (
                Suspicious(int(numbers[place]), record.lines, record.row)
                if record
                else Suspicious(int(numbers[place]), 1, cells.row(place))
            )
            any_data = any_data or place > expected
            if place > before + 1:
                self._follow(before + 1, numbers, cells)
                if sorter.blanks_open and int(numbers[before + 1]) == sorter.blank_next:
                    sorter.close_blanks(any_data)
            if sorter.is_data(found, any_before=any_data):
                any_data = True
            else:
                data[place] = False
            before = place
            expected = expected + 1 if place == expected else expected
        if before + 1 < len(numbers):
            self._follow(before + 1, numbers, cells)
            sorter.close_blanks(True if any_data else before + 1 > expected)
        return data

    def _follow(self, place: int, numbers: Rows, cells: Cells) -> None:
        """Where a plain record follows a (nearly) blank row: is it the header of another table?"""
        if int(numbers[place]) == self._head.sorter.empty_above:
            self._head.sorter.refuse_header(cells.row(place))

    def _assemble(
        self, cells: Cells, numbers: Rows, odd: dict[int, OddRecord], data: Flags, issues: list[Issue]
    ) -> Table:
        """The piece's table."""
        first_record = self._records + 1
        unreadable: frozenset[tuple[int, int]] = frozenset()
        cell_lines: dict[tuple[int, int], int] = {}
        if odd:
            rank = np.cumsum(data) - 1
            place_of = {id(record): int(rank[place]) for place, record in odd.items() if data[place]}
            unreadable, cell_lines, found = self._odd_issues(list(odd.values()), place_of, first_record)
            issues = [*found, *issues]
        if not data.all():
            cells, numbers = cells.take(data), numbers[data]
        issues += self._head.sorter.issues
        notes = sorted(self._head.sorter.notes, key=lambda note: note.line)
        self._head.sorter.issues, self._head.sorter.notes = [], []
        if not self._records:
            notes = [*self._head.table.notes, *notes]
            issues = [*self._head.table.issues, *issues]
        self._refuse_new_columns(cells)
        issues.sort(key=lambda issue: (issue.record, issue.line))
        return replace(
            self._head.table,
            columns=tuple(cells.column(c) for c in self._head.kept),
            lines=numbers.tolist(),
            first_record=first_record,
            notes=tuple(notes),
            issues=tuple(issues),
            cell_lines=cell_lines,
            unreadable=unreadable,
        )

    def _odd_issues(
        self, odd: list[OddRecord], place_of: dict[int, int], first_record: int
    ) -> tuple[frozenset[tuple[int, int]], dict[tuple[int, int], int], list[Issue]]:
        """(unreadable cells, lines of cells, issues) of the odd records, by the exact reader's own functions."""
        records = Records([r.row for r in odd], [self._line + r.line + 1 for r in odd])
        for i, record in enumerate(odd):
            records.flaws += [replace(flaw, row=i, line=records.lines[i] + flaw.line - 1) for flaw in record.flaws]
            if record.many_lined:
                records.many_lined.append(i)
                self._counts.many_lined += 1
        broken = mark_broken_cells(records)
        number_of = {i: first_record - 1 + place_of[id(record)] for i, record in enumerate(odd) if id(record) in place_of}
        place = {c: i for i, c in enumerate(self._head.kept)}
        cell_lines = assembly.places_of_cells(records, number_of, place)
        issues: list[Issue] = []
        for i, number in number_of.items():
            row = records.rows[i]
            if len(row) != self._head.width:
                issues += assembly.ragged(row, self._head.width, self._head.named, number + 1, records.lines[i])
                if len(row) > self._head.width and filled(row[self._head.width:]):
                    self._counts.longer += 1
        issues += assembly.flaw_issues(records, self._head.header, number_of, place, cell_lines)
        shift = first_record - 1
        return (
            frozenset((place[c], number_of[r] - shift) for r, c in broken if r in number_of and c in place),
            {(c, n - shift): line for (c, n), line in cell_lines.items()},
            issues,
        )

    def _refuse_new_columns(self, cells: Cells) -> None:
        """A column without heading was left out because it was blank; a text further down would bring it in."""
        for c in range(self._head.width):
            if c not in self._head.kept:
                filled = np.flatnonzero(~cells.blank(c))
                if any(text.strip() for text in cells.column(c).pick(filled)):
                    raise Unsuitable("a column without heading")
