"""`Entry`: one file that a source names, with what the source says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to collect. Only `url` is always there; everything else is as the source wrote it."""

    url: str
    title: str = ""
    """Of the dataset."""
    file_title: str = ""
    description: str = ""
    own_id: str = ""
    """The publisher's own id of the dataset (データセット_ID)."""
    file_id: str = ""
    page: str = ""
    """The page that names the file, where one page is one dataset."""
    format: str = ""
    licence: str = ""
    frequency: str = ""
    contact_name: str = ""
    contact_email: str = ""
    modified: str = ""
    line: int = 0
    """The line of the list on which it stands."""
    beside: bool = False
    """Stands beside the data on a page (terms of use, leaflets): that it cannot be fetched is no error."""
    is_list: bool = False
    """The list itself, which is data too."""
    dataset: str = ""
    """The standard dataset that a sources file or a person says it is."""


def file_name(url: str) -> str:
    """The last part of an address, decoded; a path in it (``../``) does not survive."""
    name = unquote(urlsplit(url).path).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable()).strip(". ") or "data"


def join(base: str, address: str) -> str:
    """`address` as an absolute address, in ASCII: real pages link to Japanese and blank-ridden names unescaped."""
    joined = urljoin(base, address.strip())
    parts = urlsplit(joined)
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def unique(entries: list[Entry], known: Callable[[str], bool] = lambda _url: False) -> list[Entry]:
    """The first entry for each address, in order."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if not known(entry.url):
            found.setdefault(entry.url, entry)
    return list(found.values())
