"""Sheets of plain cells, read while their XML is measured: what stands around the rows.

A sheet that is not plain to the last byte is left to python-calamine, which reads everything, in more time and memory;
`tests/core/test_workbook_plain.py` holds both against each other.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from xml.parsers import expat

from recommended_datasets.csv_records import Flaw
from recommended_datasets.workbook_cells import Styles
from recommended_datasets.workbook_extent import column_number
from recommended_datasets.workbook_grid import Area, Grid
from recommended_datasets.workbook_rows import BLANK_ROWS, Rows
from recommended_datasets.workbook_texts import OTHER_ENCODING, NotPlain

_HEAD, _ONE_ROW = 1 << 20, 8 << 20
"""Bytes within which the rows begin, and most bytes of one row."""
_FIRST, _LAST = b"<sheetData>", b"</sheetData>"
_ROW_END = b"</row>"
_NUMBER_STYLE = re.compile(rb'<c r="[A-Z]+[0-9]+" s="([0-9]{1,5})"(?: t="n")?><v>')
_BLANK_ROWS = re.compile((BLANK_ROWS + "(?=</sheetData>)").encode())
_DIMENSION = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}(?::[A-Z]{1,3}[1-9][0-9]{0,6})?")
_AREA = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})")



class PlainSheet:
    """Takes the pieces of one sheet's XML; `checksum` is what the archive says of them all."""

    def __init__(self, styles: Styles, shared: Callable[[], Sequence[str]], limit: int, checksum: int) -> None:
        self._rows, self._styles = Rows(styles, shared, limit), styles
        self._checksum, self._sum = checksum, 0
        self._head, self._rest = b"", b""
        self._tail: list[bytes] = []
        self._merged: list[Area] = []
        self._sheets = 0
        self.length = 0
        self._plain = False

    def feed(self, piece: bytes) -> bool:
        """Whether the sheet is plain so far; else it is of no more use."""
        self._sum = zlib.crc32(piece, self._sum)
        self.length += len(piece)
        if self._tail:
            self._tail.append(piece)
            return True
        window = self._rest + piece
        start = 0
        if not self._head:
            start = window.find(_FIRST) + len(_FIRST)
            if start < len(_FIRST):
                self._rest = window
                return len(window) < _HEAD
            self._head = window[:start]
            # Dates stand in many rows: told here, before the shared strings are read.
            if not self._styles.plain.issuperset(map(int, set(_NUMBER_STYLE.findall(window)))):
                return False
        found = window.rfind(_ROW_END, start)
        end = start if found < 0 else found + len(_ROW_END)
        self._rest = window[end:]
        if _LAST in self._rest:
            self._tail.append(self._rest)
        try:
            if end > start:
                self._rows.read(window[start:end].decode("utf-8"))
        except (NotPlain, UnicodeDecodeError, IndexError):  # IndexError: a shared string that is not there
            return False
        return bool(self._tail) or len(self._rest) < _ONE_ROW

    def close(self) -> bool:
        """Whether the whole sheet was plain; after the last piece."""
        head, tail = self._head, b"".join(self._tail)
        rest = _BLANK_ROWS.match(tail)
        if not rest or self._sum != self._checksum or b"<!" in head or b"<!" in tail or OTHER_ENCODING.search(head):
            return False
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._element
        try:
            parser.Parse(head + tail[rest.end() :], True)
        except (expat.ExpatError, NotPlain):
            return False
        self._plain = self._sheets == 1
        return self._plain

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._sheets += name.rpartition(":")[2] == "sheetData"
        if name == "dimension" and not _DIMENSION.fullmatch(attributes.get("ref", "")):
            raise NotPlain
        if name.rpartition(":")[2] == "mergeCell":
            area = _AREA.fullmatch(attributes.get("ref", ""))
            if area is None or name != "mergeCell":
                raise NotPlain
            first, last = (int(area[2]) - 1, _column(area[1])), (int(area[4]) - 1, _column(area[3]))
            self._merged.append((first, last))

    def grid(self) -> Grid | None:
        """The cells; None where the sheet is not plain. To be asked for once."""
        if not self._plain:
            return None
        rows, left = self._rows.grid()
        found = [(number - 1, column - left, number, text) for (number, column), text in self._rows.errors.items()]
        flaws = [Flaw("cell-error", "error", r, c, line, text) for r, c, line, text in found]
        return Grid(rows, 0, left, self._merged, flaws, {(r, c) for r, c, _, _ in found})

    @property
    def cells(self) -> int:
        return self._rows.cells if self._plain else 0


def _column(letters: str) -> int:
    return column_number(letters.encode()) - 1
