"""What some bytes are, told from the bytes: a server's label and a file's name are only hints."""

from __future__ import annotations

import io
import re
import zipfile

from ckanext.kagoshima.resources import formats

_HTML = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(rb"<(?:html|body|div|p|h1)\b", re.IGNORECASE)
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"7z\xbc\xaf", "7Z"),
)
GTFS_FILES = frozenset({"stops.txt", "routes.txt", "trips.txt", "stop_times.txt"})


def looks_like_html(body: bytes, content_type: str = "") -> bool:
    """Whether the body is a web page. A CSV that a server calls text/html is none."""
    head = body[:4096].removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(head):
        return True
    return content_type == "text/html" and _TAG.search(head) is not None


def kind_of(body: bytes, url: str, stated: str = "") -> str:
    """CKAN's name of the format: by magic number, else by the file's name, else as stated, else CSV for text."""
    for magic, name in _MAGIC:
        if body.startswith(magic):
            named = formats.of(url)
            return named.name if name == "XLS" and named is not None and named.name in ("DOC", "XLS") else name
    if body.startswith(b"PK\x03\x04"):
        return _kind_of_zip(body, url)
    named = formats.of(url)
    if named is not None and named.name not in ("PDF", "XLSX", "XLSM", "XLS", "ODS", "ZIP"):
        return named.name
    if stated and stated.upper() not in ("PDF", "XLSX", "XLS", "ZIP"):
        return stated.upper()
    return "BIN" if b"\x00" in body[:1024] and not body.startswith((b"\xff\xfe", b"\xfe\xff")) else "CSV"


def _kind_of_zip(body: bytes, url: str) -> str:
    named = formats.of(url)
    if named is not None and named.name in ("XLSX", "XLSM", "ODS", "DOCX", "KMZ"):
        return named.name
    names = zip_names(body)
    if "xl/workbook.xml" in names:
        return "XLSX"
    return "GTFS" if is_gtfs(names) else "ZIP"


def zip_names(body: bytes) -> frozenset[str]:
    """The names in a zip file; nothing is unpacked. Empty where it is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return frozenset(archive.namelist()[:10_000])
    except (zipfile.BadZipFile, ValueError, OSError):
        return frozenset()


def is_gtfs(names: frozenset[str]) -> bool:
    """標準的なバス情報フォーマット (GTFS-JP) and GTFS: told by the tables that every feed has."""
    return {name.rsplit("/", 1)[-1] for name in names} >= GTFS_FILES


def is_workbook(body: bytes) -> bool:
    """Whether the bytes are those of a workbook (or of another file in a zip), not text."""
    return body.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def is_table(kind: str) -> bool:
    return formats.is_table(kind)
