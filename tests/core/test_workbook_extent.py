"""A sheet's cells are within bounds exactly where the farthest corner says so, however the bounds grow."""

from __future__ import annotations

import random
import re

import pytest

from recommended_datasets import workbook_extent
from recommended_datasets.workbook_extent import Extent, column_letters, column_number


@pytest.mark.parametrize("last", [1, 9, 10, 26, 27, 39, 52, 53, 701, 702, 703, 730, 1_000, 16_384])
def test_column_names_up_to_one_are_those_and_no_others(last: int) -> None:
    pattern = re.compile(f"(?:{workbook_extent._up_to_letters(column_letters(last))})")
    names = [column_letters(number) for number in range(1, 18_000)]
    assert sum(pattern.fullmatch(name) is not None for name in names) == last
    assert pattern.fullmatch(names[last - 1]) and column_number(names[last - 1].encode()) == last


@pytest.mark.parametrize("last", [1, 9, 10, 19, 99, 100, 4_199, 9_999, 10_000, 12_345, 153_845, 999_999])
def test_row_numbers_up_to_one_are_those_and_no_others(last: int) -> None:
    pattern = re.compile(f"(?:{workbook_extent._up_to_digits(str(last))})")
    sample = {*range(0, 200), *range(max(1, last - 150), last + 150), *random.Random(last).sample(range(1, 1_100_000), 500)}
    assert {number for number in sample if pattern.fullmatch(str(number))} == {n for n in sample if 1 <= n <= last}


@pytest.mark.parametrize("seed", range(60))
def test_cells_are_covered_exactly_where_their_rectangle_is_small_enough(seed: int) -> None:
    dice = random.Random(seed)
    limit = dice.choice([520_000, 700_000, 2_000_000, 6_000_000])
    cells: list[tuple[int, int]] = []
    for _ in range(dice.randint(1, 40)):
        row = dice.choice([dice.randint(1, 9_999), dice.randint(1, 100_001), dice.randint(1, 1_048_576)])
        cells.append((dice.choice([1, 39, 60, dice.randint(1, 16_384)]) if dice.random() < 0.2 else dice.randint(1, 52), row))
    extent, fits = Extent(limit), True
    for some in (cells[:20], cells[20:]):
        text = "".join(f'<c r="{column_letters(column)}{row}" s="1"><v>1</v></c>' for column, row in some).encode()
        fits = fits and extent.covers(text, len(text))
    rows, columns = max(row for _, row in cells), max(column for column, _ in cells)
    # What begins as 52 columns and 9,999 rows is taken as such: the answer may only be too careful.
    assert not fits or rows * columns <= limit
    if max(rows, 9_999) * max(columns, 52) <= limit:
        assert fits


def test_a_long_sheet_needs_few_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    grown: list[int] = []
    grow = Extent._grow
    monkeypatch.setattr(Extent, "_grow", lambda self, row, column: grown.append(row) or grow(self, row, column))
    extent = Extent(6_000_000)
    for start in range(1, 110_001, 1_000):
        text = b"".join(b'<c r="AM%d">' % row for row in range(start, start + 1_000))
        assert extent.covers(text, len(text))
    assert len(grown) <= 6


@pytest.mark.parametrize("cell", [b'<c r="a1">', b"<c r='A1'>", b'<c s="1" r="A1">', b"<c>", b'<c r="A01">', b"<c/>"])
def test_cells_written_otherwise_are_measured(cell: bytes) -> None:
    assert not Extent(6_000_000).covers(b'<c r="A1">' + cell, 100)
