"""`open_blocks`: a large CSV file as `Table`s in bounded memory, with the cells, lines and issues of the exact reader.

Each block's columns are polars Series of strings. What cannot be read exactly this way raises `Unsuitable`, before or during
the reading; then the file is for `reader.read_table`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from recommended_datasets import assembly
from recommended_datasets.csv_records import Flaw, Records, read_records
from recommended_datasets.dialect import SAMPLE, sniff
from recommended_datasets.fast_layout import Sorter, Suspicious
from recommended_datasets.fast_lines import Lines, OddRecord, split
from recommended_datasets.fast_source import Source, Unsuitable
from recommended_datasets.layout import ODD_STARTS, Known, Layout, filled, lay_out
from recommended_datasets.reader import mark_broken_cells
from recommended_datasets.report import Issue
from recommended_datasets.table import Note, Table

HEAD_RECORDS = 1000
"""Records on which header and layout are found: more than the exact reader looks at."""
_HEAD_BYTES = 4 << 20
_BOM = b"\xef\xbb\xbf"
_INNER_BOM = re.compile(rb"(?:^|(?<=[\r\n]))(?:\xef\xbb\xbf)+")
_STARTS = "".join(sorted(ODD_STARTS))


def open_blocks(path: Path, *, known: Known | None = None, header_line: int = 0) -> Iterator[Table]:
    """The tables of the file's pieces, in order; the last one, without rows, carries what only the end tells.

    `known` and `header_line` as for `reader.read_table`. ``sha256`` is set on the last table only. Raises `Unsuitable`.
    """
    return Blocks(path, known, header_line).tables()


class Blocks:
    """The reading of one file."""

    def __init__(self, path: Path, known: Known | None = None, header_line: int = 0) -> None:
        self._source = Source(path)
        self._known, self._header_line = known, header_line
        self._delimiter, self._usual = ",", 1
        self._sorter: Sorter
        self._head = Table((), (), ())
        self._width = self._named = 0
        self._kept: list[int] = []
        self._whole_header: list[str] = []
        self._begin = 0
        """Physical line of the first record below the header."""
        self._line = 0
        """Physical lines before this piece."""
        self._records = 0
        self._longer = 0
        self._nuls = self._nul_line = 0
        self._crlf = self._lf = 0
        self._many_lined = False

    def tables(self) -> Iterator[Table]:
        rest = b""
        began = False
        for piece in self._source:
            piece, flaws = self._clean(rest + piece, first=not began)
            if not began:
                self._read_head(piece)
                began = True
            lines, frame = self._split(piece)
            rest = piece[lines.used:]
            yield self._table(lines, frame, flaws)
        if rest or not began:
            raise Unsuitable("the end is inside a record")
        yield self._end()

    # ---- the first piece ----

    def _read_head(self, piece: bytes) -> None:
        text = piece[:_HEAD_BYTES].decode("utf-8", "surrogatepass" if len(piece) <= _HEAD_BYTES else "ignore")
        dialect = sniff(text[: SAMPLE + 1])
        self._delimiter, self._usual = dialect.delimiter, dialect.width
        records = read_records(text[: 2 << 20], self._delimiter, self._usual)
        if len(text) > 2 << 20 or len(piece) > _HEAD_BYTES:
            # The last records may be cut off.
            del records.rows[-50:], records.lines[-50:]
        rows, lines = records.rows[:HEAD_RECORDS], records.lines[:HEAD_RECORDS]
        layout = lay_out(rows, lines, self._known, self._header_line)
        if layout.tables > 1 or len(rows) < 500 or layout.header_row < 0 or max(layout.header_rows) > 400:
            raise Unsuitable("no plain header")
        self._width = len(layout.header)
        if not 2 <= self._width <= assembly.MAX_COLUMNS:
            raise Unsuitable("width")
        self._sorter = Sorter(layout, rows, self._known, alone=bool(self._header_line))
        after = max(layout.header_rows) + 1
        self._begin = lines[after]
        self._whole_header = list(layout.header)
        self._named = max((c + 1 for c in range(self._width) if layout.header[c].strip()), default=0)
        self._kept = [
            c for c, text in enumerate(layout.header) if text.strip() or any(_cell(row, c).strip() for row in rows[after:])
        ]
        notes = tuple(note for note in layout.notes if note.line < self._begin)
        self._head = Table(
            header=tuple(layout.header[c] for c in self._kept),
            columns=(),
            lines=(),
            encoding=self._source.encoding,
            header_line=lines[layout.header_row],
            delimiter=self._delimiter,
            notes=notes,
            issues=tuple(assembly.header_issues(layout.header, self._kept, layout, Records(rows, lines))),
        )

    def _clean(self, piece: bytes, *, first: bool) -> tuple[bytes, list[Issue]]:
        """Without NUL bytes and byte order marks inside, which are issues."""
        issues: list[Issue] = []
        if b"\x00" in piece:
            if not self._nuls:
                self._nul_line = self._line + piece.count(b"\n", 0, piece.index(b"\x00")) + 1
            self._nuls += piece.count(b"\x00")
            piece = piece.replace(b"\x00", b"")
        if _BOM in piece:
            if first:
                piece = re.sub(rb"^(?:\xef\xbb\xbf)+", b"", piece)
            for hit in _INNER_BOM.finditer(piece):
                line = self._line + piece.count(b"\n", 0, hit.end()) + 1
                issues.append(Issue("bom-inside", "info", 0, line))
            piece = _INNER_BOM.sub(b"", piece)
        return piece, issues

    # ---- every piece ----

    def _split(self, piece: bytes) -> tuple[Lines, pl.DataFrame]:
        lines = split(piece, self._delimiter, self._usual, self._width, last=self._source.last, careful=False)
        try:
            frame = self._frame(lines)
        except pl.exceptions.ComputeError:
            # A record is too long, and by chance another one is too short by as much.
            lines = split(piece, self._delimiter, self._usual, self._width, last=self._source.last)
            try:
                frame = self._frame(lines)
            except pl.exceptions.ComputeError as error:
                raise Unsuitable("polars reads otherwise") from error
        self._crlf += lines.crlf
        self._lf += lines.ended - lines.crlf
        return lines, frame

    def _frame(self, lines: Lines) -> pl.DataFrame:
        """The plain records as columns of texts."""
        schema = {f"c{i}": pl.String for i in range(self._width)}
        if not len(lines.plain):
            return pl.DataFrame(schema=schema)
        frame = pl.read_csv(
            lines.text,
            has_header=False,
            separator=self._delimiter,
            quote_char='"' if lines.quoted else None,
            schema=schema,
            empty_string_is_null=False,
        )
        if frame.height != len(lines.plain):
            raise Unsuitable("another number of records")
        return frame

    def _table(self, lines: Lines, frame: pl.DataFrame, issues: list[Issue]) -> Table:
        odd = lines.odd
        numbers = lines.plain + (self._line + 1)
        if self._line < self._begin - 1:
            # Titles and header were read already.
            below = numbers >= self._begin
            frame, numbers = frame.filter(pl.Series(below)), numbers[below]
            odd = [record for record in odd if self._line + record.line + 1 >= self._begin]
        plain, kept_odd = self._sort(frame, numbers, odd)
        if not plain.all():
            frame, numbers = frame.filter(pl.Series(plain)), numbers[plain]
        table = self._assemble(frame, numbers, kept_odd, odd, issues)
        self._line += lines.count
        return table

    def _sort(self, frame: pl.DataFrame, numbers: np.ndarray, odd: list[OddRecord]) -> tuple[np.ndarray, list[OddRecord]]:
        """(which plain records are data, which odd ones are)."""
        suspicious = _suspicious(frame, self._sorter.named)
        plain = np.ones(len(numbers), bool)
        if not odd and not len(suspicious) and not self._sorter.blanks_open and self._sorter.empty_above == 0:
            return plain, []
        rows: list[tuple[Suspicious, int, OddRecord | None]] = [
            (Suspicious(int(numbers[i]), 1, frame.row(int(i))), int(i), None) for i in suspicious
        ]
        rows += [(Suspicious(self._line + record.line + 1, record.lines, record.row), -1, record) for record in odd]
        rows.sort(key=lambda entry: entry[0].line)
        after = {int(n): i for i, n in enumerate(numbers)} if len(rows) > 50 else None
        kept: list[OddRecord] = []
        seen = {entry[0].line for entry in rows}
        any_data = self._records > 0
        clean = np.setdiff1d(np.arange(len(numbers)), suspicious)
        first_clean = int(numbers[clean[0]]) if len(clean) else 1 << 62
        self._follow(numbers, frame, after, seen)
        for found, index, record in rows:
            if self._sorter.blanks_open and found.line != self._sorter.blank_next:
                self._sorter.close_blanks(any_data)
            any_data = any_data or first_clean < found.line
            if self._sorter.is_data(found, any_before=any_data):
                any_data = True
                if record:
                    kept.append(record)
            elif index >= 0:
                plain[index] = False
            self._follow(numbers, frame, after, seen)
        if self._sorter.blanks_open and len(numbers) and int(numbers[-1]) >= self._sorter.blank_next:
            self._sorter.close_blanks(any_data)
        return plain, kept

    def _follow(self, numbers: np.ndarray, frame: pl.DataFrame, after: dict[int, int] | None, seen: set[int]) -> None:
        """Where a plain record follows a (nearly) blank row: is it the header of another table?"""
        line = self._sorter.empty_above
        if not line or line in seen:
            return
        if after is not None:
            index = after.get(line)
        else:
            at = int(np.searchsorted(numbers, line))
            index = at if at < len(numbers) and int(numbers[at]) == line else None
        if index is not None:
            self._sorter.refuse_header(frame.row(index))

    def _assemble(
        self, frame: pl.DataFrame, numbers: np.ndarray, kept: list[OddRecord], odd: list[OddRecord], issues: list[Issue]
    ) -> Table:
        """The piece's table: plain and odd records in the order of the file."""
        first_record = self._records + 1
        lines = numbers
        order = None
        unreadable: frozenset[tuple[int, int]] = frozenset()
        cell_lines: dict[tuple[int, int], int] = {}
        if odd:
            odd_lines = np.array([self._line + record.line + 1 for record in kept], np.int64)
            lines = np.concatenate((numbers, odd_lines))
            order = np.argsort(lines, kind="stable")
            rank = np.empty(len(order), np.int64)
            rank[order] = np.arange(len(order))
            place_of = {id(record): int(rank[len(numbers) + i]) for i, record in enumerate(kept)}
            unreadable, cell_lines, found = self._odd_issues(odd, place_of, first_record)
            issues = [*found, *issues]
            rows = [self._fit(record.row) for record in kept]
            lines = lines[order]
            extra = pl.DataFrame(
                [pl.Series(name, [row[c] for row in rows], dtype=pl.String) for c, name in enumerate(frame.columns)]
            )
            frame = pl.concat([frame, extra], rechunk=True)[pl.Series(order)] if kept else frame
        issues += self._sorter.issues
        notes = sorted(self._sorter.notes, key=lambda note: note.line)
        self._sorter.issues, self._sorter.notes = [], []
        if not self._records:
            notes = [*self._head.notes, *notes]
            issues = [*self._head.issues, *issues]
        self._records += len(lines)
        self._refuse_new_columns(frame)
        issues.sort(key=lambda issue: (issue.record, issue.line))
        return replace(
            self._head,
            columns=tuple(frame.to_series(c) for c in self._kept),
            lines=lines.tolist(),
            first_record=first_record,
            notes=tuple(notes),
            issues=tuple(issues),
            cell_lines=cell_lines,
            unreadable=unreadable,
        )

    def _fit(self, row: list[str]) -> list[str]:
        if len(row) == self._width:
            return row
        return row[: self._width] + [""] * (self._width - len(row))

    def _odd_issues(
        self, odd: list[OddRecord], place_of: dict[int, int], first_record: int
    ) -> tuple[frozenset[tuple[int, int]], dict[tuple[int, int], int], list[Issue]]:
        """(unreadable cells, lines of cells, issues) of the odd records, by the exact reader's own functions."""
        records = Records([r.row for r in odd], [self._line + r.line + 1 for r in odd])
        for i, record in enumerate(odd):
            records.flaws += [replace(flaw, row=i, line=records.lines[i] + flaw.line - 1) for flaw in record.flaws]
            if record.many_lined:
                records.many_lined.append(i)
                self._many_lined = True
        broken = mark_broken_cells(records) if self._source.broken else set[tuple[int, int]]()
        number_of = {i: first_record - 1 + place_of[id(record)] for i, record in enumerate(odd) if id(record) in place_of}
        place = {c: i for i, c in enumerate(self._kept)}
        cell_lines = assembly.places_of_cells(records, number_of, place)
        issues: list[Issue] = []
        for i, number in number_of.items():
            row = records.rows[i]
            if len(row) != self._width:
                issues += assembly.ragged(row, self._width, self._named, number + 1, records.lines[i])
                if len(row) > self._width and filled(row[self._width:]):
                    self._longer += 1
        issues += assembly.flaw_issues(records, self._whole_header, number_of, place, cell_lines)
        shift = first_record - 1
        return (
            frozenset((place[c], number_of[r] - shift) for r, c in broken if r in number_of and c in place),
            {(c, n - shift): line for (c, n), line in cell_lines.items()},
            issues,
        )

    def _refuse_new_columns(self, frame: pl.DataFrame) -> None:
        """A column without heading was left out because it was blank; a text further down would bring it in."""
        for c in range(self._width):
            if c not in self._kept and not (frame.to_series(c).str.strip_chars() == "").all():
                raise Unsuitable("a column without heading")

    def _end(self) -> Table:
        self._sorter.close_blanks(self._records > 0, at_end=True)
        if not self._records or self._longer * 2 >= self._records:
            raise Unsuitable("records wider than the header")
        flaws: list[Flaw] = []
        if self._nuls:
            flaws.append(Flaw("nul-byte", "warning", -1, -1, self._nul_line, values=(("count", str(self._nuls)),)))
        if self._crlf and self._lf and not self._many_lined:
            flaws.append(Flaw("mixed-newlines", "info", -1, -1, 0))
        issues = [Issue(flaw.code, flaw.severity, 0, flaw.line, values=flaw.values) for flaw in flaws]
        notes: list[Note] = self._sorter.notes
        return replace(
            self._head,
            columns=tuple(pl.Series(f"c{c}", [], dtype=pl.String) for c in self._kept),
            lines=[],
            first_record=self._records + 1,
            notes=tuple(notes),
            issues=tuple(issues),
            sha256=self._source.sha256,
            newline="\r\n" if self._crlf >= self._lf else "\n",
        )


def _cell(row: list[str], c: int) -> str:
    return row[c] if c < len(row) else ""


def _suspicious(frame: pl.DataFrame, named: str) -> np.ndarray:
    """Rows that may be no record: nearly blank, or beginning like a title, a total, a note or the header."""
    if not frame.height:
        return np.empty(0, np.int64)
    first = frame.to_series(0)
    odd = (first == "") | (first == named) | first.str.contains("計", literal=True)
    odd |= first.str.head(1).is_in(list(_STARTS))
    few = _few(frame, min(12, frame.width))
    if few.any() and frame.width > 12:
        rows = few.arg_true()
        few = few.clone().scatter(rows, _few(frame[rows], frame.width))
    return (odd | few).arg_true().to_numpy()


def _few(frame: pl.DataFrame, columns: int) -> pl.Series:
    """Rows with at most two cells that are not blank among the first `columns`."""
    total = (frame.to_series(0) != "").cast(pl.UInt16)
    for c in range(1, columns):
        total = total + (frame.to_series(c) != "").cast(pl.UInt16)
    return total <= 2


__all__ = ["Blocks", "Layout", "Unsuitable", "open_blocks"]
