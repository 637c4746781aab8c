"""Gather: what files does a source name? Nothing is written here; what was read is handed back to be remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ckanext.kagoshima.checking.judge import judge
from ckanext.kagoshima.harvesting import ckan_source, contents, dcat_source, list_source, page_source, robots
from ckanext.kagoshima.harvesting.client import Answer, Client, FetchError
from ckanext.kagoshima.harvesting.entries import Entry, file_name, unique
from ckanext.kagoshima.harvesting.problems import Problem

VERSION = 1
"""Raised when a page would be read differently: what was remembered of it then no longer counts."""

LIST = "open_data_list"
ADDRESSES = ("file_download_url", "file_access_url", "dataset_url")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A page or list as it was met last time: validators, hash, and what it named."""

    etag: str = ""
    last_modified: str = ""
    sha256: str = ""
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def current(self) -> bool:
        return self.found.get("version") == VERSION


@dataclass
class Gathered:
    """`entries` in the source's order; `problems` beside them; `visited`: pages to remember; `answers`: bodies that came
    already, by address, so that a list is fetched once although it is data too."""

    kind: str
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    visited: dict[str, Remembered] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)


def gather(
    url: str,
    client: Client,
    *,
    code: str = "",
    kind: str = "",
    remembered: Mapping[str, Remembered] | None = None,
    max_pages: int = 200,
    beat: Callable[[], None] = lambda: None,
) -> Gathered:
    """What the source of publisher `code` at `url` names. `kind` is found out when empty. `beat` is called between
    requests (heartbeat).

    Raises `FetchError` where the source itself cannot be read: then nothing is known of its files, and nothing may vanish.
    """
    run = _Run(client, code, dict(remembered or {}), max_pages, beat)
    return run.gather(url, kind)


class _Run:
    def __init__(
        self, client: Client, code: str, remembered: dict[str, Remembered], max_pages: int, beat: Callable[[], None]
    ) -> None:
        self.client = client
        self.code = code
        self.remembered = remembered
        self.max_pages = max_pages
        self.beat = beat
        self.robots = robots.Robots.of(client)

    def gather(self, url: str, kind: str) -> Gathered:
        if kind == "csv":
            return Gathered("csv", [Entry(url=url)])
        if kind == "ckan" or (not kind and ckan_source.is_ckan_address(url)):
            return Gathered("ckan", unique(ckan_source.gather(url, self.code, self.client, self.beat)))
        before = self.remembered.get(url)
        known = before is not None and before.current
        if known and before is not None:
            answer = self.client.get(url, etag=before.etag, last_modified=before.last_modified)
        else:
            answer = self.client.get(url)
        if answer.not_modified and before is not None:
            found, kind = before.found, before.found["kind"]
        elif known and before is not None and before.sha256 == answer.sha256:
            found, kind = before.found, before.found["kind"]
        else:
            found = _read(answer, url, kind)
            kind = found["kind"]
        if kind == "ckan":  # a page that CKAN made
            return Gathered("ckan", unique(ckan_source.gather(url, self.code, self.client, self.beat)))
        if kind == "dcat":
            if answer.not_modified:
                answer = self.client.get(url)
            entries = unique(dcat_source.gather(url, answer, self.client, self.beat))
            return Gathered("dcat", entries, visited={url: _remember(answer, None, found)})
        gathered = Gathered(kind, answers={url: answer})
        if kind == "csv":
            gathered.entries = [Entry(url=url)]
            return gathered
        gathered.visited[url] = _remember(answer, before, found)
        entries = [Entry(**entry) for entry in found["files"]]
        if kind == "list":
            entries.insert(0, Entry(url=url, is_list=True, dataset=LIST))
            for line in found["without_address"]:
                gathered.problems.append(Problem("list-no-address", {"url": url, "line": line}))
            for page in found["pages"]:
                entries += self._page_of(Entry(**page), gathered)
            self._note_itself(url, entries, gathered)
        else:
            for below in found["below"]:
                if len(gathered.visited) >= self.max_pages:
                    gathered.problems.append(Problem("too-many-pages", {"url": url, "limit": self.max_pages}, "info"))
                    break
                entries += self._below(below, gathered)
        gathered.entries = unique(entries)
        return gathered

    def _note_itself(self, url: str, entries: list[Entry], gathered: Gathered) -> None:
        if any(entry.url == url and not entry.is_list for entry in entries):
            gathered.problems.append(Problem("list-names-itself", {"url": url}, "info"))

    def _page_of(self, row: Entry, gathered: Gathered) -> list[Entry]:
        """The files on the page that a row of a list names; the row's words stand for the dataset."""
        if row.url in gathered.visited:
            return []
        if len(gathered.visited) >= self.max_pages:
            gathered.problems.append(Problem("too-many-pages", {"url": row.url, "limit": self.max_pages}))
            return []
        try:
            found = self._visit(row.url, gathered)
        except FetchError as error:
            gathered.problems.append(Problem(error.code, {**error.values, "line": row.line}))
            return []
        if found["kind"] != "html":  # the row named a file after all
            return [replace(row, page="")]
        files = [Entry(**entry) for entry in found["files"]]
        if not any(not entry.beside for entry in files) and not files:
            gathered.problems.append(Problem("page-without-files", {"url": row.url, "line": row.line}))
        merged = []
        for entry in files:
            words = {name: getattr(row, name) for name in ("description", "own_id", "frequency", "modified", "line")}
            title = row.title or found["title"] or entry.title
            licence = row.licence or entry.licence
            merged.append(replace(entry, title=title, page=row.url, licence=licence, **words))
        return merged

    def _below(self, url: str, gathered: Gathered) -> list[Entry]:
        if url in gathered.visited or not self.robots.allows(url):
            return []
        try:
            found = self._visit(url, gathered)
        except FetchError:
            return []  # a dead link beside the data
        if found["kind"] != "html":
            return []
        files = [Entry(**entry) for entry in found["files"]]
        return [replace(entry, page=url, title=found["title"] or entry.title) for entry in files]

    def _visit(self, url: str, gathered: Gathered) -> dict[str, Any]:
        self.beat()
        before = self.remembered.get(url)
        if before is not None and before.current:
            answer = self.client.get(url, etag=before.etag, last_modified=before.last_modified)
            found = before.found if answer.not_modified or answer.sha256 == before.sha256 else _read(answer, url, "")
        else:
            answer = self.client.get(url)
            found = _read(answer, url, "")
        gathered.visited[url] = _remember(answer, before, found)
        return found


