"""The kind ``list``: an オープンデータ一覧 in any of its editions names files, or pages that name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ckanext.kagoshima.harvesting.entries import Entry, file_name, join
from ckanext.kagoshima.resources import formats
from recommended_datasets.report import ColumnMatch
from recommended_datasets.table import Table

_RUNNING_NUMBER = re.compile(r"^[0-9０-９]{1,5}$")


@dataclass(frozen=True, slots=True)
class Listed:
    """`files` can be fetched at once; each of `pages` is an entry whose `url` is a page that names the files.
    `without_address`: lines of rows that name neither."""

    files: list[Entry]
    pages: list[Entry]
    without_address: list[int]


def read(table: Table, columns: tuple[ColumnMatch, ...], url: str) -> Listed:
    """What the list at `url` names.

    The editions with 42 to 45 columns give the file's address (ファイル_ダウンロードURL); that of 15 a page's (URL).
    An address is taken as the file where its name has a file's ending.
    """
    places = {match.field: match.index for match in columns if match.field}
    listed = Listed([], [], [])
    for row in range(table.row_count):

        def cell(field: str, row: int = row) -> str:
            place = places.get(field)
            return "" if place is None else str(table.columns[place][row]).strip()

        address = cell("file_download_url") or cell("file_access_url") or cell("dataset_url")
        line = int(table.lines[row])
        if not address:
            listed.without_address.append(line)
            continue
        target = join(url, address)
        if urlsplit(target).scheme not in ("http", "https"):
            listed.without_address.append(line)
            continue
        own_id = cell("dataset_id")
        title = cell("dataset_title")
        is_file = bool(cell("file_download_url")) or is_file_address(target)
        entry = Entry(
            url=target,
            title=title,
            file_title=cell("file_title") or title,
            description=cell("dataset_description"),
            own_id="" if _RUNNING_NUMBER.match(own_id) else own_id,
            file_id=cell("file_id"),
            page="" if is_file else target,
            format=cell("file_format"),
            licence=cell("file_licence") or cell("file_terms"),
            frequency=cell("dataset_frequency"),
            contact_name=cell("dataset_contact_name"),
            contact_email=cell("dataset_contact_email"),
            modified=cell("file_modified") or cell("dataset_modified"),
            line=line,
        )
        (listed.files if is_file else listed.pages).append(entry)
    return listed


def is_file_address(url: str) -> bool:
    """Whether the name in the address has the ending of a data file (a page has ``.html``, ``.php`` or none)."""
    if formats.of(url) is not None and not is_page_address(url):
        return True
    return file_name(url).lower().endswith((".shp", ".zip", ".7z", ".lzh", ".doc", ".ppt", ".pptx", ".rdf", ".gpkg", ".dxf"))


def is_page_address(url: str) -> bool:
    return file_name(url).lower().endswith((".html", ".htm"))
