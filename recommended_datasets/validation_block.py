"""One block of a file as `validation.Validation` sees it: its columns read, and what is known of it beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from recommended_datasets.report import Issue
from recommended_datasets.rules import Found
from recommended_datasets.table import Note, Table
from recommended_datasets.values_columns import Column
from recommended_datasets.values_parsed import Parsed

BOTH = "latitude+longitude"
"""Key of `Hints.filled`: rows with both."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What the fast lane knows of a block already. Everything left out is found out here.

    `rows`: field id or rule key (`Validation.rule_keys`) → the only rows, ascending, that need the scalar functions. For a
    field: rows that `values.parse` would not accept unchanged, and the blanks of a ◎ column.
    `filled`: field id → cells with any text, and ``latitude+longitude`` → rows with both.
    """

    rows: Mapping[str, Sequence[int]] = field(default_factory=dict[str, Sequence[int]])
    filled: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(slots=True)
class Verdict:
    """What one block by itself says, before its rows are compared with those of other blocks."""

    rows: int
    notes: Sequence[Note]
    issues: list[Issue] = field(default_factory=list[Issue])
    more: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """(code, column) → issues beyond those in `issues`, of a kind of which there are more than enough."""
    errors: bool = False
    swaps: list[Issue] = field(default_factory=list[Issue])
    """One for each row whose coordinates changed places."""
    filled: dict[str, int] = field(default_factory=dict[str, int])
    lost: dict[int, str] = field(default_factory=dict[int, str])
    """Row that the merge cannot use → the field that is to blame."""
    waiting: int = 0
    """Rows that can be used if the whole column changed places."""


class Block:
    """One block with its columns read: gives rules the texts that they ask for."""

    def __init__(self, table: Table, columns: dict[str, Column], hints: Hints) -> None:
        self.table, self.columns, self.hints = table, columns, hints
        self._canonical: dict[str, list[str | None]] = {}

    def rows(self, key: str, *, blank: Column | None = None) -> Iterable[int]:
        """The rows that `key` asks for; with `blank` only those whose cell is blank, where nothing is known beforehand."""
        known = self.hints.rows.get(key)
        if known is not None:
            return known
        if blank is not None:
            return [row for row, text in enumerate(blank.texts) if not text]
        return range(self.table.row_count)

    def texts(self, fields: tuple[str, ...], key: str) -> Iterator[tuple[int, tuple[str | None, ...]]]:
        """(row, canonical texts of `fields`) of the rows that the rule `key` needs."""
        known = self.hints.rows.get(key)
        if known is not None:
            columns = [self.columns[field_id] for field_id in fields]
            return ((row, tuple(column.text(row) for column in columns)) for row in known)
        if not fields:
            return ((row, ()) for row in range(self.table.row_count))
        for field_id in fields:
            if field_id not in self._canonical:
                self._canonical[field_id] = self.columns[field_id].canonical()
        return enumerate(zip(*(self._canonical[field_id] for field_id in fields), strict=True))

    def issue(self, row: int, column: Column | None, found: Parsed | Found, field_id: str = "") -> Issue:
        table = self.table
        if column is None or column.index < 0:
            return Issue(str(found.code), found.severity, table.record(row), table.lines[row], field_id, values=found.values)
        cell_line = table.cell_lines.get((column.index, row), 0)
        where = (table.record(row), table.lines[row], column.field.id, column.header, column.texts[row])
        return Issue(str(found.code), found.severity, *where, cell_line=cell_line, values=found.values)
