"""Rows written twice, IDs used twice, the same name at the same address: 8-byte hashes with the record of the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommended_datasets.fast_columns import SEED, Flags, Hashes, Rows, hash_texts
from recommended_datasets.rules_keys import First
from recommended_datasets.values_parsed import compare_key

_VARIANTS = "髙穎ヶヵヱヰ澤濵濱邊邉齋齊德栁桒"
_SIMPLE = "高頴ケカエイ沢浜浜辺辺斎斉徳柳桑"
"""What `compare_key` makes of each of `_VARIANTS`."""
_NOT_PLAIN = rf"[^0-9a-z!-@\[-`{{-~ぁ-ゖァ-ヴ・ー一-鿿々〆〇]|[{_VARIANTS}]"
"""A text without any of these is its own `compare_key`."""
_MEMO = 50_000


class Firsts:
    """The first record of each hash of one rule.

    Kept as sorted runs of which each is at least twice as long as the next, so that a file of n records costs n log n.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Hashes, NDArray[np.uint32]]] = []

    def find(self, hashes: Hashes, rows: Rows, first_record: int) -> dict[int, int]:
        """Row → record of the first one with the same hash, for rows that are not the first. `rows[i]` has `hashes[i]`."""
        if not len(hashes):
            return {}
        order = np.argsort(hashes)
        ordered = hashes[order]
        records = (rows[order] + first_record).astype(np.uint32)
        new = np.ones(len(ordered), bool)
        new[1:] = ordered[1:] != ordered[:-1]
        known = np.zeros(len(ordered), bool)
        whole = bool(new.all())
        group = np.arange(len(ordered)) if whole else np.cumsum(new) - 1
        firsts = records if whole else np.minimum.reduceat(records, np.flatnonzero(new))
        first = np.array(firsts[group], np.uint32)
        for run, owners in self._runs:
            place = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
            hit = run[place] == ordered
            known |= hit
            first[hit] = owners[place[hit]]
        found = {int(rows[order[i]]): int(first[i]) for i in np.flatnonzero(first != records)}
        fresh = new & ~known
        self._remember(ordered[fresh], first[fresh])
        return found

    def _remember(self, hashes: Hashes, records: NDArray[np.uint32]) -> None:
        if not len(hashes):
            return
        while self._runs and len(self._runs[-1][0]) < 2 * len(hashes):
            older, owners = self._runs.pop()
            hashes, records = np.concatenate((older, hashes)), np.concatenate((owners, records))
            order = np.argsort(hashes)
            hashes, records = hashes[order], records[order]
        self._runs.append((hashes, records))


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

    def find(self, key: str, hashes: Hashes, valid: Flags | None) -> dict[int, First]:
        """Row of this block → where the same was first. Rows that are not `valid` are neither asked nor remembered."""
        rows = np.arange(len(hashes))
        if valid is not None and not valid.all():
            hashes, rows = hashes[valid], rows[valid]
        found = self._firsts.setdefault(key, Firsts()).find(hashes, rows, self._starts[-1])
        return {row: First(record, self._line(record)) for row, record in sorted(found.items())}

    def _line(self, record: int) -> int:
        block = int(np.searchsorted(self._starts, record, side="right")) - 1
        return int(self._lines[block][record - self._starts[block]])


def compared(frame: pl.DataFrame, memo: dict[str, str]) -> list[Hashes]:
    """For each column the hash of each text's `compare_key`; only texts that polars cannot fold are asked for one by one."""
    told = frame.select(
        *(pl.col(name).hash(SEED).alias(f"h{name}") for name in frame.columns),
        *(pl.col(name).str.contains(_NOT_PLAIN).alias(f"o{name}") for name in frame.columns),
    )
    found: list[Hashes] = []
    for name in frame.columns:
        hashes = np.array(told[f"h{name}"].to_numpy())
        odd = np.flatnonzero(told[f"o{name}"].to_numpy())
        if len(odd):
            hashes[odd] = _folded(frame[name].gather(odd), memo)
        found.append(hashes)
    return found


def _folded(texts: pl.Series, memo: dict[str, str]) -> Hashes:
    folded = pl.col("texts").str.to_lowercase().str.replace_many(list(_VARIANTS), list(_SIMPLE))
    told = texts.to_frame("texts").select(hash=folded.hash(SEED), other=folded.str.contains(_NOT_PLAIN))
    hashes = np.array(told["hash"].to_numpy())
    other = np.flatnonzero(told["other"].to_numpy())
    if len(other):
        hashes[other] = hash_texts([_key(texts[int(row)], memo) for row in other])
    return hashes


def _key(text: str, memo: dict[str, str]) -> str:
    key = memo.get(text)
    if key is None:
        key = compare_key(text)
        if len(memo) < _MEMO:
            memo[text] = key
    return key
