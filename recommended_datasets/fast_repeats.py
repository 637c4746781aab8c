"""Rows written twice, IDs used twice, the same name at the same address: 8-byte hashes with the record of the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import _cells, automaton
from recommended_datasets.fast_cells import Flags, Hashes, Texts, hash_texts
from recommended_datasets.fast_columns import DASHES, PLAIN_LETTERS, Columns
from recommended_datasets.rules_keys import First
from recommended_datasets.values_parsed import VARIANTS, compare_key

_MEMO = 50_000


class Firsts:
    """The first record of each hash of one rule: 16 to 32 bytes for each different one."""

    def __init__(self) -> None:
        self._met = _cells.Met()

    def find(self, hashes: Hashes, valid: Flags | None, first_record: int) -> dict[int, int]:
        """Row → record of the first one with the same hash, for rows that are not the first. Rows that are not `valid` are
        neither asked nor remembered; None: all are."""
        found = np.zeros(len(hashes), np.uint32) if valid is None else (~valid).astype(np.uint32)
        self._met.first(hashes, first_record, found)
        rows = np.flatnonzero(found)
        return dict(zip(rows.tolist(), found[rows].tolist(), strict=True))


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
        found = self._firsts.setdefault(key, Firsts()).find(hashes, valid, self._starts[-1])
        return {row: First(record, self._line(record)) for row, record in found.items()}

    def _line(self, record: int) -> int:
        block = int(np.searchsorted(self._starts, record, side="right")) - 1
        return int(self._lines[block][record - self._starts[block]])


_SIMPLE = f"[{PLAIN_LETTERS}A-Z{''.join(VARIANTS)}]*"
"""Texts whose key is the text in small letters with the simpler ones of `VARIANTS`."""
_PAIRS = "".join(one + other for one, other in VARIANTS.items()).encode()


class Folding:
    """The hashes of `compare_key` of one file's cells; only texts that no table can fold are folded one by one."""

    def __init__(self) -> None:
        self._memo: dict[str, str] = {}

    def hashes(self, columns: Columns, fields: Sequence[str]) -> list[Hashes]:
        """For each field the hash of each text's key."""
        return [self._of_column(columns, field) for field in fields]

    def _of_column(self, columns: Columns, field: str) -> Hashes:
        hashes = np.array(columns.hashes(field), np.uint64)
        odd = columns.not_plain(field)
        if len(odd):
            hashes[odd] = self._folded(columns.texts(field).pick(odd))
        return hashes

    def _folded(self, texts: Texts) -> Hashes:
        hashes = texts.folded(_PAIRS)
        other = np.flatnonzero(~texts.match(automaton.table(_SIMPLE, DASHES)))
        if len(other):
            hashes[other] = hash_texts([self._key(text) for text in texts.pick(other)])
        return hashes

    def _key(self, text: str) -> str:
        key = self._memo.get(text)
        if key is None:
            key = compare_key(text)
            if len(self._memo) < _MEMO:
                self._memo[text] = key
        return key