def _remember(answer: Answer, before: Remembered | None, found: dict[str, Any]) -> Remembered:
    if answer.not_modified and before is not None:
        return before
    return Remembered(answer.etag, answer.last_modified, answer.sha256, found)


def _read(answer: Answer, url: str, kind: str) -> dict[str, Any]:
    """What a body names, as plain data. An expected list that is no list is a `FetchError`."""
    if kind == "dcat" or (not kind and dcat_source.rdf_format(answer, url)):
        return {"version": VERSION, "kind": "dcat"}
    if kind in ("", "html") and contents.looks_like_html(answer.body, answer.content_type):
        if not kind and ckan_source.is_ckan_page(answer.body):
            return {"version": VERSION, "kind": "ckan"}
        page = page_source.read(answer.body, answer.url, answer.headers.get("Content-Type", ""))
        host = urlsplit(answer.url).netloc
        return {
            "version": VERSION,
            "kind": "html",
            "title": page.title,
            "files": [_plain(entry) for entry in page.files],
            "below": [below for below in page.below if urlsplit(below).netloc == host],
        }
    if kind == "html":
        raise FetchError("page-not-html", url=url)
    if contents.looks_like_html(answer.body, answer.content_type):
        raise FetchError("html-not-csv", url=url)
    if not answer.body.strip():
        raise FetchError("empty-file", url=url)
    checked = judge(answer.body, file_name(url), dataset=LIST if kind == "list" else None)
    fields = {match.field for match in checked.columns}
    named = "dataset_title" in fields and not fields.isdisjoint(ADDRESSES)
    is_list = checked.report.dataset == LIST and checked.table is not None and named
    if kind == "list" and not is_list:
        raise FetchError("not-a-list", url=url)
    if not is_list or checked.table is None:
        return {"version": VERSION, "kind": "csv"}
    listed = list_source.read(checked.table, checked.columns, answer.url)
    return {
        "version": VERSION,
        "kind": "list",
        "files": [_plain(entry) for entry in listed.files],
        "pages": [_plain(entry) for entry in listed.pages],
        "without_address": listed.without_address,
    }


def _plain(entry: Entry) -> dict[str, Any]:
    """An entry without its empty fields."""
    return {name: value for name, value in asdict(entry).items() if value}
