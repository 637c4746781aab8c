"""What must hold before a workbook is opened: no zip bomb, no XML entities, no sheet that needs more memory than it has
cells.

python-calamine unpacks whatever the archive holds and lays a sheet out as a full rectangle: two cells, A1 and XFD1048576,
in a file of one kilobyte ask for 500 GB and end the process. So sizes and extents are measured here first, on the bytes
that really come out of the archive (its directory may lie).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from recommended_datasets.table import ReadError
from recommended_datasets.workbook_extent import Extent

MAX_CELLS = 6_000_000
"""Cells of one sheet's rectangle, blank ones included."""
MAX_COLUMNS = 16_384
MAX_PART = 512 << 20
"""Bytes of one unpacked XML part."""
MAX_TOTAL = 768 << 20
MAX_ENTRIES = 5_000
_CHUNK = 1 << 20
_OVERLAP = 256
_NAME_LENGTH = 64
"""Bytes of a cell's beginning that hold its name."""
_RATIO = 250
"""XML of real sheets packs 1:10 to 1:60; above this, and above `_RATIO_FROM` bytes, a part is a bomb."""
_RATIO_FROM = 32 << 20

_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_NAME = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]*)([0-9]+)[\"']")
_REPEATED = re.compile(rb"number-(columns|rows)-repeated\s*=\s*[\"'](\d+)[\"']")
_READ = (".xml", ".rels", ".bin", ".vml")


class Reader(Protocol):
    """Reads a sheet while it is unpacked. It measures what it takes; False where it cannot, then it is asked no more."""

    def feed(self, piece: bytes) -> bool: ...

    def close(self) -> bool: ...

    @property
    def length(self) -> int:
        """Bytes that it took."""
        ...


def guard(
    data: bytes,
    watch: Callable[[str, bytes], None] | None = None,
    reader: Callable[[zipfile.ZipInfo], Reader | None] | None = None,
) -> None:
    """Raises `ReadError` for a zip workbook (.xlsx, .xlsm, .xlsb, .ods) that is broken, unsafe or too large:
    ``broken-workbook``, ``encrypted-workbook``, ``too-many-cells`` or ``suspicious-workbook``.
    `watch` is shown every piece of every part that no `reader` takes, so that nobody need unpack a large sheet twice."""
    total = 0
    for entry in entries(data):
        sheet = reader(entry) if reader else None
        if sheet and all(sheet.feed(chunk) for chunk, _ in _checked(data, entry, total)) and sheet.close():
            total += sheet.length
            continue
        total += _measure(data, entry, total, watch)


def _checked(data: bytes, entry: zipfile.ZipInfo, total: int) -> Iterator[tuple[bytes, bytes]]:
    """The pieces of one part after `total` bytes of other parts, each also with the end of the one before it."""
    tail = b""
    for chunk in stream(data, entry):
        total += len(chunk)
        if total > MAX_TOTAL:
            raise ReadError("suspicious-workbook", reason=f"more than {MAX_TOTAL >> 20} MB unpacked")
        window = tail + chunk
        declared = b"!" in window and (b"<!DOCTYPE" in window or b"<!ENTITY" in window)
        if declared or (not tail and chunk[:2] in (b"\xff\xfe", b"\xfe\xff")):
            raise ReadError("suspicious-workbook", reason=f"{entry.filename}: DOCTYPE, ENTITY or UTF-16")
        tail = window[-_OVERLAP:]
        yield chunk, window


def _measure(data: bytes, entry: zipfile.ZipInfo, total: int, watch: Callable[[str, bytes], None] | None) -> int:
    """Bytes of one part; its cells are within bounds."""
    far = False
    extent = Extent(MAX_CELLS)
    sheet = _is_sheet(entry.filename)
    size = 0
    window = b""
    for chunk, window in _checked(data, entry, total):
        if sheet and not size and b"<worksheet" not in chunk[:4096]:
            far = True
        size += len(chunk)
        if watch:
            watch(entry.filename, chunk)
        if sheet and not far:
            # The last name may be cut off at the chunk's end; it is whole in the next window.
            far = not extent.covers(window, len(window) - _NAME_LENGTH)
    tail = window[-_OVERLAP:]
    if sheet and (far or not extent.covers(tail, len(tail))):
        _measure_sheet(b"".join(stream(data, entry)), entry.filename)
    elif entry.filename == "content.xml":
        _measure_ods(b"".join(stream(data, entry)))
    return size


