"""Rows of plain cells, read from a sheet's XML by one regular expression for a whole row.

The expression is made of the kinds of cells seen in each column and matches nothing else. A row that it does not match is read
cell by cell, and kinds of cells that come again are taken up. Whatever is not understood to the last byte is `NotPlain`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from recommended_datasets.workbook_cells import Styles, by_digits, number_text
from recommended_datasets.workbook_extent import column_letters, column_number
from recommended_datasets.workbook_texts import NotPlain, refuse_odd, without_entities

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_MAX_COLUMNS = 300
"""Columns with cells."""
_MAX_PATTERNS = 40
"""Expressions made for one sheet. One whose rows have ever new cells is none for them."""
_TAKEN_UP = 8
"""How often a new kind of cell must come in a column before the expression is made anew for it."""
_MEMO = 50_000
# Since Python 3.11 what was found can be kept for good, so that a row that does not match is told at once.
_ONCE = "?+" if sys.version_info >= (3, 11) else "?"

_FORMULA = r"(?:<f(?: [^<>]*)?(?:/>|>[^<]*</f>))?"
_CELL = re.compile(
    r'<c r="(?P<column>[A-Z]{1,3})(?P<row>[0-9]+)"(?: s="(?P<style>[0-9]{1,5})")?(?: t="(?P<type>[A-Za-z]+)")?'
    r'(?:(?P<blank> ?/>|></c>)|><is><t(?P<kept> xml:space="preserve")?>(?P<inline>[^<]*)</t></is></c>'
    rf"|>{_FORMULA}<v>(?P<value>[^<]*)</v></c>)"
)
_ATTRIBUTES = r'(?: [A-Za-z0-9:._-]+="[^"<>]*")*'
BLANK_ROWS = rf"(?:<row{_ATTRIBUTES} ?/>)*"
_BEGIN = re.compile(rf'{BLANK_ROWS}<row r="([1-9][0-9]{{0,6}})"{_ATTRIBUTES}>')
_END = "</row>"
_STYLE = r'(?: s="[0-9]{1,5}")?'
_FORMS = {
    "": _STYLE + r'(?: t="n")?(?: ?/>|></c>)',
    "inline": _STYLE + r' t="inlineStr"><is><t>(?![ \t\n])([^<]*)(?<![ \t\n])</t></is></c>',
    "kept": _STYLE + r' t="inlineStr"><is><t xml:space="preserve">([^<]*)</t></is></c>',
    "str": _STYLE + rf' t="str">{_FORMULA}<v>([^<]*)</v></c>',
    "s": _STYLE + r' t="s"><v>([0-9]{1,9})</v></c>',
    "b": _STYLE + rf' t="b">{_FORMULA}<v>([01])</v></c>',
}
"""What follows a cell's name, by kind; its group is the value. Numbers have a kind for each style: "n", "n1", "n2" …"""
_ERRORS = frozenset(("#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"))
_BOOLEANS = {"": "", "0": "FALSE", "1": "TRUE"}
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?")
_INDEX = re.compile(r"[0-9]{1,9}")


class _Shown(dict[str, str]):
    """Numbers as the XML has them → their text. A column has few, or each once: then they are not kept for long."""

    def __init__(self, digits: str | None) -> None:
        super().__init__({"": ""})
        self._digits = digits

    def __missing__(self, written: str) -> str:
        if not _NUMBER.fullmatch(written):
            raise NotPlain
        value = float(written)
        text = (by_digits(value, self._digits) if self._digits else None) or number_text(value)
        if len(self) > _MEMO:
            self.clear()
            self[""] = ""
        self[written] = text
        return text


