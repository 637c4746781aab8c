"""One piece of a large file as a `Table`: its records, which of them are data, what was wrong with the bytes.

A piece is read as if it began with a record and nothing were open before it. Where that was not so, `Read.rest` or
`Read.blanks` of the piece before it says so, and it is read once more with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from recommended_datasets import assembly
from recommended_datasets.csv_records import Records
from recommended_datasets.encoding import BROKEN
from recommended_datasets.fast_head import Head
from recommended_datasets.fast_layout import Blanks, Suspicious, suspicious
from recommended_datasets.fast_lines import InnerBom, Lines, OddRecord, split
from recommended_datasets.fast_source import Source, Unsuitable
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

    def __init__(self, source: Source, head: Head) -> None:
        self._source, self._head = source, head
        self._line = self._records = 0
        self._last = False
        self._counts = Counts()

    def read(
        self, piece: bytes, line: int, records: int, *, last: bool, rest: bytes = b"", blanks: Blanks | None = None
    ) -> Read:
        """`piece`: UTF-8. `line`: physical lines of the file before it, `records`: records. `rest`, `blanks`: what the piece
        before it left. Raises `Unsuitable`."""
        self._line, self._records, self._last = line - rest.count(b"\n"), records, last
        self._counts = Counts()
        broken = self._source.broken
        self._head.sorter.resume(blanks)
        piece = rest + piece if rest else piece
        if b"\x00" in piece:
            piece = self._without_nuls(piece)
        piece, lines, frame, issues = self._split(piece)
        table = self._table(lines, frame, issues)
        self._counts.broken = self._source.broken - broken
        return Read(table, self._counts, piece[lines.used:], self._head.sorter.left_open(self._line + lines.count + 1))

    def _without_nuls(self, piece: bytes) -> bytes:
        self._counts.nul_line = self._line + piece.count(b"\n", 0, piece.index(b"\x00")) + 1
        self._counts.nuls = piece.count(b"\x00")
        return piece.replace(b"\x00", b"")

    def _without_boms(self, piece: bytes) -> tuple[bytes, list[Issue]]:
        """Without byte order marks at the beginning of lines, which are issues: files were joined."""
        lines = [self._line + piece.count(b"\n", 0, hit.end()) + 1 for hit in _INNER_BOM.finditer(piece)]
        return _INNER_BOM.sub(b"", piece), [Issue("bom-inside", "info", 0, line) for line in lines]

    # ---- every piece ----

    def _split(self, piece: bytes) -> tuple[bytes, Lines, pl.DataFrame, list[Issue]]:
        """(the piece as it was read, its records, their cells, what was wrong with it)."""
        issues: list[Issue] = []
        careful = False
        while True:
            try:
                head = self._head
                lines = split(piece, head.delimiter, head.usual, head.width, last=self._last, careful=careful)
                frame = self._frame(piece, lines)
                break
            except InnerBom:
                piece, issues = self._without_boms(piece)
            except UnicodeDecodeError:
                piece = self._source.marked(piece)
            except pl.exceptions.ComputeError as error:
                marked = self._source.marked(piece)
                if marked == piece and careful:
                    raise Unsuitable("polars reads otherwise") from error
                # Broken bytes; or a record is too long, and by chance another one too short by as much.
                piece, careful = marked, True
        self._counts.crlf, self._counts.lf = lines.crlf, lines.ended - lines.crlf
        return piece, lines, frame, issues

    def _frame(self, piece: bytes, lines: Lines) -> pl.DataFrame:
        """All records as columns of texts, odd ones cut or filled to the table's width."""
        schema = {f"c{i}": pl.String for i in range(self._head.width)}
        if not len(lines.records):
            return pl.DataFrame(schema=schema)
        frame = pl.read_csv(
            lines.spliced(piece, [self._written(record.row) for record in lines.odd]),
            has_header=False,
            separator=self._head.delimiter,
            quote_char='"' if lines.quoted or lines.odd else None,
            schema=schema,
            empty_string_is_null=False,
        )
        if frame.height != len(lines.records):
            raise Unsuitable("another number of records")
        return frame.rechunk()  # polars reads in pieces of its own; whole columns are asked much faster

    def _written(self, row: list[str]) -> bytes:
        width = self._head.width
        cells = [*row[:width], *[""] * (width - len(row))] if len(row) != width else row
        text = BROKEN.sub("\ufffd", "\x00".join(cells).replace('"', '""'))  # no cell holds a NUL: they were taken out
        return f'"{text}"\n'.replace("\x00", f'"{self._head.delimiter}"').encode()

    def _table(self, lines: Lines, frame: pl.DataFrame, issues: list[Issue]) -> Table:
        numbers = lines.records + (self._line + 1)
        odd = dict(zip(lines.places().tolist(), lines.odd, strict=True))
        if self._line < self._head.begin - 1:
            # Titles and header were read already.
            above = int(np.searchsorted(numbers, self._head.begin))
            frame, numbers = frame[above:], numbers[above:]
            odd = {place - above: record for place, record in odd.items() if place >= above}
        data = self._sort(frame, numbers, odd)
        return self._assemble(frame, numbers, odd, data, issues)

    def _sort(self, frame: pl.DataFrame, numbers: np.ndarray, odd: dict[int, OddRecord]) -> np.ndarray:
        """Which records are data."""
        data = np.ones(len(numbers), bool)
        sorter = self._head.sorter
        doubtful = suspicious(frame, sorter.named)
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
                else Suspicious(int(numbers[place]), 1, frame.row(place))
            )
            any_data = any_data or place > expected
            if place > before + 1:
                self._follow(before + 1, numbers, frame)
                if sorter.blanks_open and int(numbers[before + 1]) == sorter.blank_next:
                    sorter.close_blanks(any_data)
            if sorter.is_data(found, any_before=any_data):
                any_data = True
            else:
                data[place] = False
            before = place
            expected = expected + 1 if place == expected else expected
        if before + 1 < len(numbers):
            self._follow(before + 1, numbers, frame)
            sorter.close_blanks(True if any_data else before + 1 > expected)
        return data

    def _follow(self, place: int, numbers: np.ndarray, frame: pl.DataFrame) -> None:
        """Where a plain record follows a (nearly) blank row: is it the header of another table?"""
        if int(numbers[place]) == self._head.sorter.empty_above:
            self._head.sorter.refuse_header(frame.row(place))

    def _assemble(
        self, frame: pl.DataFrame, numbers: np.ndarray, odd: dict[int, OddRecord], data: np.ndarray, issues: list[Issue]
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
            frame, numbers = frame.filter(pl.Series(data)), numbers[data]
        issues += self._head.sorter.issues
        notes = sorted(self._head.sorter.notes, key=lambda note: note.line)
        self._head.sorter.issues, self._head.sorter.notes = [], []
        if not self._records:
            notes = [*self._head.table.notes, *notes]
            issues = [*self._head.table.issues, *issues]
        self._refuse_new_columns(frame)
        issues.sort(key=lambda issue: (issue.record, issue.line))
        return replace(
            self._head.table,
            columns=tuple(frame.to_series(c) for c in self._head.kept),
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

    def _refuse_new_columns(self, frame: pl.DataFrame) -> None:
        """A column without heading was left out because it was blank; a text further down would bring it in."""
        for c in range(self._head.width):
            if c not in self._head.kept and not (frame.to_series(c).str.strip_chars() == "").all():
                raise Unsuitable("a column without heading")
