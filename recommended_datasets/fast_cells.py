"""The cells of one piece of a large file: places in a buffer of UTF-8, read as text only where somebody asks.

What is asked of all cells of a column (hashes, patterns, numbers) is asked of the bytes, by `_cells`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import _cells

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
Places = NDArray[np.int32]


class Texts(Sequence[str]):
    """The cells of one column. `starts` and `stops` are places in `buffer`."""

    __slots__ = ("buffer", "starts", "stops")

    def __init__(self, buffer: bytes, starts: Places, stops: Places) -> None:
        self.buffer, self.starts, self.stops = buffer, np.ascontiguousarray(starts), np.ascontiguousarray(stops)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """A column of these texts."""
        parts = [text.encode() for text in texts]
        ends = np.cumsum([0, *map(len, parts)], dtype=np.int32)
        return cls(b"".join(parts), ends[:-1], ends[1:])

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return self.gather(np.arange(*row.indices(len(self))))
        return self.buffer[self.starts[row] : self.stops[row]].decode()

    def __iter__(self) -> Iterator[str]:
        buffer = self.buffer
        return (buffer[a:b].decode() for a, b in zip(self.starts.tolist(), self.stops.tolist(), strict=True))

    def gather(self, rows: Rows) -> list[str]:
        """The texts of these rows."""
        return list(self.pick(rows))

    def pick(self, rows: Rows) -> Texts:
        """These rows as a column."""
        return Texts(self.buffer, self.starts[rows], self.stops[rows])

    def blank(self) -> Flags:
        return self.starts == self.stops

    def hashes(self) -> Hashes:
        found = np.empty(len(self), np.uint64)
        _cells.hashes(self.buffer, self.starts, self.stops, found)
        return found

    def folded(self, pairs: bytes) -> Hashes:
        """The hashes of the texts with small letters and the second letter of each pair for the first; see `_cells.folded`."""
        found = np.empty(len(self), np.uint64)
        _cells.folded(self.buffer, self.starts, self.stops, pairs, found)
        return found

    def match(self, table: NDArray[np.uint16]) -> Flags:
        """Which cells a table of `automaton` accepts."""
        found = np.empty(len(self), np.bool_)
        _cells.match(self.buffer, self.starts, self.stops, table, found)
        return found

    def numbers(self) -> NDArray[np.float64]:
        """The cells as decimal numbers, NaN where they are none."""
        found = np.empty(len(self), np.float64)
        _cells.numbers(self.buffer, self.starts, self.stops, found)
        return found

    def ordered(self, other: Texts) -> Flags:
        """Rows whose text is as long as the other column's, which has the same buffer, and not after it."""
        found = np.empty(len(self), np.bool_)
        _cells.ordered(self.buffer, self.starts, self.stops, other.starts, other.stops, found)
        return found


def hash_texts(texts: Iterable[str]) -> Hashes:
    """The hash of each text as it is."""
    return Texts.of(texts).hashes()


@dataclass(frozen=True, slots=True)
class Cells:
    """All records of a piece. `starts[c, r]` and `stops[c, r]`: the cell of column c in record r."""

    buffer: bytes
    starts: Places
    stops: Places

    @property
    def height(self) -> int:
        return self.starts.shape[1]

    @property
    def width(self) -> int:
        return self.starts.shape[0]

    def column(self, c: int) -> Texts:
        return Texts(self.buffer, self.starts[c], self.stops[c])

    def row(self, r: int) -> tuple[str, ...]:
        places = zip(self.starts[:, r].tolist(), self.stops[:, r].tolist(), strict=True)
        return tuple(self.buffer[begin:end].decode() for begin, end in places)

    def take(self, rows: Rows | Flags | slice) -> Cells:
        """Some records."""
        return Cells(self.buffer, self.starts[:, rows], self.stops[:, rows])

    def blank(self, c: int) -> Flags:
        """Records whose cell of column c is blank."""
        return self.starts[c] == self.stops[c]

    def filled(self, rows: Rows) -> NDArray[np.int64]:
        """How many cells of these records are not blank."""
        return np.count_nonzero(self.starts[:, rows] != self.stops[:, rows], axis=0)
