"""What python-calamine does not tell about an .xlsx: number formats, error values, and formulas whose result was not saved.

Read from the archive's XML by search, not by a parser: only cells of interest are looked at, so that a large sheet costs
little. The archive has passed `workbook_guard.guard` before.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence

from recommended_datasets.workbook_cells import Styles, plain_styles, styles_of
from recommended_datasets.workbook_grid import Grid, Marks
from recommended_datasets.workbook_guard import MAX_CELLS, entries, stream
from recommended_datasets.workbook_plain import PlainSheet
from recommended_datasets.workbook_texts import NotPlain, shared_texts

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


class Parts:
    """The parts of one .xlsx archive: small ones are read at once; sheets while they are unpacked, plain ones by `reader` with
    all their cells, others as `watch` is shown their pieces."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.entries = {entry.filename.lstrip("/"): entry for entry in entries(data)}
        self._hidden: set[str] = set()
        self.sheets = self._sheet_parts()
        self._single = _single(entry.filename.lstrip("/") for entry in entries(data)) & _single(self.sheets.values())
        self.date_style, self._dates, self._digits = self._styles()
        self._styled = _styled(self._dates, self._digits)
        self._marks = {part: Marks() for part in self.sheets.values()}
        self._rest: dict[str, bytes] = {}
        self._readers: dict[str, PlainSheet] = {}
        self._texts: list[str] | None = None

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
                if values.get("state", "visible") != "visible":
                    self._hidden.add(part)
        return parts

    def _styles(self) -> tuple[str, dict[int, str], dict[int, str]]:
        content = self._read("xl/styles.xml")
        formats: dict[int, str] = {}
        for hit in _NUMBER_FORMAT.finditer(content):
            values = _attributes(hit[1])
            if values.get("numFmtId", "").isdigit():
                formats[int(values["numFmtId"])] = values.get("formatCode", "")
        block = _CELL_STYLES.search(content)
        numbers = [_attributes(hit[1]).get("numFmtId", "0") for hit in _STYLE.finditer(block[1])] if block else []
        cell_formats = [int(number) if number.isdigit() else 0 for number in numbers]
        usual, dates, digits = styles_of(formats, cell_formats)
        self._shown = Styles(plain_styles(formats, cell_formats), digits)
        return usual, dates, digits

    def reader(self, entry: zipfile.ZipInfo) -> PlainSheet | None:
        """Reads this part, if it is a sheet that is looked at; for `workbook_guard.guard`."""
        part = entry.filename.lstrip("/")
        if part in self._hidden or part not in self._single:
            return None
        limit = MAX_CELLS - sum(reader.cells for reader in self._readers.values())
        self._readers[part] = PlainSheet(self._shown, self._shared, limit, entry.CRC)
        return self._readers[part]

    def _shared(self) -> Sequence[str]:
        entry = self.entries.get("xl/sharedStrings.xml")
        if entry is None:
            raise NotPlain
        if self._texts is None:
            self._texts = shared_texts(stream(self.data, entry))
        return self._texts

    def grid(self, sheet: str) -> Grid | None:
        """The cells of a sheet, where it is plain; to be asked for once."""
        reader = self._readers.pop(self.sheets.get(sheet, ""), None)
        return reader.grid() if reader else None

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


def _single(names: Iterable[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count == 1}


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
