"""Formats of files, by their names: CKAN's name of the format and the media type."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Format(NamedTuple):
    name: str
    media_type: str
    table: bool
    """The core can read it as a table."""


FORMATS = {
    ".csv": Format("CSV", "text/csv", True),
    ".tsv": Format("TSV", "text/tab-separated-values", True),
    ".txt": Format("TXT", "text/plain", True),
    ".xlsx": Format("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True),
    ".xlsm": Format("XLSM", "application/vnd.ms-excel.sheet.macroenabled.12", True),
    ".xls": Format("XLS", "application/vnd.ms-excel", True),
    ".ods": Format("ODS", "application/vnd.oasis.opendocument.spreadsheet", True),
    ".pdf": Format("PDF", "application/pdf", False),
    ".zip": Format("ZIP", "application/zip", False),
    ".json": Format("JSON", "application/json", False),
    ".geojson": Format("GeoJSON", "application/geo+json", False),
    ".parquet": Format("Parquet", "application/vnd.apache.parquet", False),
    ".kml": Format("KML", "application/vnd.google-earth.kml+xml", False),
    ".kmz": Format("KMZ", "application/vnd.google-earth.kmz", False),
    ".xml": Format("XML", "application/xml", False),
    ".ttl": Format("TTL", "text/turtle", False),
    ".html": Format("HTML", "text/html", False),
    ".docx": Format("DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False),
}


def of(name: str) -> Format | None:
    """The format of a file name or address; None where the name does not tell."""
    path = unquote(urlsplit(name).path if "://" in name else name)
    return FORMATS.get(PurePosixPath(path).suffix.lower())


def is_table(format_name: str, name: str = "") -> bool:
    """Whether the core may be able to read a resource of this CKAN format (or, without one, of this name)."""
    if format_name:
        return any(known.table and known.name.lower() == format_name.lower() for known in FORMATS.values())
    found = of(name)
    return found is not None and found.table
