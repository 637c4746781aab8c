"""One block's columns with what several rules want to know of them: a hash of each cell, which are blank, which are numbers.

A cell is known again by its 8-byte hash: asking whether it is one of some known values costs far less than any pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import _cells, automaton
from recommended_datasets.fast_cells import Flags, Hashes, Rows, Texts
from recommended_datasets.values_parsed import VARIANTS


def either(flags: Iterable[Flags]) -> Flags:
    """Rows flagged in any of these."""
    return reduce(lambda one, other: one | other, flags)


def every(flags: Iterable[Flags]) -> Flags:
    """Rows flagged in all of these."""
    return reduce(lambda one, other: one & other, flags)


def combined(parts: Sequence[Hashes]) -> Hashes:
    """One hash of each row from those of its texts."""
    key = np.array(parts[0], np.uint64)
    for part in parts[1:]:
        _cells.combine(key, part)
    return key


PLAIN_LETTERS = r"0-9a-z!->@\[-`{-~ぁ-ゖァ-ヴ・ー一-鿿々〆〇"
DASHES = "[-ー]{1,4}"


def plain() -> NDArray[np.uint16]:
    """The table of texts that are beyond doubt both fine as a name as they are written and their own
    `values_parsed.compare_key`; blank ones too."""
    return automaton.table(f"[{PLAIN_LETTERS}]*", rf"{DASHES}|.*[{''.join(VARIANTS)}].*")


class Columns:
    """The columns of one block, as the fields that they are."""

    def __init__(self, columns: Sequence[Texts], index: Mapping[str, int]) -> None:
        """`index`: field → place among `columns`."""
        self._columns, self._index = columns, index
        self.height = len(columns[0]) if columns else 0
        self._hashes = np.empty((len(columns), self.height), np.uint64)
        self._whole = np.empty(self.height, np.uint64)
        self._blanks = np.empty(len(columns), np.int64)
        parts: list[tuple[bytes, NDArray[Any], NDArray[Any]]] = [(one.buffer, one.starts, one.stops) for one in columns]
        _cells.all_hashes(parts, self._hashes, self._whole, self._blanks)
        self._blank: dict[str, Flags] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._not_plain: dict[str, Rows] = {}

    def texts(self, field: str) -> Texts:
        return self._columns[self._index[field]]

    def hashes(self, field: str) -> Hashes:
        return self._hashes[self._index[field]]

    def together(self, fields: Sequence[str]) -> Hashes:
        """The hash of several cells of each row."""
        return combined([self.hashes(field) for field in fields])

    def whole(self) -> Hashes:
        """The hash of each row over all columns of the file."""
        return self._whole

    def filled(self, field: str) -> int:
        """How many cells are not blank."""
        return self.height - int(self._blanks[self._index[field]])

    def blank(self, field: str) -> Flags:
        """Not to be written to: it is made once."""
        if field not in self._blank:
            self._blank[field] = self.texts(field).blank()
        return self._blank[field]

    def not_plain(self, field: str) -> Rows:
        """Rows, ascending, whose texts are not `plain`."""
        if field not in self._not_plain:
            self._not_plain[field] = np.flatnonzero(~self.texts(field).match(plain()))
        return self._not_plain[field]

    def numbers(self, field: str) -> NDArray[np.float64]:
        """The cells as numbers, NaN where they are none."""
        if field not in self._numbers:
            self._numbers[field] = self.texts(field).numbers()
        return self._numbers[field]


def usual(texts: Texts, hashes: Hashes, most: int) -> tuple[list[tuple[str, Flags]], Rows]:
    """The first `most` different texts, in the order of their first rows, each with its rows; the rows of all others."""
    found: list[tuple[str, Flags]] = []
    rest = np.ones(len(hashes), bool)
    while len(found) < most and rest.any():
        first = int(rest.argmax())
        rows = hashes == hashes[first]
        found.append((texts[first], rows))
        rest &= ~rows
    return found, np.flatnonzero(rest)


class Known:
    """A growing set of hashes."""

    def __init__(self) -> None:
        self._met = _cells.Met()

    def __len__(self) -> int:
        return len(self._met)

    def add(self, hashes: Hashes) -> None:
        self._met.first(np.ascontiguousarray(hashes), 1, np.zeros(len(hashes), np.uint32))

    def holds(self, hashes: Hashes) -> Flags:
        """Which of these are in the set."""
        found = np.ones(len(hashes), np.bool_)
        found[self.lacks(hashes)] = False
        return found

    def lacks(self, hashes: Hashes) -> Rows:
        """The rows, ascending, of those that are not in the set."""
        rows = np.empty(len(hashes), np.int64)
        return rows[: self._met.missing(hashes, rows)]
