"""One block's columns with what several rules want to know of them: a hash of each cell, which are blank, which are numbers.

A cell is known again by its 8-byte hash: asking whether it is one of some known values costs far less than any pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommended_datasets.values_parsed import VARIANTS

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

SEED = 1
_MIX = np.uint64(0x9E3779B97F4A7C15)


def hash_texts(texts: Sequence[str | None] | pl.Series) -> Hashes:
    """The hash of each text as it is."""
    return np.array(pl.Series(texts, dtype=pl.String).hash(SEED).to_numpy())


def either(flags: Iterable[Flags]) -> Flags:
    """Rows flagged in any of these."""
    return reduce(lambda one, other: one | other, flags)


def every(flags: Iterable[Flags]) -> Flags:
    """Rows flagged in all of these."""
    return reduce(lambda one, other: one & other, flags)


def combined(parts: Sequence[Hashes]) -> Hashes:
    """One hash of each row from those of its texts."""
    key = parts[0]
    for part in parts[1:]:
        key = (key ^ (key >> np.uint64(29))) * _MIX + part
    return key


_NOT_PLAIN = rf"[^0-9a-z!->@\[-`{{-~ぁ-ゖァ-ヴ・ー一-鿿々〆〇]|[{''.join(VARIANTS)}]|^[-ー]{{1,4}}$"
"""A text without any of these is fine as a name as it is written, and it is its own `values_parsed.compare_key`."""


def not_plain(texts: pl.Expr) -> pl.Expr:
    """Texts that are not beyond doubt both fine as a name and their own `compare_key`; blank ones are plain."""
    return texts.str.contains(_NOT_PLAIN)


_BLANK = hash_texts([""])[0]
_NONE = np.empty(0, np.uint64)


class Columns:
    """The columns of one block, as the fields that they are."""

    def __init__(self, columns: Sequence[pl.Series], index: Mapping[str, int]) -> None:
        """`index`: field → place among `columns`."""
        self._columns, self._index = columns, index
        self.height = len(columns[0]) if columns else 0
        self.frame = pl.DataFrame([column.alias(f"c{place}") for place, column in enumerate(columns)])
        """All of them, named c0, c1 …: one query over many columns costs far less than a query for each."""
        hashed = self.frame.select(pl.all().hash(SEED)) if self.height else self.frame
        self._hashes: list[Hashes] = [column.to_numpy() if self.height else _NONE for column in hashed]
        self._blank: dict[str, Flags] = {}
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self._not_plain: dict[str, Rows] = {}

    def texts(self, field: str) -> pl.Series:
        return self._columns[self._index[field]]

    def name(self, field: str) -> str:
        """The field's column in `frame`."""
        return f"c{self._index[field]}"

    def hashes(self, field: str) -> Hashes:
        return self._hashes[self._index[field]]

    def together(self, fields: Sequence[str]) -> Hashes:
        """The hash of several cells of each row."""
        return combined([self.hashes(field) for field in fields])

    def whole(self) -> Hashes:
        """The hash of each row over all columns of the file."""
        return combined(self._hashes)

    def one(self, field: str) -> bool:
        """Whether all cells are equal, as in a column of the publisher's own code, or one that nobody fills."""
        hashes = self.hashes(field)
        return bool(self.height) and bool((hashes == hashes[0]).all())

    def blank(self, field: str) -> Flags:
        """Not to be written to: it is made once."""
        if field not in self._blank:
            self._blank[field] = self.hashes(field) == _BLANK
        return self._blank[field]

    def not_plain(self, field: str) -> Rows:
        """Rows, ascending, whose texts are `not_plain`."""
        if field not in self._not_plain:
            told = self.frame.select(odd=not_plain(pl.col(self.name(field))))
            self._not_plain[field] = np.flatnonzero(told["odd"].to_numpy())
        return self._not_plain[field]

    def numbers(self, field: str) -> NDArray[np.float64]:
        """The cells as numbers, NaN where they are none."""
        if field not in self._numbers:
            told = self.frame.select(number=pl.col(self.name(field)).cast(pl.Float64, strict=False).fill_null(float("nan")))
            self._numbers[field] = np.array(told["number"].to_numpy(), np.float64)
        return self._numbers[field]


def usual(texts: pl.Series, hashes: Hashes, most: int) -> tuple[list[tuple[str, Flags]], Rows]:
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
        self._sorted = np.empty(0, np.uint64)

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, hashes: Hashes) -> None:
        if len(hashes):
            self._sorted = np.union1d(self._sorted, hashes)

    def holds(self, hashes: Hashes) -> Flags:
        """Which of these are in the set."""
        if not len(self._sorted):
            return np.zeros(len(hashes), bool)
        if len(self._sorted) <= 8:
            found = hashes == self._sorted[0]
            for one in self._sorted[1:]:
                found |= hashes == one
            return found
        place = np.minimum(np.searchsorted(self._sorted, hashes), len(self._sorted) - 1)
        return self._sorted[place] == hashes
