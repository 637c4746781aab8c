"""Where in a piece of UTF-8 the records and their cells are: plain lines by `_cells`, odd records by the exact reader.

A *plain* record is one line of exactly the table's width with quotes in pairs around whole cells; all others (several lines,
other widths, quotes out of place, broken bytes, blank lines) are read one by one by `csv_records.Reading`, so that
both lanes see the same cells.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import _cells
from recommended_datasets.csv_records import Flaw, Reading
from recommended_datasets.encoding import BROKEN
from recommended_datasets.fast_cells import Cells
from recommended_datasets.fast_source import Unsuitable

Positions = NDArray[np.int64]

_WINDOW = 4
"""Lines that the exact reader is given first; more where it asks for more."""
_PATIENCE = 400_000
"""Bytes after which an open quote is beyond csv's field limit (131,072 characters of up to three bytes)."""
_ODD = 100_000
"""Odd records of one piece beyond which the exact reader may as well read the file."""
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class OddRecord:
    """A record read by the exact reader: its first line in the piece, from 0, and how many lines it takes."""

    line: int
    lines: int
    row: list[str]
    flaws: list[Flaw]
    many_lined: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """The records of one piece in the order of the file."""

    records: Positions
    """The line, from 0, on which each record begins."""
    odd: list[OddRecord]
    """Those that are not plain, in order."""
    cells: Cells
    """Odd records too, cut or filled to the table's width."""
    count: int
    """Physical lines in the part that was read."""
    used: int
    """Bytes of the piece that were read; the rest begins a record that the next piece completes."""
    crlf: int
    """Lines that end with CR LF."""
    ended: int
    """Lines that end with LF, CR before it or not."""

    def places(self) -> Positions:
        """The place of each odd record among all records."""
        return np.searchsorted(self.records, [record.line for record in self.odd])


@dataclass
class _Records:
    """Room for the records of a piece, made larger where there are more than it seemed."""

    width: int
    room: int
    lines: Positions = field(init=False)
    starts: NDArray[np.int32] = field(init=False)
    stops: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = np.empty(self.room, np.int64)
        self.starts, self.stops = (np.empty((self.width, self.room), np.int32) for _ in range(2))

    def enlarge(self, used: int) -> None:
        before = self.lines, self.starts, self.stops
        self.room *= 2
        self.__post_init__()
        for old, new in zip(before, (self.lines, self.starts, self.stops), strict=True):
            new[..., :used] = old[..., :used]


class InnerBom(Exception):
    """A line begins with a byte order mark."""


@dataclass(frozen=True, slots=True)
class _Piece:
    text: bytes
    delimiter: str
    usual: int
    last: bool

    def exact(self, at: int, line: int) -> tuple[OddRecord, int, bool]:
        """The record that begins with line `line`, at byte `at`, by the exact reader; where the next one begins, and whether
        it might go on in the next piece."""
        window = _WINDOW
        while True:
            stop, whole = at, False
            for _ in range(window):
                stop = self.text.find(b"\n", stop) + 1
                if stop in (0, len(self.text)):
                    stop, whole = len(self.text), True
                    break
            lines = list(io.StringIO(self.text[at:stop].decode("utf-8", "surrogatepass"), newline=""))
            count = len(lines)
            if not (self.last and whole):
                lines.append("")  # the file goes on
            reading = Reading(lines, self.delimiter, self.usual)
            taken = min(max(reading.step(), 1), count)
            if reading.reached < count or whole:
                break
            window *= 8
        found = reading.found
        row = found.rows[0] if found.rows else []
        record = OddRecord(line, taken, row, found.flaws, bool(found.many_lined))
        after = at + sum(len(text.encode("utf-8", "surrogatepass")) for text in lines[:taken])
        goes_on = reading.reached >= count and whole and not self.last and len(self.text) - at < _PATIENCE
        return record, after, goes_on and b'"' in self.text[at:]


def split(text: bytes, delimiter: str, usual: int, width: int, *, last: bool, broken: bool = False) -> Lines:
    """The records of `text` (whole lines; at the file's end also an unfinished one). `width`: cells of a plain record;
    `usual`: what the exact reader takes for the usual width; `broken`: whether broken bytes are marked in it. Raises
    `InnerBom`, and `Unsuitable` for lone CR line ends."""
    piece, mark = _Piece(text, delimiter, usual, last), delimiter.encode()
    # A plain record has at least its delimiters and a line end.
    found = _Records(width, min(_cells.count(text, b"\n"), len(text) // width) + 2)
    odd: list[OddRecord] = []
    more: list[bytes] = []
    places: list[int] = []
    spare = np.empty(len(text), np.uint8)
    size = used = len(text)
    record = line = at = crlf = lf = spared = 0
    while at < len(text):
        first = record
        record, line, at, ended, spared = _cells.split(
            text, at, mark, found.starts, found.stops, found.lines, record, line, broken, spare, spared
        )
        crlf, lf = crlf + ended, lf + record - first
        if at == len(text):
            break
        if record == found.room:
            found.enlarge(record)
            continue
        if text.startswith(_BOM, at):
            raise InnerBom
        one, after, goes_on = piece.exact(at, line)
        if goes_on:
            used = at
            break
        cells = _written(one.row, width)
        ends = list(accumulate(map(len, cells), initial=size))
        found.starts[:, record], found.stops[:, record], found.lines[record] = ends[:-1], ends[1:], line
        size = ends[-1]
        more += cells
        odd.append(one)
        places.append(record)
        if len(odd) > _ODD:
            raise Unsuitable("hardly a plain record")
        own = text[at:after]
        ends_crlf = own.count(b"\r\n")
        if own.count(b"\r") != ends_crlf:
            raise Unsuitable("CR alone")
        crlf, lf = crlf + ends_crlf, lf + own.count(b"\n")
        record, line, at = record + 1, line + one.lines, after
    if at == len(text) and not text.endswith(b"\n") and not (odd and odd[-1].line + odd[-1].lines == line):
        lf -= 1  # the last line, a plain one, has no end
    if spared:  # it stands between the text and the cells of odd records
        more.insert(0, spare[:spared].tobytes())
        found.starts[:, places] += spared
        found.stops[:, places] += spared
    cells = Cells(text + b"".join(more) if more else text, found.starts[:, :record], found.stops[:, :record])
    return Lines(found.lines[:record], odd, cells, line, used, crlf, lf)


def _written(row: list[str], width: int) -> list[bytes]:
    """The cells of an odd record as UTF-8, broken bytes as U+FFFD."""
    cells = [*row[:width], *[""] * (width - len(row))] if len(row) != width else row
    try:
        return [cell.encode() for cell in cells]
    except UnicodeEncodeError:
        return [BROKEN.sub("\ufffd", cell).encode() for cell in cells]