class Rows:
    """The rows of one sheet. `shared`: the workbook's shared strings. `limit`: cells of the rectangle that they may fill."""

    def __init__(self, styles: Styles, shared: Callable[[], Sequence[str]], limit: int) -> None:
        self.errors: dict[tuple[int, int], str] = {}
        """Error values by (row from 1, column from 0)."""
        self._styles, self._shared, self._limit = styles, shared, limit
        self._texts: Sequence[str] = ()
        self._tables: dict[str, dict[str, str]] = {"b": _BOOLEANS}
        self._kinds: dict[int, list[str]] = {}
        """Column → kinds of its cells that were taken up."""
        self._used: set[int] = set()
        """Columns with a cell that is not blank."""
        self._rare: Counter[tuple[int, str]] = Counter()
        self._patterns = 0
        self._match: Callable[[str, int], re.Match[str] | None] | None = None
        self._columns: list[int] = []
        """The columns that the cells of a row stand in."""
        self._pick: list[int] | None = None
        """The group of the expression for each cell, where they are not one for one (-1: none)."""
        self._second: list[tuple[int, int]] = []
        """(group, cell) of columns with more than one kind, beside the first."""
        self._converted: list[tuple[int, dict[str, str]]] = []
        self._indexes: list[int] = []
        """Groups that are converted, with their table, and those that are indexes of shared strings."""
        self._rows: list[list[str]] = []
        self._end = 0
        """Rows up to the last one with a cell that is not blank."""
        self._eras: list[tuple[int, list[int]]] = []
        """(row, columns): from this row on the cells stand in these columns."""

    def read(self, text: str) -> None:
        """The rows that `text` consists of."""
        refuse_odd(text)
        at, end, rows = 0, len(text), self._rows
        entity = text.find("&")
        while at < end:
            found = self._match(text, at) if self._match else None
            if found is None or -1 < entity < found.end():
                at = self._by_cells(text, at)
                if entity < at:
                    entity = text.find("&", at)
                continue
            at = found.end()
            self._begin_row(int(found[1]))
            row = self._row(found)
            rows.append(row)
            if found.lastindex != 1:
                self._end = len(rows)
        self._fits(len(rows))

    def grid(self) -> tuple[list[list[str]], int]:
        """All rows, from the sheet's first on and equally wide, and the column in which they begin."""
        rows = self._rows
        del rows[self._end :]
        if not rows:
            return [], 0
        full = list(range(min(self._used), max(self._used) + 1))
        for place, (start, columns) in enumerate(self._eras):
            if columns != full:
                end = self._eras[place + 1][0] if place + 1 < len(self._eras) else len(rows)
                pick = [columns.index(column) if column in columns else -1 for column in full]
                for r in range(start, min(end, len(rows))):
                    row = [*rows[r], ""]
                    rows[r] = [row[i] for i in pick]
        return rows, full[0]

    @property
    def cells(self) -> int:
        return len(self._rows) * (self._columns[-1] + 1) if self._columns else 0

    def _begin_row(self, number: int) -> None:
        """Blank rows that the XML leaves out."""
        blank = number - 1 - len(self._rows)
        if blank:
            if blank < 0:
                raise NotPlain
            self._fits(number)
            self._rows += [[""] * len(self._columns) for _ in range(blank)]

    def _fits(self, rows: int) -> None:
        columns = self._columns[-1] + 1 if self._columns else 1
        if columns > _LAST_COLUMN or rows > _LAST_ROW or rows * columns > self._limit:
            raise NotPlain

    def _row(self, found: re.Match[str]) -> list[str]:
        _, *cells = found.groups("")
        for place, table in self._converted:
            cells[place] = table[cells[place]]
        texts = self._texts
        for place in self._indexes:
            index = cells[place]
            if index:
                cells[place] = texts[int(index)]
        if self._pick is None:
            return cells
        cells.append("")
        row = [cells[place] for place in self._pick]
        for place, slot in self._second:
            if cells[place]:
                row[slot] = cells[place]
        return row

    def _by_cells(self, text: str, at: int) -> int:
        """Reads one row cell by cell; where it ends."""
        begin = _BEGIN.match(text, at)
        if begin is None:
            raise NotPlain
        number, at = int(begin[1]), begin.end()
        cells: list[tuple[int, str, str]] = []
        last = -1
        while not text.startswith(_END, at):
            cell = _CELL.match(text, at)
            column = column_number(cell["column"].encode()) - 1 if cell else -1
            if cell is None or cell["row"] != begin[1] or column <= last:
                raise NotPlain
            cells.append((column, *self._cell(cell, number, column)))
            last, at = column, cell.end()
        if cells:
            self._take_up([(column, kind) for column, kind, _ in cells])
        self._begin_row(number)
        row = [""] * len(self._columns)
        for column, _, value in cells:
            row[self._columns.index(column)] = value
        self._rows.append(row)
        if any(kind for _, kind, _ in cells):
            self._end = len(self._rows)
        return at + len(_END)

    def _cell(self, cell: re.Match[str], number: int, column: int) -> tuple[str, str]:
        """A cell's kind ("" for a blank one) and text."""
        kind = cell["type"] or "n"
        if cell["blank"]:
            if kind != "n":
                raise NotPlain
            return "", ""
        if (cell["inline"] is None) == (kind == "inlineStr"):
            raise NotPlain
        if kind == "inlineStr":
            text = without_entities(cell["inline"])
            return ("kept", text) if cell["kept"] else ("inline", text.strip(" \t\n"))
        value: str = cell["value"]
        if kind == "str":
            return kind, without_entities(value)
        if kind == "n" and value:
            kind += cell["style"] or ""
            return kind, self._table(kind)[value]
        if kind == "s" and _INDEX.fullmatch(value):
            self._texts = self._shared()
            return kind, self._texts[int(value)]
        if kind == "b" and value in ("0", "1"):
            return kind, _BOOLEANS[value]
        if kind == "e" and value in _ERRORS:
            self.errors[number, column] = value
            return kind, value
        raise NotPlain

    def _table(self, kind: str) -> dict[str, str]:
        table = self._tables.get(kind)
        if table is None:
            style = int(kind[1:] or 0)
            if style not in self._styles.plain:
                raise NotPlain
            table = self._tables[kind] = _Shown(self._styles.digits.get(style))
        return table

    def _take_up(self, cells: list[tuple[int, str]]) -> None:
        """Makes the expression anew where a row has cells in new columns, or again a kind of cell that it does not know."""
        new = [(column, kind) for column, kind in cells if kind not in self._kinds.get(column, ())]
        self._rare.update(new)
        self._used.update(column for column, kind in cells if kind)
        wider = [column for column, _ in new if column not in self._kinds]
        often = any(self._rare[one] >= _TAKEN_UP for one in new)
        if wider:
            self._kinds.update((column, []) for column in wider)
            self._columns = sorted(self._kinds)
            if len(self._columns) > _MAX_COLUMNS:
                raise NotPlain
            self._fits(len(self._rows) + 1)
            self._eras.append((len(self._rows), self._columns))
        if often:  # not what came but once, as the texts of a header above numbers
            for column, kind in [one for one, count in self._rare.items() if count > 1]:
                self._kinds[column].append(kind)
                del self._rare[column, kind]
        if often or (wider and self._match):
            self._make()

    def _make(self) -> None:
        self._patterns += 1
        if self._patterns > _MAX_PATTERNS:
            raise NotPlain
        groups = [(c, kind) for c in self._columns for kind in self._kinds[c] if kind not in ("", "e")]
        first = {column: i for i, (column, _) in reversed(list(enumerate(groups)))}
        pick = [first.get(column, -1) for column in self._columns]
        self._pick = pick if pick != list(range(len(groups))) else None
        self._second = [(i, self._columns.index(c)) for i, (c, _) in enumerate(groups) if i != first[c]]
        self._converted = [(i, self._tables[kind]) for i, (_, kind) in enumerate(groups) if kind in self._tables]
        self._indexes = [i for i, (_, kind) in enumerate(groups) if kind == "s"]
        pattern = _BEGIN.pattern
        for column in self._columns:
            forms = "|".join(_FORMS.get(kind) or _number_form(kind) for kind in self._kinds[column] if kind != "e")
            if forms:
                pattern += rf'(?:<c r="{column_letters(column + 1)}\1"(?:{forms})){_ONCE}'
        self._match = re.compile(pattern + _END).match


def _number_form(kind: str) -> str:
    style = f' s="{kind[1:]}"' if kind[1:] else ""
    return style + rf'(?: t="n")?>{_FORMULA}<v>([^<]+)</v></c>'
