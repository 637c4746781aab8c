"""Where in a piece of UTF-8 the records are: line ends, quotes and delimiters by numpy, odd records by the exact reader.

A *plain* record is one line of exactly the table's width with quotes in pairs around whole cells; all others (several lines,
other widths, quotes out of place, broken bytes, blank lines) are read one by one by `csv_records.Reading`, so that both lanes
see the same cells.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommended_datasets.csv_records import Flaw, Reading
from recommended_datasets.fast_source import Unsuitable

Positions = NDArray[np.int64]

_LF, _CR, _QUOTE = 10, 13, 34
_WINDOW = 24
"""Lines that the exact reader is given first; more where it asks for more."""
_PATIENCE = 400_000
"""Bytes after which an open quote is beyond csv's field limit (131,072 characters of up to three bytes)."""
_BROKEN = b"\xed"
"""First byte of a lone surrogate (a marked broken byte) in UTF-8, and of some Hangul."""


_BOM = b"\xef\xbb\xbf"


class InnerBom(Exception):
    """A line begins with a byte order mark."""


@dataclass(slots=True)
class OddRecord:
    """A record read by the exact reader: its first line in the piece, from 0, and how many lines it takes."""

    line: int
    lines: int
    row: list[str]
    flaws: list[Flaw]
    many_lined: bool = False


@dataclass(slots=True)
class Lines:
    """The records of one piece in the order of the file."""

    records: Positions
    """The line, from 0, on which each record begins."""
    odd: list[OddRecord]
    """Those that are not plain, in order."""
    count: int
    """Physical lines in the part that was read."""
    quoted: bool
    used: int
    """Bytes of the piece that were read; the rest begins a record that the next piece completes."""
    crlf: int
    """Lines that end with CR LF."""
    ended: int
    """Lines that end with LF, CR before it or not."""
    ends: Positions

    def places(self) -> Positions:
        """The place of each odd record among all records."""
        return np.searchsorted(self.records, [record.line for record in self.odd])

    def spliced(self, piece: bytes, instead: list[bytes]) -> bytes:
        """The part that was read with each odd record written anew."""
        if not self.odd:
            return piece[: self.used] if self.used < len(piece) else piece
        parts: list[bytes] = []
        at = 0
        for record, text in zip(self.odd, instead, strict=True):
            parts += (piece[at: int(self.ends[record.line - 1]) + 1 if record.line else 0], text)
            at = int(self.ends[record.line + record.lines - 1]) + 1
        parts.append(piece[at: self.used])
        return b"".join(parts)


@dataclass(slots=True)
class _Index:
    piece: bytes
    bytes_: NDArray[np.uint8]
    ends: Positions
    """Where each line ends: its LF, or the piece's end for a last line without one."""
    quotes: Positions
    delimiter: int
    inside: tuple[Positions, Positions] = field(init=False)
    bad: tuple[Positions, Positions] = field(init=False)
    before: Positions = field(init=False)
    """Quotes before each line end."""

    def __post_init__(self) -> None:
        quotes, size = self.quotes, len(self.bytes_)
        self.before = np.searchsorted(quotes, self.ends)
        odd = (self.before & 1) == 1
        self.inside = (np.flatnonzero(odd), np.flatnonzero(~odd))
        if not len(quotes):
            empty = np.empty(0, np.int64)
            self.bad = (empty, empty)
            return
        edges = np.zeros(256, bool)
        edges[[self.delimiter, _LF, _CR, _QUOTE]] = True
        opens = edges[self.bytes_[np.maximum(quotes - 1, 0)]] | (quotes == 0)
        closes = edges[self.bytes_[np.minimum(quotes + 1, size - 1)]] | (quotes == size - 1)
        even = (np.arange(len(quotes)) & 1) == 0
        # What np.where returns here is unknown to numpy's own types.
        first = np.where(even, ~opens, ~closes)  # pyright: ignore
        second = np.where(even, ~closes, ~opens)  # pyright: ignore
        self.bad = (np.flatnonzero(first), np.flatnonzero(second))  # pyright: ignore