def entries(data: bytes) -> list[zipfile.ZipInfo]:
    """The archive's parts that a reader would open; media are left out."""
    try:
        found = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error, EOFError) as error:
        raise ReadError("broken-workbook", reason=str(error)) from error
    if len(found) > MAX_ENTRIES:
        raise ReadError("suspicious-workbook", reason=f"{len(found)} parts")
    if any(entry.flag_bits & 0x1 for entry in found):
        raise ReadError("encrypted-workbook")
    return [entry for entry in found if entry.filename.lower().endswith(_READ)]


def _is_sheet(part: str) -> bool:
    return "worksheets/" in part and part.endswith(".xml")


def stream(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes of one part in pieces, as they really come out (the directory may lie), up to the limits."""
    head = data[entry.header_offset: entry.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise ReadError("broken-workbook", reason="zip")
    start = entry.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    packed = memoryview(data)[start: start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        for offset in range(0, len(packed), _CHUNK):
            yield bytes(packed[offset: offset + _CHUNK])
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise ReadError("suspicious-workbook", reason=f"{entry.filename}: compression {entry.compress_type}")
    unpacked = 0
    inflate = zlib.decompressobj(-15)
    offset = 0
    while not inflate.eof and (offset < len(packed) or inflate.unconsumed_tail):
        piece = inflate.unconsumed_tail
        if not piece:
            piece = packed[offset: offset + (_CHUNK >> 4)]
            offset += len(piece)
        try:
            chunk = inflate.decompress(piece, _CHUNK)
        except zlib.error as error:
            raise ReadError("broken-workbook", reason=str(error)) from error
        unpacked += len(chunk)
        if unpacked > _RATIO_FROM and unpacked > _RATIO * len(packed):
            raise ReadError("suspicious-workbook", reason=f"{entry.filename}: zip bomb")
        if unpacked > MAX_PART:
            raise ReadError("suspicious-workbook", reason=f"{entry.filename}: more than {MAX_PART >> 20} MB unpacked")
        if chunk:
            yield chunk


def _measure_sheet(content: bytes, part: str) -> None:
    """The rectangle from A1 to the farthest cell must stay within `MAX_CELLS`. Cells and rows without a name follow
    the one before."""
    rows = columns = row = column = 0
    for tag in _TAG.finditer(content):
        name = _NAME.search(tag[2])
        if tag[1] == b"row":
            row = int(name[2][:9]) if name else row + 1
            column = 0
            continue
        if name and name[1]:
            column = 0
            for letter in name[1].upper()[:4]:
                column = column * 26 + letter - 64
            rows = max(rows, int(name[2][:9]))
        else:
            column += 1
            rows = max(rows, row)
        columns = max(columns, column)
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise ReadError("too-many-cells", sheet=part.rpartition("/")[2], cells=rows * columns, limit=MAX_CELLS)


def _measure_ods(content: bytes) -> None:
    """Repeated cells and rows of an .ods that hold something are laid out one by one."""
    table = 0
    for row in re.finditer(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", content, re.DOTALL):
        repeated = _REPEATED.search(row[1])
        width = 0
        far = 0
        for cell in re.finditer(rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>", row[2]):
            times = _REPEATED.search(cell[1])
            width += int(times[2][:9]) if times and times[1] == b"columns" else 1
            if not cell[2]:
                far = width
        table += far * (int(repeated[2][:9]) if repeated else 1)
        if table > MAX_CELLS or far > MAX_COLUMNS:
            raise ReadError("too-many-cells", sheet="", cells=table, limit=MAX_CELLS)
