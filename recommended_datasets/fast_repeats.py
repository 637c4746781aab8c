"""Rows written twice, IDs used twice, the same name at the same address: 8-byte hashes with the record of the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommended_datasets.rules_keys import First
from recommended_datasets.values_parsed import compare_key

Hashes = NDArray[np.uint64]

BETWEEN = "\x00"
"""Stands between the texts of one row's key: no cell holds it, the reader takes NUL bytes out."""
_VARIANTS = "髙穎ヶヵヱヰ澤濵濱邊邉齋齊德栁桒"
NOT_PLAIN = rf"[^\x000-9a-z!-@\[-`{{-~ぁ-ゖァ-ヴ・ー一-鿿々〆〇]|[{_VARIANTS}]"
"""A lower-case text without any of these is its own `compare_key`."""
_SEED = 1


class Firsts:
    """The first record of each hash of one rule."""

    def __init__(self) -> None:
        self._hashes = np.empty(0, np.uint64)
        self._records = np.empty(0, np.uint32)

    def find(self, hashes: Hashes, rows: NDArray[np.int64], first_record: int) -> dict[int, int]:
        """Row → record of the first one with the same hash, for rows that are not the first. `rows[i]` has `hashes[i]`."""
        if not len(hashes):
            return {}
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
        again = np.flatnonzero(known | ~new)
        if len(again):
            leader = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
            for i in again:
                first = self._records[place[i]] if known[i] else records[leader[i]]
                found[int(rows[order[i]])] = int(first)
        fresh = new & ~known
        self._merge(place[fresh], ordered[fresh], records[fresh])
        return found

    def _merge(self, place: NDArray[np.int64], hashes: Hashes, records: NDArray[np.uint32]) -> None:
        size = len(self._hashes) + len(hashes)
        at = place + np.arange(len(place))
        old = np.ones(size, bool)
        old[at] = False
        merged_hashes, merged_records = np.empty(size, np.uint64), np.empty(size, np.uint32)
        merged_hashes[at], merged_records[at] = hashes, records
        merged_hashes[old], merged_records[old] = self._hashes, self._records
        self._hashes, self._records = merged_hashes, merged_records


class Repeats:
    """All rules of one file that remember rows."""

    def __init__(self) -> None:
        self._firsts: dict[str, Firsts] = {}
        self._lines: list[NDArray[np.int32]] = []
        self._starts: list[int] = []

    def begin(self, first_record: int, lines: Sequence[int]) -> None:
        """The next block: its lines are where its records begin."""
        self._starts.append(first_record)
        self._lines.append(np.array(lines, np.int32))

    def find(self, key: str, hashes: Hashes, valid: NDArray[np.bool_] | None) -> dict[int, First]:
        """Row of this block → where the same was first. Rows that are not `valid` are neither asked nor remembered."""
        rows = np.arange(len(hashes))
        if valid is not None and not valid.all():
            hashes, rows = hashes[valid], rows[valid]
        found = self._firsts.setdefault(key, Firsts()).find(hashes, rows, self._starts[-1])
        return {row: First(record, self._line(record)) for row, record in sorted(found.items())}

    def _line(self, record: int) -> int:
        block = int(np.searchsorted(self._starts, record, side="right")) - 1
        return int(self._lines[block][record - self._starts[block]])


def key_expression(texts: Sequence[pl.Expr], *, lower: bool) -> pl.Expr:
    """The texts of each row as one."""
    key = texts[0] if len(texts) == 1 else pl.concat_str(list(texts), separator=BETWEEN)
    return key.str.to_lowercase() if lower else key


def hash_texts(texts: Sequence[str | None]) -> Hashes:
    """As `key_expression(…).hash(…)` hashes them in a frame."""
    return pl.Series(texts, dtype=pl.String).hash(_SEED).to_numpy()


def hashed(key: pl.Expr) -> pl.Expr:
    return key.hash(_SEED)


def compared(texts: Sequence[str | None], memo: dict[str, str]) -> str:
    """One row's key under `compare_key`."""
    keys: list[str] = []
    for text in texts:
        key = memo.get(text or "")
        if key is None:
            key = compare_key(text or "")
            if len(memo) < 50_000:
                memo[text or ""] = key
        keys.append(key)
    return BETWEEN.join(keys)
