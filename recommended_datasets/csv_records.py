"""Text → records with the physical line each begins on, and recovery after quotes that do not close.

Python's ``csv`` module does the reading; where it meets a quote that cannot be right, or a record over several lines that does
not fit the table's width while the lines inside it do, the line with the quote is read on its own and reading goes on with the
next line.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from recommended_datasets.report import Severity

PROBE = 20
"""Lines after an opening quote that are looked at to decide whether it swallowed records."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with the bytes of one record: `row` counts records of the file from 0, `cell` its cells from 0."""

    code: str
    severity: Severity
    row: int
    cell: int
    line: int
    value: str = ""
    values: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Records:
    """All records of a text, title rows and blank lines too. `lines[r]` is the physical line, from 1, of record r."""

    rows: list[list[str]]
    lines: list[int]
    flaws: list[Flaw] = field(default_factory=list[Flaw])
    many_lined: list[int] = field(default_factory=list[int])
    """Records that stand on more than one line."""


def read_records(text: str, delimiter: str, width: int) -> Records:
    """All records of `text`. `width` is how many cells most of them have (see `dialect.sniff`)."""
    lines = list(io.StringIO(text, newline=""))
    if '"' not in text:
        return Records(_unquoted(lines, delimiter), list(range(1, len(lines) + 1)))
    return Reading(lines, delimiter, width).run()


def _unquoted(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))
    except csv.Error:  # a cell beyond csv's size limit, or a NUL before Python 3.11
        return [line.rstrip("\r\n").split(delimiter) if line.strip("\r\n") else [] for line in lines]


class Reading:
    """Reads records one after another, deciding at every odd quote."""

    def __init__(self, lines: list[str], delimiter: str, width: int) -> None:
        self.lines = lines
        self.delimiter = delimiter
        self.width = width
        self.found = Records([], [])
        self.single = False
        """Stop after one record (for the fast lane, which asks for odd records only)."""
        self.reached = 0
        """Lines that csv had to look at for the last decision."""

    def step(self) -> int:
        """Reads one record from the first line; how many lines it takes."""
        self.single = True
        return self._strictly(0)

    def run(self) -> Records:
        at = 0
        while at < len(self.lines):
            at = self._strictly(at)
        return self.found

    def _strictly(self, start: int) -> int:
        """Reads from line index `start` until a record needs a decision; the index of the line to go on with."""
        feed = iter(self.lines)
        feed.__setstate__(start)  # type: ignore[attr-defined]  # list iterators have it: no copy, no skipping
        reader = csv.reader(feed, delimiter=self.delimiter, strict=True)
        rows, lines = self.found.rows, self.found.lines
        at = start
        try:
            for row in reader:
                after = start + reader.line_num
                if after - at > 1:
                    if self._swallowed(row, at, after):
                        self.reached = after
                        return self._one_line(at)
                    self.found.many_lined.append(len(rows))
                rows.append(row)
                lines.append(at + 1)
                at = after
                if self.single:
                    self.reached = after
                    return after
        except csv.Error:
            self.reached = start + reader.line_num
            return self._malformed(at, min(start + reader.line_num, len(self.lines)))
        return len(self.lines)

    def _swallowed(self, row: list[str], at: int, after: int) -> bool:
        """True where a well-formed record over several lines is really an unclosed quote and the records after it."""
        whole, looked = self._whole_lines(at + 1, after)
        if len(row) == self.width:
            return self.width >= 4 and looked >= 3 and whole == looked
        return whole > 0 and whole * 2 >= looked

    def _whole_lines(self, start: int, stop: int) -> tuple[int, int]:
        """How many of the (first) lines are records of full width on their own, and how many were looked at."""
        if self.width < 2:
            return 0, 0
        probed = [line for line in self.lines[start : min(stop, start + PROBE)] if line.strip()]
        return sum(1 for line in probed if self._alone(line) == self.width), len(probed)

    def _alone(self, line: str) -> int:
        return len(split_line(line, self.delimiter)[0])

    def _malformed(self, at: int, after: int) -> int:
        """A quote that csv refuses, or one still open at the end of the file (or of csv's patience)."""
        if after - at <= 1:
            return self._one_line(at)
        whole, looked = self._whole_lines(at + 1, after)
        if whole and whole * 2 >= looked:
            return self._one_line(at)
        block = self.lines[at:after]
        try:
            rows = list(csv.reader(block, delimiter=self.delimiter))
        except csv.Error:
            return self._one_line(at)
        if len(rows) != 1 or not self.width // 2 < len(rows[0]) <= self.width:
            return self._one_line(at)
        self._flaw_of(rows[0], at, "unclosed-quote" if after == len(self.lines) else "stray-quote")
        self.found.many_lined.append(len(self.found.rows))
        self.found.rows.append(rows[0])
        self.found.lines.append(at + 1)
        return after

    def _flaw_of(self, row: list[str], at: int, code: str) -> None:
        cell = next((i for i, text in enumerate(row) if "\n" in text or "\r" in text), len(row) - 1)
        severity: Severity = "error" if code == "unclosed-quote" else "warning"
        self.found.flaws.append(Flaw(code, severity, len(self.found.rows), cell, at + 1, row[cell][:200]))

    def _one_line(self, at: int) -> int:
        row, unclosed, stray = fit_line(self.lines[at], self.delimiter, self.width)
        if unclosed is not None:
            self.found.flaws.append(
                Flaw("unclosed-quote", "error", len(self.found.rows), unclosed, at + 1, row[unclosed][:200])
            )
        elif stray is not None:
            self.found.flaws.append(Flaw("stray-quote", "warning", len(self.found.rows), stray, at + 1, row[stray][:200]))
        self.found.rows.append(row)
        self.found.lines.append(at + 1)
        return at + 1


