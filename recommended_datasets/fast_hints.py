"""What the masks know of a block: the few rows that `validation.Validation` still has to look at, rule by rule, and the hashes
by which rows are known again in other blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recommended_datasets import rules_keys
from recommended_datasets.fast_cells import Flags, Hashes, Rows, Texts
from recommended_datasets.fast_columns import Columns, combined
from recommended_datasets.fast_repeats import Folding, Keyed
from recommended_datasets.fast_rules import RowRules
from recommended_datasets.masks import Accepts
from recommended_datasets.validation_block import BOTH, Hints
from recommended_datasets.values_columns import short_rows

if TYPE_CHECKING:
    from recommended_datasets.table import Table
    from recommended_datasets.validation import Validation

_REPEATED = (rules_keys.Duplicates.KEY, rules_keys.Keys.KEY, rules_keys.Names.KEY)


@dataclass(frozen=True, slots=True)
class Look:
    """A block with its cells looked at one column at a time."""

    table: Table
    columns: Columns
    odd: dict[str, Rows]
    """Field → rows, ascending, whose cells are not beyond doubt fine as written."""


class Hinting:
    """Makes the hints of one file, block by block. Begin with the `Validation` that was started."""

    def __init__(self, validation: Validation) -> None:
        self._validation = validation
        definition = validation.definition
        known = [match for match in validation.columns if match.field and match.field in definition]
        self._index = {str(match.field): match.index for match in known}
        self._fields = [definition.field(field) for field in self._index]
        self._accepts = Accepts(statistical=definition.statistical)
        there = self._index.keys()
        keys = validation.rule_keys
        self._rules = {key: fields for key, fields in keys.items() if set(fields) <= there and fields and key not in _REPEATED}
        self._row_rules = RowRules(validation, self._rules)
        self._remembered = {key: keys[key] for key in _REPEATED if keys.get(key)}
        self._folding = Folding()

    def look(self, table: Table) -> Look:
        """What can be seen of this block before the one above it is judged."""
        texts = [column if isinstance(column, Texts) else Texts.of(column) for column in table.columns]
        columns = Columns(texts, self._index)
        return Look(table, columns, self._odd(table, columns))

    def hints(self, look: Look) -> Hints:
        """The hints of this block."""
        columns, odd = look.columns, look.odd
        rows: dict[str, list[int]] = {}
        filled: dict[str, int] = {}
        for field in self._fields:
            filled[field.id] = columns.filled(field.id)
            asked = field.mark == "◎" and field.type != "flag" and field.blank == "unknown"
            found = np.union1d(odd[field.id], np.flatnonzero(columns.blank(field.id))) if asked else odd[field.id]
            rows[field.id] = found.tolist()
        if {"latitude", "longitude"} <= self._index.keys():
            filled[BOTH] = int(np.count_nonzero(~(columns.blank("latitude") | columns.blank("longitude"))))
        for key, fields in self._rules.items():
            wrong = self._row_rules.wrong(key, columns)
            if wrong is not None:
                rows[key] = _union([np.flatnonzero(wrong), *(odd[field] for field in fields)]).tolist()
        return Hints(rows, filled)

    def _odd(self, table: Table, columns: Columns) -> dict[str, Rows]:
        """field → rows whose cells are not beyond doubt fine. A cell with broken bytes is unknown, whatever it looks like, and
        so is one that its record does not have: their rules have to look."""
        odd = self._accepts.odd(self._fields if columns.height else (), columns)
        doubted = list(table.unreadable)
        doubted += [(index, row) for row, width in short_rows(table).items() for index in range(width, len(table.columns))]
        extra: dict[int, list[int]] = {}
        for index, row in doubted:
            extra.setdefault(index, []).append(row)
        for field, index in self._index.items():
            if index in extra:
                odd[field] = np.union1d(odd[field], np.array(extra[index], np.int64))
        return odd if columns.height else dict.fromkeys(self._index, np.empty(0, np.int64))

    def keyed(self, look: Look) -> dict[str, Keyed]:
        """For each rule that remembers rows the hash of each row's key."""
        columns = look.columns
        if not columns.height:
            return {}
        found = {rules_keys.Duplicates.KEY: Keyed(columns.whole(), None)}
        for key, asked in ((rules_keys.Keys.KEY, None), (rules_keys.Names.KEY, 2)):
            fields = self._remembered.get(key, ())
            own = tuple(field for field in fields if field in self._index)
            # A constant is the same in all rows: it only matters whether it says anything where it is asked for.
            given = all(self._validation.constant(field) for field in fields[:asked] if field not in self._index)
            if fields and given and not own:
                found[key] = Keyed(np.zeros(columns.height, np.uint64), None)
            elif own and given:
                found[key] = Keyed(*self._keys(own, look, asked and len([field for field in fields[:asked] if field in own])))
        return found

    def _keys(self, fields: tuple[str, ...], look: Look, asked: int | None) -> tuple[Hashes, Flags]:
        """(hash of each row's key, which rows count). `asked`: only the first so many texts must be there, and the key is
        `compare_key`; None: all of them, as they are."""
        columns = look.columns
        valid = np.ones(columns.height, bool)
        for field in fields[:asked]:
            valid &= ~columns.blank(field)
        if asked is not None:
            hashes = self._folding.hashes(columns, fields)
        else:
            hashes = [np.array(columns.hashes(field), np.uint64) for field in fields]
        rows = _union([look.odd[field] for field in fields])
        if len(rows):
            read = [self._read(field, look, rows) for field in fields]
            valid[rows] = [all(row[:asked]) for row in zip(*read, strict=True)]
            known = [Texts.of(text or "" for text in texts) for texts in read]
            places = {field: place for place, field in enumerate(fields)}
            canonical = (
                self._folding.hashes(Columns(known, places), fields)
                if asked is not None
                else [texts.hashes() for texts in known]
            )
            for of_column, of_rows in zip(hashes, canonical, strict=True):
                of_column[rows] = of_rows
        return combined(hashes), valid

    def _read(self, field: str, look: Look, rows: Rows) -> list[str | None]:
        """The canonical texts of these rows."""
        read = self._validation.canonical(field, look.columns.texts(field).gather(rows))
        index = self._index[field]
        return [None if (index, row) in look.table.unreadable else text for row, text in zip(rows.tolist(), read, strict=True)]


def _union(parts: list[Rows]) -> Rows:
    return np.unique(np.concatenate(parts))