def split(piece: bytes, delimiter: str, dialect_width: int, width: int, *, last: bool, careful: bool = True) -> Lines:
    """The records of `piece` (whole lines; at the file's end also an unfinished one). `width`: cells of a plain record;
    `dialect_width`: what the exact reader takes for the usual width. Not `careful`: widths are only added up, for a caller who
    sees a record that is too long. Raises `Unsuitable` for lone CR line ends and byte order marks inside (`InnerBom`)."""
    if not piece:
        empty = np.empty(0, np.int64)
        return Lines(empty, [], 0, False, 0, 0, 0, empty)
    data = np.frombuffer(piece, np.uint8)
    ends = np.flatnonzero(data == _LF)
    crs = np.count_nonzero(data == _CR) if b"\r" in piece else 0
    if crs != crlf_count(data, ends):
        raise Unsuitable("CR alone")
    if piece.startswith(_BOM) or _bom_after(data, ends):
        raise InnerBom
    if len(piece) and (not len(ends) or ends[-1] != len(piece) - 1):
        ends = np.append(ends, len(piece))
    quotes = np.flatnonzero(data == _QUOTE) if b'"' in piece else np.empty(0, np.int64)
    index = _Index(piece, data, ends, quotes, ord(delimiter))
    odd = _odd_by_quotes(index, delimiter, dialect_width, last) if len(quotes) else []
    count = len(ends)
    if odd and odd[-1].lines < 0:
        count = odd.pop().line
    plain = np.ones(count, bool)
    for record in odd:
        plain[record.line: record.line + record.lines] = False
    wrong = np.zeros(count, bool)
    if careful or not _adds_up(index, plain, odd, count, width):
        wrong = plain & (_cells(index, plain, count) != width)
    if _BROKEN in piece:
        wrong |= plain & _broken_lines(index, count)
    for line in np.flatnonzero(wrong):
        odd.append(_exact(index, int(line), delimiter, dialect_width, last)[0])
    odd.sort(key=lambda record: record.line)
    plain[[record.line for record in odd]] = True
    used = min(int(ends[count - 1]) + 1 if count else 0, len(piece))
    crlf, ended = crlf_count(data, ends[:count]), count - (count > 0 and int(ends[count - 1]) == len(piece))
    return Lines(np.flatnonzero(plain), odd, count, bool(len(quotes)), used, crlf, ended, ends)


_PAIRS = 20_000


def _adds_up(index: _Index, plain: NDArray[np.bool_], odd: list[OddRecord], count: int, width: int) -> bool:
    """Whether the delimiters of the plain records make `width` cells each, taken together. Where the sum is right and polars
    finds no record too long, none is too short either."""
    mark, piece, ends = bytes((index.delimiter,)), index.piece, index.ends
    stop = int(ends[count - 1]) + 1 if count else 0
    total = int(np.count_nonzero(index.bytes_[:stop] == index.delimiter))
    total -= sum(
        piece.count(mark, _start(index, record.line), int(ends[record.line + record.lines - 1]) + 1) for record in odd
    )
    first, second = _pairs(index, plain, count)
    if len(first) > _PAIRS:
        return False
    total -= sum(piece.count(mark, int(a), int(b)) for a, b in zip(first, second, strict=True))
    return total == int(np.count_nonzero(plain)) * (width - 1)


def _pairs(index: _Index, plain: NDArray[np.bool_], count: int) -> tuple[Positions, Positions]:
    """Opening and closing quotes of the plain records."""
    if not len(index.quotes):
        return index.quotes, index.quotes
    of_line = np.searchsorted(index.ends[:count], index.quotes)
    known = of_line < count
    quotes = index.quotes[known][plain[of_line[known]]]
    return quotes[0::2], quotes[1::2]


def _bom_after(data: NDArray[np.uint8], ends: Positions) -> bool:
    starts = ends[ends < len(data) - 3] + 1
    starts = starts[data[starts] == 0xEF]
    return bool(((data[starts + 1] == 0xBB) & (data[starts + 2] == 0xBF)).any())


def crlf_count(data: NDArray[np.uint8], ends: Positions) -> int:
    """Line ends that are CR LF."""
    before = ends[(ends > 0) & (ends < len(data))] - 1
    return int(np.count_nonzero(data[before] == _CR))


def _start(index: _Index, line: int) -> int:
    return int(index.ends[line - 1]) + 1 if line else 0


