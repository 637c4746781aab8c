"""How far a sheet's cells reach, told while its XML is unpacked, at the speed of one regular expression.

The expression finds the next cell outside the bounds known so far; then the bounds grow and the search goes on. So a sheet of
a million cells costs some twenty finds, not a million.
"""

from __future__ import annotations

import re

_CELL = re.compile(rb"<c r=\"([A-Z]{1,3})([1-9][0-9]{0,6})\"")
_ROWS, _COLUMNS = 9_999, 52
"""Bounds to begin with."""


class Extent:
    """The bounds of one sheet. `limit`: the cells that its rectangle may have."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows, self._columns = _ROWS, _COLUMNS
        self._farther = _farther(self._rows, self._columns)

    def covers(self, window: bytes, end: int) -> bool:
        """Whether all cells that begin before `end` are within a rectangle of `limit` cells; False as well where a cell is
        written in another way than spreadsheets do, so that it has to be measured."""
        at = 0
        while (found := self._farther.search(window, at)) and found.start() < end:
            at = found.start()
            cell = _CELL.match(window, at)
            if cell is None or not self._grow(int(cell[2]), column_number(cell[1])):
                return False
        return True

    def _grow(self, row: int, column: int) -> bool:
        """Bounds with this cell inside, with room for more where there is room. False where it does not fit."""
        if row <= self._rows and column <= self._columns:
            return False
        columns = max(self._columns, column)
        most = self._limit // columns
        if max(self._rows, row) > most:
            return False
        if row > self._rows:
            self._rows = _even(min(2 * row, most), row)
        self._columns = columns
        self._farther = _farther(self._rows, self._columns)
        return True


def column_number(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column


def column_letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _even(most: int, least: int) -> int:
    """A number from `least` to `most` with as many nines at its end as there can be: its pattern is short."""
    for nines in range(len(str(most)), 0, -1):
        number = (most + 1) // 10**nines * 10**nines - 1
        if number >= least:
            return number
    return least


def _farther(rows: int, columns: int) -> re.Pattern[bytes]:
    """A cell that is not plainly written or not within these rows and columns."""
    name = rf"(?:{_up_to_letters(column_letters(columns))})(?:{_up_to_digits(str(rows))})"
    return re.compile(rf'<c(?=[\s/>])(?! r="{name}")'.encode())


def _up_to_letters(last: str) -> str:
    """Column names up to `last`: ``AM`` → ``[A-Z]|A[A-M]``."""
    shorter = [f"[A-Z]{{{size}}}" for size in range(1, len(last))]
    return "|".join([*shorter, *_prefixes(last, "A", "Z")])


def _up_to_digits(last: str) -> str:
    """Row numbers up to `last`: ``4199`` → ``[1-9][0-9]{0,2}|[1-3][0-9]{3}|4[0-1][0-9]{2}``."""
    shorter = [f"[1-9][0-9]{{0,{len(last) - 2}}}"] if len(last) > 1 else []
    return "|".join([*shorter, *_prefixes(last, "0", "9", "1")])


def _prefixes(last: str, lowest: str, highest: str, first: str = "") -> list[str]:
    """Texts as long as `last`, from the lowest up to it."""
    found: list[str] = []
    for place, end in enumerate(last):
        begin = first if first and not place else lowest
        rest = len(last) - place - 1
        if set(last[place:]) == {highest}:
            found.append(f"{last[:place]}[{begin}-{highest}]" + f"[{lowest}-{highest}]{{{rest}}}")
            return found
        if end > begin:
            found.append(f"{last[:place]}[{begin}-{chr(ord(end) - 1)}][{lowest}-{highest}]{{{rest}}}")
    return [*found, last]
