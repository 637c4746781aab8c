"""Rows written twice, IDs used twice, the same name at the same address: kept as 8-byte hashes, with the record of the first."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommended_datasets.rules_keys import First
from recommended_datasets.values_parsed import compare_key

_PLAIN = r"[^0-9a-z!-@\[-`{-~ぁ-ゖァ-ヴ・ー一-鿿々〆〇]|[髙穎ヶヵヱヰ澤濵濱邊邉齋齊德栁桒]"
"""A lower-case text without any of these is its own `compare_key`."""


class Firsts:
    """The first record of each hash of one rule."""

    def __init__(self) -> None:
        self._hashes = np.empty(0, np.uint64)
        self._records = np.empty(0, np.uint32)

    def find(self, hashes: NDArray[np.uint64], rows: NDArray[np.int64], first_record: int) -> dict[int, int]:
        """Row → record of the first one with the same hash, for rows that are not the first. `rows[i]` has `hashes[i]`."""
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        new = np.ones(len(ordered), bool)
        new[1:] = ordered[1:] != ordered[:-1]
        records = (rows[order] + first_record).astype(np.uint32)
        place = np.searchsorted(self._hashes, ordered)
        known = np.zeros(len(ordered), bool)
        if len(self._hashes):
            known = self._hashes[np.minimum(place, len(self._hashes) - 1)] == ordered
        found: dict[int, int] = {}
        groups = np.flatnonzero(new)
        leader = groups[np.cumsum(new) - 1] if len(groups) else groups
        for i in np.flatnonzero(known | ~new):
            first = self._records[place[i]] if known[i] else records[leader[i]]
            found[int(rows[order[i]])] = int(first)
        fresh = new & ~known
        self._hashes = np.insert(self._hashes, place[fresh], ordered[fresh])
        self._records = np.insert(self._records, place[fresh], records[fresh])
        return found


class Repeats:
    """All rules of one file that remember rows."""

    def __init__(self) -> None:
        self._firsts: dict[str, Firsts] = {}
        self._lines: list[NDArray[np.int32]] = []
        self._starts: list[int] = []

    def begin(self, first_record: int, lines: list[int]) -> None:
        """The next block: its lines are where its records begin."""
        self._starts.append(first_record)
        self._lines.append(np.array(lines, np.int32))

    def find(self, key: str, frame: pl.DataFrame, valid: pl.Series | None, first_record: int) -> dict[int, First]:
        """Row of this block → where the same was first. Rows that are not `valid` are neither asked nor remembered."""
        if not frame.height:
            return {}
        hashes = frame.hash_rows(seed=1).to_numpy()
        rows = np.arange(frame.height)
        if valid is not None:
            kept = valid.to_numpy()
            hashes, rows = hashes[kept], rows[kept]
        found = self._firsts.setdefault(key, Firsts()).find(hashes, rows, first_record)
        return {row: First(record, self._line(record)) for row, record in sorted(found.items())}

    def _line(self, record: int) -> int:
        block = int(np.searchsorted(self._starts, record, side="right")) - 1
        return int(self._lines[block][record - self._starts[block]])


def compare_keys(texts: pl.Series) -> pl.Series:
    """`compare_key` of every text; null counts as blank."""
    lower = texts.fill_null("").str.to_lowercase()
    other = lower.str.contains(_PLAIN)
    if not other.any():
        return lower
    rows = other.arg_true()
    memo: dict[str, str] = {}
    keys: list[str] = []
    for text in texts.fill_null("").gather(rows):
        key = memo.get(text)
        if key is None:
            key = memo[text] = compare_key(text)
        keys.append(key)
    return lower.clone().scatter(rows, pl.Series(keys, dtype=pl.String))