def _odd_by_quotes(index: _Index, delimiter: str, width: int, last: bool) -> list[OddRecord]:
    """Every record with a line break inside its quotes or a quote out of place, in order. After each the quotes are counted
    anew. A last entry with ``lines == -1`` says that the piece ends inside a record."""
    odd: list[OddRecord] = []
    line = quote = 0
    ends, quotes, count = index.ends, index.quotes, len(index.ends)
    while line < count:
        parity = quote & 1
        inside, bad = index.inside[parity], index.bad[parity]
        at = int(np.searchsorted(inside, line))
        event = int(inside[at]) if at < len(inside) else count
        at = int(np.searchsorted(bad, quote))
        if at < len(bad):
            event = min(event, int(np.searchsorted(ends, quotes[bad[at]])))
        if event >= count:
            break
        record, reached = _exact(index, event, delimiter, width, last)
        if reached >= count - event and not last and len(index.piece) - _start(index, event) < _PATIENCE:
            odd.append(OddRecord(event, -1, [], []))
            break
        odd.append(record)
        line = event + record.lines
        quote = int(np.searchsorted(quotes, _start(index, line)))
    return odd


def _exact(index: _Index, line: int, delimiter: str, width: int, last: bool) -> tuple[OddRecord, int]:
    """The record that begins on `line`, by the exact reader, and how many lines it had to look at."""
    window, count = _WINDOW, len(index.ends)
    begin = _start(index, line)
    while True:
        stop = min(line + window, count)
        text = index.piece[begin: int(index.ends[stop - 1]) + 1].decode("utf-8", "surrogatepass")
        lines = list(io.StringIO(text, newline=""))
        if not (last and stop == count):
            lines.append("")  # the file goes on
        reading = Reading(lines, delimiter, width)
        taken = reading.step()
        if reading.reached < stop - line or stop == count:
            break
        window *= 8
    found = reading.found
    row = found.rows[0] if found.rows else []
    return OddRecord(line, max(taken, 1), row, found.flaws, bool(found.many_lined)), reading.reached


def _cells(index: _Index, plain: NDArray[np.bool_], count: int) -> Positions:
    """Cells of each line, delimiters inside quotes left out (right for plain lines only)."""
    is_delimiter = index.bytes_ == index.delimiter
    starts = np.concatenate((np.zeros(1, np.int64), index.ends[: count - 1] + 1)) if count else np.empty(0, np.int64)
    if not len(index.quotes):
        return _count(is_delimiter, starts) + 1
    places = np.flatnonzero(is_delimiter)
    cells = np.diff(np.searchsorted(places, np.append(starts, index.ends[count - 1] + 1 if count else 0))) + 1
    first, second = _pairs(index, plain, count)
    within = np.searchsorted(places, second) - np.searchsorted(places, first)
    of_line = np.searchsorted(index.ends[:count], first)
    return cells - np.bincount(of_line, weights=within, minlength=count).astype(np.int64)


_STEP = 1 << 19


def _count(flags: NDArray[np.bool_], starts: Positions) -> Positions:
    """True values from each start to the next, in windows that stay in the processor's cache."""
    if not len(starts):
        return np.empty(0, np.int64)
    running = np.empty(len(starts), np.int64)
    total, done = 0, 0
    for offset in range(0, len(flags), _STEP):
        window = flags[offset: offset + _STEP]
        upto = int(np.searchsorted(starts, offset + len(window)))
        if upto > done:
            sums = np.cumsum(window, dtype=np.int32)
            local = starts[done:upto] - offset - 1
            running[done:upto] = total + np.where(local >= 0, sums[np.maximum(local, 0)], 0)
            total += int(sums[-1])
        else:
            total += int(np.count_nonzero(window))
        done = upto
    return np.diff(np.append(running, total))


def _broken_lines(index: _Index, count: int) -> NDArray[np.bool_]:
    """Lines that hold the UTF-8 form of a lone surrogate."""
    data = index.bytes_
    hits = np.flatnonzero(data[:-1] == 0xED)
    hits = hits[data[hits + 1] >= 0xA0]
    found = np.zeros(count, bool)
    lines = np.searchsorted(index.ends[:count], hits)
    found[lines[lines < count]] = True
    return found
