"""The kind ``html``: a page whose links are files, or pages one level below that have them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from ckanext.kagoshima.harvesting.entries import Entry, join
from ckanext.kagoshima.harvesting.list_source import is_file_address, is_page_address
from ckanext.kagoshima.resources import formats

_LICENCE_LINE = re.compile(r"(?:ライセンス|利用条件|利用許諾|Licen[cs]e)\s*[:：は]?\s*(.{2,80})", re.IGNORECASE)
_LICENCE_LINK = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/|public_data_license", re.IGNORECASE)
_WORDING = re.compile(
    r"[（(](?:[^（）()]*?(?:CSV|PDF|Excel|エクセル|xlsx?|ZIP|KB|MB|キロバイト|バイト|形式)[^（）()]*)[）)]\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Page:
    """`files` linked from the page, `below`: pages on the same host that it links to, and what it says of itself."""

    title: str = ""
    licence: str = ""
    files: list[Entry] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


def read(body: bytes, url: str, content_type: str = "") -> Page:
    """What the page at `url` links to. A link's text is the file's title; format and size in brackets after it are dropped."""
    charset = re.search(r"charset=([\w-]+)", content_type)
    soup = BeautifulSoup(body, "lxml", from_encoding=charset.group(1) if charset else None)
    base_tag = soup.find("base", href=True)
    base = join(url, str(base_tag["href"])) if base_tag is not None else url
    heading = soup.find("h1") or soup.find("title")
    page = Page(title=_text(heading), licence=_licence(soup))
    host = urlsplit(url).netloc
    seen: set[str] = set()
    for link in soup.find_all("a", href=True):
        href = str(link["href"]).strip()
        if not href or href.startswith(("#", "mailto:", "tel:", "javascript:", "data:")):
            continue
        try:
            target = join(base, href)
        except ValueError:
            continue
        if target in seen or urlsplit(target).scheme not in ("http", "https"):
            continue
        seen.add(target)
        if is_file_address(target):
            title = clean_title(_text(link))
            known = formats.of(target)
            table = known is not None and known.table
            page.files.append(Entry(url=target, title=title, file_title=title, licence=page.licence, beside=not table))
        elif urlsplit(target).netloc == host and target.split("?")[0] != url.split("?")[0] and _may_be_page(target):
            page.below.append(target)
    return page


def clean_title(text: str) -> str:
    """A link's text without what it says of format and size: 「一覧（CSV形式：4KB）」 is 「一覧」."""
    while (shorter := _WORDING.sub("", text).strip()) != text:
        text = shorter
    return text


def _text(tag: object) -> str:
    get = getattr(tag, "get_text", None)
    return " ".join(get(" ", strip=True).split()) if get else ""


def _may_be_page(url: str) -> bool:
    last = urlsplit(url).path.rsplit("/", 1)[-1]
    return is_page_address(url) or "." not in last or last.endswith((".php", ".aspx", ".jsp"))


def _licence(soup: BeautifulSoup) -> str:
    """What the page states, as it states it: a link to a licence's own address, else the words after 「ライセンス」."""
    for link in soup.find_all(["a", "link"], href=True):
        if _LICENCE_LINK.search(str(link["href"])):
            return str(link["href"])
    found = _LICENCE_LINE.search(soup.get_text("\n"))
    return found.group(1).strip().rstrip("。") if found else ""
