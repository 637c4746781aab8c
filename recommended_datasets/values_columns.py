"""A whole column through `values.parse`, with a memo for repeated cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from recommended_datasets import values
from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed

_MEMO_LIMIT = 20_000  # per column: bounded, however long the file


class Column(NamedTuple):
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
        self._memo: dict[str, Parsed | None] = {"": None}

    def read(self, texts: Sequence[str], index: int, header: str, rows: Iterable[int] | None = None) -> Column:
        """`rows`: only these need the scalar functions, all others are known to be fine (masks of the fast lane)."""
        memo, changed = self._memo, dict[int, Parsed]()
        if len(memo) > _MEMO_LIMIT:
            memo.clear()
            memo[""] = None
        pairs = enumerate(texts) if rows is None else ((row, texts[row]) for row in rows)
        for row, text in pairs:
            if text in memo:
                parsed = memo[text]
            else:
                parsed = values.parse(self.field, text, statistical=self._statistical)
                if parsed.code is None and parsed.text == text:
                    parsed = None
                memo[text] = parsed
            if parsed is not None:
                changed[row] = parsed
        return Column(self.field, index, header, texts, changed)
