"""What python-calamine does not tell about an .xlsx: number formats, error values, and formulas whose result was not saved.

Read from the archive's XML by search, not by a parser: only cells of interest are looked at, so that a large sheet costs
little. The archive has passed `workbook_guard.guard` before.
"""

from __future__ import annotations

import html
import posixpath
import re
from dataclasses import dataclass, field

from recommended_datasets.workbook_cells import ISO, styles_of
from recommended_datasets.workbook_guard import entries, stream

_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_NUMBER_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\b([^>]*)>")
_CELL_STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.S)
_STYLE = re.compile(rb"<(?:\w+:)?xf\b([^>]*)>")
_ERROR = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*? t="e"[^>]*>(?:<f[^>]*(?:/>|>[^<]*</f>))?<v>([^<]*)</v>'
)
_BARE = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"(?![^>]* t="str")[^>]*>(?:<f[^>]*/>|<f[^>]*>([^<]*)</f>)'
    rb"(?:<v\s*/>|<v></v>)?</c>"
)

SMALL = 64 << 20


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


class Parts:
    """The parts of one .xlsx archive: small ones are read at once, sheets as `watch` is shown their pieces."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.entries = {entry.filename.lstrip("/"): entry for entry in entries(data)}
        self.sheets = self._sheet_parts()
        self.date_style, self._dates, self._digits = self._styles()
        self._styled = _styled(self._dates, self._digits)
        self._marks = {part: Marks() for part in self.sheets.values()}
        self._rest: dict[str, bytes] = {}

    def _read(self, name: str) -> bytes:
        entry = self.entries.get(name)
        if entry is None:
            return b""
        pieces: list[bytes] = []
        size = 0
        for chunk in stream(self.data, entry):
            pieces.append(chunk)
            size += len(chunk)
            if size > SMALL:
                return b""
        return b"".join(pieces)

    def _sheet_parts(self) -> dict[str, str]:
        """Sheet name → part of the archive."""
        targets: dict[str, str] = {}
        for hit in _RELATION.finditer(self._read("xl/_rels/workbook.xml.rels")):
            values = _attributes(hit[1])
            target = values.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            targets[values.get("Id", "")] = path
        parts: dict[str, str] = {}
        for hit in _SHEET.finditer(self._read("xl/workbook.xml")):
            values = _attributes(hit[1])
            part = targets.get(values.get("r:id") or next((v for k, v in values.items() if k.endswith(":id")), ""))
            if part:
                parts.setdefault(values.get("name", ""), part)
        return parts

    def _styles(self) -> tuple[str, dict[int, str], dict[int, str]]:
        content = self._read("xl/styles.xml")
        formats: dict[int, str] = {}
        for hit in _NUMBER_FORMAT.finditer(content):
            values = _attributes(hit[1])
            if values.get("numFmtId", "").isdigit():
                formats[int(values["numFmtId"])] = values.get("formatCode", "")
        block = _CELL_STYLES.search(content)
        if not block:
            return ISO, {}, {}
        numbers = [_attributes(hit[1]).get("numFmtId", "0") for hit in _STYLE.finditer(block[1])]
        return styles_of(formats, [int(number) if number.isdigit() else 0 for number in numbers])

    def watch(self, part: str, piece: bytes) -> None:
        """Looks for the cells of interest in the next piece of a part. Pieces are cut between cells, so that none is split."""
        marks = self._marks.get(part.lstrip("/"))
        if marks is None:
            return
        window = self._rest.get(part, b"") + piece
        cut = window.rfind(b"<c ")
        self._rest[part] = window[cut:] if cut > 0 else window
        if cut > 0:
            self._look(marks, window[:cut])

    def marks(self, sheet: str) -> Marks:
        """What stands in this sheet that calamine would give as blank or without its format; after `watch` saw all of it."""
        part = self.sheets.get(sheet, "")
        marks = self._marks.get(part)
        if marks is None:
            return Marks()
        self._look(marks, self._rest.pop(part, b""))
        return marks

    def _look(self, marks: Marks, window: bytes) -> None:
        if b't="e"' in window:
            for hit in _ERROR.finditer(window):
                marks.errors[_place(hit)] = hit[3].decode("utf-8", "replace")
        if b"<f>" in window or b"<f " in window:
            for hit in _BARE.finditer(window):
                marks.bare[_place(hit)] = html.unescape((hit[3] or b"").decode("utf-8", "replace"))
        if self._styled:
            for hit in self._styled.finditer(window):
                style = int(hit[3])
                if style in self._dates:
                    marks.dates[_place(hit)] = self._dates[style]
                else:
                    marks.digits[_place(hit)] = self._digits[style]


def _attributes(text: bytes) -> dict[str, str]:
    return {
        hit[1].decode("utf-8", "replace"): html.unescape((hit[2] if hit[2] is not None else hit[3]).decode("utf-8", "replace"))
        for hit in _ATTRIBUTE.finditer(text)
    }


def _styled(dates: dict[int, str], digits: dict[int, str]) -> re.Pattern[bytes] | None:
    wanted = sorted({*dates, *digits})
    if not wanted:
        return None
    numbers = b"|".join(str(style).encode() for style in wanted)
    return re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})" s="(' + numbers + rb')"[^>/]*>')


def _place(hit: re.Match[bytes]) -> tuple[int, int]:
    column = 0
    for letter in hit[1]:
        column = column * 26 + letter - 64
    return int(hit[2]), column - 1
