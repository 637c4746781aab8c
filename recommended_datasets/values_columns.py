"""A whole column through `values.parse`, with a memo for repeated cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recommended_datasets import values
from recommended_datasets.definition import Definition, Field
from recommended_datasets.report import ColumnMatch
from recommended_datasets.rules_place import swapped
from recommended_datasets.table import Table
from recommended_datasets.values_parsed import Parsed, fold, trim

_MEMO_LIMIT = 20_000  # per column: bounded, however long the file


@dataclass(frozen=True, slots=True)
class Column:
    """The cells of one field. `changed[row]` is there where the cell is not fine as written; else the text stands."""

    field: Field
    index: int
    """The column's place in the file, -1 for a constant of the mapping."""
    header: str
    texts: Sequence[str]
    changed: dict[int, Parsed]

    def text(self, row: int) -> str | None:
        """Canonical text, "" = blank, None = unknown."""
        found = self.changed.get(row)
        return self.texts[row] if found is None else found.text

    def canonical(self) -> list[str | None]:
        """All rows."""
        cells: list[str | None] = list(self.texts)
        for row, parsed in self.changed.items():
            cells[row] = parsed.text
        return cells


class ColumnReader:
    """Reads one field's cells block by block; keeps what equal cells said."""

    def __init__(self, field: Field, *, statistical: bool = False) -> None:
        self.field = field
        self._statistical = statistical
        self._memo: dict[str, Parsed | None] = {}

    def read(self, texts: Sequence[str], index: int, header: str, rows: Iterable[int] | None = None) -> Column:
        """`rows`: only these need the scalar functions, all others are known to be fine (masks of the fast lane)."""
        memo, changed = self._memo, dict[int, Parsed]()
        if len(memo) > _MEMO_LIMIT:
            memo.clear()
        cells = texts if rows is None else [texts[row] for row in rows]
        strange: dict[str, Parsed] = {}
        for text in set(cells):
            if text not in memo:
                parsed = values.parse(self.field, text, statistical=self._statistical)
                memo[text] = None if parsed.code is None and parsed.text == text else parsed
            if (found := memo[text]) is not None:
                strange[text] = found
        if strange:
            for row, text in enumerate(cells) if rows is None else zip(rows, cells, strict=True):
                if text in strange:
                    changed[row] = strange[text]
        return Column(self.field, index, header, texts, changed)


class TableReader:
    """Reads the columns of one file, block by block, as a definition's fields."""

    def __init__(
        self, definition: Definition, columns: Sequence[ColumnMatch], constants: Mapping[str, str] | None = None
    ) -> None:
        self.definition = definition
        self._places = [
            (match.index, match.column, match.field) for match in columns if match.field and match.field in definition
        ]
        taken = {field for _, _, field in self._places}
        self._constants = {
            field: text for field, text in (constants or {}).items() if field in definition and field not in taken
        }
        self._readers = {
            field: ColumnReader(definition.field(field), statistical=definition.statistical)
            for field in [*(field for _, _, field in self._places), *self._constants]
        }

    @property
    def fields(self) -> set[str]:
        """The fields that the file's columns and the mapping's constants give."""
        return set(self._readers)

    def column(self, table: Table, field: str) -> list[str | None]:
        """The canonical texts of one field in this block; empty when the file has no such column."""
        for index, header, name in self._places:
            if name == field:
                return self._readers[field].read(table.columns[index], index, header).canonical()
        return [self._constants[field]] if field in self._constants else []

    def canonical(self, field: str, texts: Sequence[str]) -> list[str | None]:
        """The canonical texts of some cells of a field."""
        return self._readers[field].read(texts, 0, "").canonical()

    def constant(self, field: str) -> str | None:
        """The canonical text of one of the mapping's constants."""
        return self.canonical(field, [self._constants[field]])[0]

    def read(self, table: Table, rows: Mapping[str, Sequence[int]] | None = None) -> dict[str, Column]:
        """field id → column, in the file's order. Cells with broken bytes are unknown."""
        found: dict[str, Column] = {}
        for index, header, field in self._places:
            column = self._readers[field].read(table.columns[index], index, header, rows.get(field) if rows else None)
            found[field] = column
        for row, width in short_rows(table).items():
            for column in found.values():
                # A flag's blank would say "no": a cell that is not there says nothing.
                if column.index >= width and column.field.blank == "no" and not column.texts[row]:
                    column.changed[row] = UNKNOWN
        for index, row in table.unreadable:
            for column in found.values():
                if column.index == index:
                    column.changed[row] = UNKNOWN
        for field, text in self._constants.items():
            found[field] = self._readers[field].read([text] * table.row_count, -1, "")
        return found


UNKNOWN = Parsed(None, "", "error")
"""A cell that is unknown and reported already: broken bytes, or a row of swapped coordinates."""


def short_rows(table: Table) -> dict[int, int]:
    """Row → how many cells its record has, for records that end before their last columns."""
    found: dict[int, int] = {}
    for issue in table.issues:
        if issue.code == "short-record" and 0 <= issue.record - table.first_record < table.row_count:
            found[issue.record - table.first_record] = int(dict(issue.values)["found"])
    return found


def swapped_rows(columns: Mapping[str, Column]) -> list[int]:
    """Rows whose latitude and longitude would be a place in Japan if they changed places."""
    latitude, longitude = columns.get("latitude"), columns.get("longitude")
    if latitude is None or longitude is None:
        return []
    rows = sorted(row for row, parsed in latitude.changed.items() if parsed.code == "coordinate-range")
    return [row for row in rows if swapped(trim(fold(latitude.texts[row])), trim(fold(longitude.texts[row])))]
