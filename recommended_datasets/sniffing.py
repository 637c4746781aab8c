"""What kind of file is it, by its first bytes and never by its name (workbooks named .csv are common)."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Literal

from recommended_datasets.encoding import utf16_without_bom
from recommended_datasets.table import ReadError

WorkbookKind = Literal["xlsx", "xlsb", "xls", "ods"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_XLS_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_OTHER: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"{\\rtf", "RTF"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3", "SQLite"),
)
_HTML = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|table|title|script|div)\b",
    re.I | re.S,
)


def workbook_kind(content: bytes) -> WorkbookKind | None:
    """The kind of workbook, or None for anything else. `ReadError` for a zip that holds none, and an encrypted one."""
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise ReadError("encrypted-workbook")
        if any(stream in content for stream in _XLS_STREAMS):
            return "xls"
        raise ReadError("not-a-table", kind="OLE (Word, PowerPoint …)")
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _in_zip(content)
    return None


def _in_zip(content: bytes) -> WorkbookKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "xl/workbook.bin" in names:
                return "xlsb"
            if "content.xml" in names and "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype")
                if b"opendocument.spreadsheet" in mimetype:
                    return "ods"
    except ReadError:
        raise
    except Exception as error:  # zipfile raises many kinds on damaged archives
        raise ReadError("broken-workbook", reason=str(error)) from error
    kind = "docx" if "word/document.xml" in names else "pptx" if "ppt/presentation.xml" in names else ""
    if kind:
        raise ReadError("not-a-table", kind=kind)
    raise ReadError("zip-instead-of-table", files=", ".join(sorted(names)[:5]))


def refuse_other_formats(content: bytes) -> None:
    """`ReadError` for the formats that are often served instead of a table: HTML, PDF, JSON, images, archives …"""
    head = content[:4096].lstrip(b"\xef\xbb\xbf")
    if not content.strip(b"\x00 \t\r\n\x1a"):
        raise ReadError("empty-file")
    if b"%PDF-" in content[:1024]:
        raise ReadError("pdf-instead-of-table")
    for magic, kind in _OTHER:
        if content.startswith(magic):
            raise ReadError("not-a-table", kind=kind)
    text = head.replace(b"\x00", b"") if head.startswith((b"\xff\xfe", b"\xfe\xff")) else head
    if _HTML.match(text.lstrip(b"\xff\xfe")):
        raise ReadError("html-instead-of-table")
    if text.lstrip().startswith(b"<?xml"):
        raise ReadError("not-a-table", kind="XML")
    if _is_json(content):
        raise ReadError("not-a-table", kind="JSON")
    # In UTF-16 half a kanji may look like any control character; its decoder judges.
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff")) or utf16_without_bom(content)
    if not wide and _is_binary(content[: 1 << 16]):
        raise ReadError("not-a-table", kind="binary")


def _is_json(content: bytes) -> bool:
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not (start.startswith(b"{") or re.match(rb"\[\s*[\[{\"]", start)):
        return False
    if len(content) > 4 << 20:
        return bool(re.match(rb"\[?\s*\{\s*\"", start))
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _is_binary(sample: bytes) -> bool:
    """Control characters that no text has. NUL is left to the decoder (UTF-16, and the NUL padding of some systems)."""
    controls = sum(sample.count(bytes((byte,))) for byte in (*range(1, 9), *range(14, 26), 28, 29, 30, 31, 127))
    return controls * 100 > len(sample) - sample.count(0)
