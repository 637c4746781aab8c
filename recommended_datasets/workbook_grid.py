"""The cells of one sheet as text, and what has to be known about them besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from recommended_datasets.csv_records import Flaw

Area = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of a merged cell, from 0."""


@dataclass(slots=True)
class Grid:
    """The cells of one sheet as text. Its first row is row `top` of the sheet, from 0, its first column column `left`."""

    rows: list[list[str]]
    top: int
    left: int
    merged: Sequence[Area]
    flaws: list[Flaw]
    unreadable: set[tuple[int, int]]

    @property
    def size(self) -> int:
        """Cells of the sheet up to the last one."""
        return (self.top + len(self.rows)) * (self.left + len(self.rows[0])) if self.rows else 0


@dataclass(slots=True)
class Marks:
    """Cells of one sheet, by (row from 1, column from 0), that need more than calamine gives."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    bare: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    """Formulas without a saved result, with the formula."""
    dates: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    digits: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])

    def __bool__(self) -> bool:
        return bool(self.errors or self.bare or self.dates or self.digits)
