"""Rows written twice, IDs used twice, the same name at the same address: 8-byte hashes with the record of the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommended_datasets.fast_columns import SEED, Columns, Flags, Hashes, Rows, hash_texts, not_plain, usual
from recommended_datasets.rules_keys import First
from recommended_datasets.values_parsed import VARIANTS, compare_key

_MEMO = 50_000
_FEW = 12
"""Different texts of a block that are folded one by one."""
_BITS = 25
"""A hash is surely new where no earlier one had the same first so many bits: 4 MB a rule."""


class Firsts:
    """The first record of each hash of one rule.

    Kept as sorted runs of which each is at least twice as long as the next, so that a file of n records costs n log n.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Hashes, NDArray[np.uint32]]] = []
        self._met = np.zeros(1 << (_BITS - 3), np.uint8)

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
        asked = self._meet(ordered)
        if len(asked):
            hashes_asked = ordered[asked]
            for run, owners in self._runs:
                place = np.minimum(np.searchsorted(run, hashes_asked), len(run) - 1)
                hit = run[place] == hashes_asked
                known[asked[hit]] = True
                first[asked[hit]] = owners[place[hit]]
        found = {int(rows[order[i]]): int(first[i]) for i in np.flatnonzero(first != records)}
        fresh = new & ~known
        self._remember(ordered[fresh], first[fresh])
        return found

    def _meet(self, hashes: Hashes) -> Rows:
        """Places of the hashes that may have been met in an earlier block; all of them are marked as met."""
        bits = (hashes >> np.uint64(64 - _BITS)).astype(np.int64)
        places, marks = bits >> 3, np.left_shift(np.uint8(1), (bits & 7).astype(np.uint8))
        met = np.flatnonzero(self._met[places] & marks)
        self._met[places] |= marks
        lost = np.flatnonzero((self._met[places] & marks) == 0)  # of two rows in one byte one was written over
        np.bitwise_or.at(self._met, places[lost], marks[lost])
        return met

    def _remember(self, hashes: Hashes, records: NDArray[np.uint32]) -> None:
        if not len(hashes):
            return
        while self._runs and len(self._runs[-1][0]) < 2 * len(hashes):
            older, owners = self._runs.pop()
            hashes, records = np.concatenate((older, hashes)), np.concatenate((owners, records))
            order = np.argsort(hashes, kind="stable")  # two runs in order are merged, not sorted anew
            hashes, records = hashes[order], records[order]
        self._runs.append((hashes, records))


class Keyed(NamedTuple):
    """By what a rule knows the rows of a block again."""

    hashes: Hashes
    valid: Flags | None
    """Rows that count; None: all."""


class Repeats:
    """All rules of one file that remember rows."""

    def __init__(self) -> None:
        self._firsts: dict[str, Firsts] = {}
        self._lines: list[NDArray[np.int32]] = []
        self._starts: list[int] = []

    def find(self, first_record: int, lines: NDArray[np.int32], keyed: Mapping[str, Keyed]) -> dict[str, dict[int, First]]:
        """The next block, whose records begin on these `lines`: rule → row → where the same was first. Rows that are not
        `valid` are neither asked nor remembered."""
        self._starts.append(first_record)
        self._lines.append(lines)
        return {key: self._of_rule(key, hashes, valid) for key, (hashes, valid) in keyed.items()}

    def _of_rule(self, key: str, hashes: Hashes, valid: Flags | None) -> dict[int, First]:
        rows = np.arange(len(hashes))
        if valid is not None and not valid.all():
            hashes, rows = hashes[valid], rows[valid]
        found = self._firsts.setdefault(key, Firsts()).find(hashes, rows, self._starts[-1])
        return {row: First(record, self._line(record)) for row, record in sorted(found.items())}

    def _line(self, record: int) -> int:
        block = int(np.searchsorted(self._starts, record, side="right")) - 1
        return int(self._lines[block][record - self._starts[block]])


class Folding:
    """The hashes of `compare_key` of one file's cells; only texts that polars cannot fold are folded one by one."""

    def __init__(self) -> None:
        self._memo: dict[str, str] = {}
        self._few: dict[str, tuple[Hashes, Hashes]] = {}
        """Of columns with few different texts: their hashes, ascending, and those of their keys."""

    def hashes(self, columns: Columns, fields: Sequence[str]) -> list[Hashes]:
        """For each field the hash of each text's key."""
        return [self._of_column(columns, field) for field in fields]

    def _of_column(self, columns: Columns, field: str) -> Hashes:
        own, texts = columns.hashes(field), columns.texts(field)
        known = self._of_known(field, own)
        if known is not None:
            return known
        few, rest = usual(texts, own, _FEW)
        if not len(rest):
            return self._of_few(field, few, own)
        if _mostly_upper(texts):
            return self._folded(texts)
        hashes = np.array(own, np.uint64)
        odd = columns.not_plain(field)
        if len(odd):
            hashes[odd] = self._folded(texts.gather(odd))
        return hashes

    def _of_known(self, field: str, hashes: Hashes) -> Hashes | None:
        """None where a text is not among the few that were met in an earlier block."""
        if field not in self._few:
            return None
        known, keys = self._few[field]
        place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
        return keys[place] if (known[place] == hashes).all() else None

    def _of_few(self, field: str, texts: Sequence[tuple[str, Flags]], hashes: Hashes) -> Hashes:
        own = np.array([hashes[rows.argmax()] for _, rows in texts], np.uint64)
        keys = hash_texts([self._key(text) for text, _ in texts])
        if field in self._few and len(self._few[field][0]) < 4 * _FEW:
            own, keys = np.concatenate((self._few[field][0], own)), np.concatenate((self._few[field][1], keys))
        own, order = np.unique(own, return_index=True)
        self._few[field] = own, keys[order]
        return self._few[field][1][np.searchsorted(own, hashes)]

    def _folded(self, texts: pl.Series) -> Hashes:
        lower = texts.str.to_lowercase().to_frame("texts")
        told = lower.select(hash=pl.col("texts").hash(SEED), other=not_plain(pl.col("texts")))
        hashes = np.array(told["hash"].to_numpy())
        other = np.flatnonzero(told["other"].to_numpy())
        if not len(other):
            return hashes
        simple = pl.col("texts").str.replace_many(list(VARIANTS), list(VARIANTS.values()))
        told = lower[other].select(texts=simple).select(hash=pl.col("texts").hash(SEED), other=not_plain(pl.col("texts")))
        hashes[other] = told["hash"].to_numpy()
        other = other[told["other"].to_numpy()]
        if len(other):
            hashes[other] = hash_texts([self._key(text) for text in texts.gather(other)])
        return hashes

    def _key(self, text: str) -> str:
        key = self._memo.get(text)
        if key is None:
            key = compare_key(text)
            if len(self._memo) < _MEMO:
                self._memo[text] = key
        return key


def _mostly_upper(texts: pl.Series) -> bool:
    """Whether most of the first texts have capital letters, as ids have: then all are folded together."""
    first = texts.head(20).to_list()
    return sum(any("A" <= letter <= "Z" for letter in text) for text in first) * 2 > len(first)