def fit_line(line: str, delimiter: str, width: int) -> tuple[list[str], int | None, int | None]:
    """One line as a record of `width` cells if any reading of its quotes gives that: cells, the cell whose quote does not
    close, the cell with a quote out of place."""
    row, unclosed, stray = split_line(line, delimiter)
    if len(row) != width:
        for cell in stray:
            again = split_line(line, delimiter, frozenset((cell,)))
            if len(again[0]) == width:
                return again[0], cell, None
    return row, (unclosed[0] if unclosed else None), (stray[0] if stray else None)


def split_line(line: str, delimiter: str, forced: frozenset[int] = frozenset()) -> tuple[list[str], list[int], list[int]]:
    """Cells of one line where a quote closes only before a delimiter or the end of the line.

    Second and third: cells whose opening quote does not close on this line (or that are `forced` to count as such), and
    quoted cells with a single quote inside.
    """
    line = line.rstrip("\r\n")
    cells: list[str] = []
    unclosed: list[int] = []
    stray: list[int] = []
    at, end = 0, len(line)
    no_close_after = end + 1
    while True:
        number = len(cells)
        if at < end and line[at] == '"':
            close = -1 if number in forced or at >= no_close_after else _closing(line, at + 1, delimiter)
            if close >= 0:
                inner = line[at + 1 : close]
                if '"' in inner.replace('""', ""):
                    stray.append(number)
                cells.append(inner.replace('""', '"'))
                at = close + 1
            else:
                if number not in forced:
                    no_close_after = at
                unclosed.append(number)
                stop = line.find(delimiter, at + 1)
                stop = end if stop < 0 else stop
                cells.append(line[at + 1 : stop])
                at = stop
        else:
            stop = line.find(delimiter, at)
            stop = end if stop < 0 else stop
            cells.append(line[at:stop])
            at = stop
        if at >= end:
            return cells, unclosed, stray
        at += len(delimiter)


def _closing(line: str, start: int, delimiter: str) -> int:
    """Index of the quote that closes a cell whose text begins at `start`, or -1."""
    end = len(line)
    at = line.find('"', start)
    while at >= 0:
        if at + 1 == end or line.startswith(delimiter, at + 1):
            return at
        at = line.find('"', at + (2 if line.startswith('"', at + 1) else 1))
    return -1
