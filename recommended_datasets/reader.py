"""Bytes → `Table`. The one door through which every file of a publisher comes in.

`read_table` raises `ReadError` where there is no table to judge (empty, HTML, PDF, a zip that is no workbook, an unknown
encoding, too large); everything else that is wrong with the bytes is an `Issue` of the table, and the rest is still read.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from recommended_datasets.assembly import build_table
from recommended_datasets.csv_records import Flaw, Records, read_records
from recommended_datasets.dialect import newline_of, sniff
from recommended_datasets.encoding import BROKEN, decode
from recommended_datasets.layout import lay_out
from recommended_datasets.layout_rows import Known
from recommended_datasets.side_by_side import unfold
from recommended_datasets.sniffing import refuse_other_formats, workbook_kind
from recommended_datasets.table import ReadError, Table

MAX_BYTES = 512 << 20
"""Larger files are refused."""


class Hints(Protocol):
    """What a person's mapping says about where the table stands (see `mapping.Mapping`)."""

    @property
    def sheet(self) -> str | None: ...

    @property
    def header_line(self) -> int | None: ...


def read_table(
    data: bytes | Path,
    *,
    name: str = "",
    mapping: Hints | None = None,
    sheet: str | None = None,
    known: Known | None = None,
) -> Table:
    """The table in these bytes, or in the file at this path, whatever its name says.

    `known` tells whether a text is a column name of some standard; it helps to find the header line and the sheet.
    `mapping` (sheet, header line) and `sheet` settle both. Raises `ReadError`, nothing else.
    """
    content = _bytes_of(data)
    wanted = sheet or (mapping.sheet if mapping else None)
    header_line = (mapping.header_line if mapping else None) or 0
    digest = hashlib.sha256(content).hexdigest()
    kind = workbook_kind(content)
    if kind:
        from recommended_datasets.workbook import read_workbook

        return replace(read_workbook(content, kind, sheet=wanted, header_line=header_line, known=known), sha256=digest)
    refuse_other_formats(content)
    return replace(read_text(content, header_line=header_line, known=known), sha256=digest)


def _bytes_of(data: bytes | Path) -> bytes:
    if isinstance(data, Path):
        try:
            if data.stat().st_size > MAX_BYTES:
                raise ReadError("too-large", megabytes=data.stat().st_size >> 20, limit=MAX_BYTES >> 20)
            data = data.read_bytes()
        except OSError as error:
            raise ReadError("file-not-readable", path=str(data), reason=error.strerror or str(error)) from error
    if len(data) > MAX_BYTES:
        raise ReadError("too-large", megabytes=len(data) >> 20, limit=MAX_BYTES >> 20)
    return data


def read_text(content: bytes, *, header_line: int = 0, known: Known | None = None) -> Table:
    """A table of delimited text."""
    decoded = decode(content)
    text = decoded.text
    flaws = [Flaw("mixed-encoding", "warning", -1, -1, n, values=(("encoding", kind),)) for n, kind in decoded.mixed]
    if "\x00" in text:
        flaws.append(_nul_flaw(text))
        text = text.replace("\x00", "")
    if not text.strip("\ufeff\x1a \t\r\n\u3000"):
        raise ReadError("empty-file")
    if "\ufeff" in text:
        text = _without_inner_boms(text, flaws)
    dialect = sniff(text)
    records = read_records(text, dialect.delimiter, dialect.width)
    records.flaws[:0] = flaws
    newline, mixed = newline_of(text)
    if mixed and not records.many_lined:
        records.flaws.append(Flaw("mixed-newlines", "info", -1, -1, 0))
    if decoded.detection.broken:
        unreadable = mark_broken_cells(records)
    else:
        unreadable = set[tuple[int, int]]()
    layout = lay_out(records.rows, records.lines, known, header_line)
    records, layout, unreadable = unfold(records, layout, unreadable, known)
    table = build_table(records, layout, unreadable)
    return replace(table, encoding=decoded.detection.encoding, delimiter=dialect.delimiter, newline=newline)


def _nul_flaw(text: str) -> Flaw:
    line = text.count("\n", 0, text.index("\x00")) + 1
    return Flaw("nul-byte", "warning", -1, -1, line, values=(("count", str(text.count("\x00"))),))


def _without_inner_boms(text: str, flaws: list[Flaw]) -> str:
    """A byte order mark at the start of a later line: two files were joined."""
    text = text.lstrip("\ufeff")
    for hit in re.finditer("[\r\n]\ufeff+", text):
        line = text.count("\n", 0, hit.end()) + 1
        flaws.append(Flaw("bom-inside", "info", -1, -1, line))
    return re.sub("(?<=[\r\n])\ufeff+", "", text)


def mark_broken_cells(records: Records) -> set[tuple[int, int]]:
    """Cells with broken bytes: U+FFFD in their text, a flaw each. (record, cell) of all of them."""
    cells: set[tuple[int, int]] = set()
    for r, row in enumerate(records.rows):
        if not BROKEN.search("\n".join(row)):
            continue
        for c, text in enumerate(row):
            found = BROKEN.findall(text)
            if found:
                shown = " ".join(f"0x{ord(char) & 0xFF:02X}" for char in "".join(found)[:8])
                row[c] = BROKEN.sub("\ufffd", text)
                cells.add((r, c))
                records.flaws.append(
                    Flaw("encoding-error", "error", r, c, records.lines[r], row[c][:200], (("bytes", shown),))
                )
    return cells
