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
    """The records of one piece. `plain` are line numbers (from 0) of plain records, `odd` the others, both ascending."""

    plain: Positions
    odd: list[OddRecord]
    count: int
    """Physical lines in the part that was read."""
    text: bytes
    """The plain records' bytes, one after another, for polars."""
    quoted: bool
    used: int
    """Bytes of the piece that were read; the rest begins a record that the next piece completes."""
    crlf: int
    """Lines that end with CR LF."""
    ended: int
    """Lines that end with LF, CR before it or not."""


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
        self.bad = (np.flatnonzero(np.where(even, ~opens, ~closes)), np.flatnonzero(np.where(even, ~closes, ~opens)))


def split(piece: bytes, delimiter: str, dialect_width: int, width: int, *, last: bool, careful: bool = True) -> Lines:
    """The records of `piece` (whole lines; at the file's end also an unfinished one). `width`: cells of a plain record;
    `dialect_width`: what the exact reader takes for the usual width. Not `careful`: widths are only added up, for a caller who
    sees a record that is too long. Raises `Unsuitable` for lone CR line ends."""
    if not piece:
        return Lines(np.empty(0, np.int64), [], 0, b"", False, 0, 0, 0)
    data = np.frombuffer(piece, np.uint8)
    ends = np.flatnonzero(data == _LF)
    crs = np.count_nonzero(data == _CR) if b"\r" in piece else 0
    if crs != crlf_count(data, ends):
        raise Unsuitable("CR alone")
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
    # Where the sum is right and polars finds no record too long, none is too short either.
    if careful or len(quotes) or np.count_nonzero(data == index.delimiter) != count * (width - 1):
        wrong = plain & (_cells(index, plain, count) != width)
    if _BROKEN in piece:
        wrong |= plain & _broken_lines(index, count)
    for line in np.flatnonzero(wrong):
        odd.append(_exact(index, int(line), delimiter, dialect_width, last)[0])
        plain[line] = False
    odd.sort(key=lambda record: record.line)
    used = int(ends[count - 1]) + 1 if count else 0
    used = min(used, len(piece))
    crlf, ended = crlf_count(data, ends[:count]), count - (count > 0 and int(ends[count - 1]) == len(piece))
    text = _plain_text(index, plain, count, used)
    return Lines(np.flatnonzero(plain), odd, count, text, bool(len(quotes)), used, crlf, ended)


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
    of_line = np.searchsorted(index.ends[:count], index.quotes)
    known = of_line < count
    of_line, quotes = of_line[known], index.quotes[known]
    kept = plain[of_line]
    of_line, quotes = of_line[kept], quotes[kept]
    first, second = quotes[0::2], quotes[1::2]
    within = np.searchsorted(places, second) - np.searchsorted(places, first[: len(second)])
    return cells - np.bincount(of_line[0::2][: len(second)], weights=within, minlength=count).astype(np.int64)


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


def _plain_text(index: _Index, plain: NDArray[np.bool_], count: int, used: int) -> bytes:
    if plain.all():
        return index.piece[:used]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], plain, [False])).astype(np.int8)))
    parts = [
        index.piece[_start(index, int(first)): int(index.ends[int(stop) - 1]) + 1]
        for first, stop in zip(edges[0::2], edges[1::2], strict=True)
    ]
    if parts and not parts[-1].endswith(b"\n"):
        parts[-1] += b"\n"
    return b"".join(parts)
