"""Collect: what a source names is fetched, looked at, archived and judged by the guards; then it is known what is to
be published.

Nothing here writes to the catalogue. Everything that a killed run did is in the rows: the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace

from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import archive, destinations, gathering, publishing, revisions, vanishing
from ckanext.kagoshima.harvesting.client import Answer, Client, FetchError
from ckanext.kagoshima.harvesting.collected import UNPUBLISHED, Collected, Run
from ckanext.kagoshima.harvesting.entries import Entry
from ckanext.kagoshima.harvesting.model import SourceFile, SourcePage, file_id
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.robots import Robots
from ckanext.kagoshima.harvesting.sources import Declared

GATHER_SECONDS = 1800
"""Lists and pages that take longer to read are no answer: nothing is known of their files, the next run tries again."""
SECONDS = 3600
"""What could not be fetched in this time is left for the next run; what came until then counts."""


def collect(
    source_id: str, declared: Declared, client: Client, *, beat: Callable[[], None] = lambda: None, dry: bool = False
) -> Collected:
    """Look at everything that the source names. `dry`: nothing is kept, the caller rolls the session back.

    :raises FetchError: the source itself cannot be read
    """
    run = Run(source_id, declared, client, beat, dry)
    started = time.monotonic()
    gathered = _gather(run)
    run.collected.kind = gathered.kind
    run.collected.problems += gathered.problems
    if gathered.kind != "csv" and all(entry.is_list for entry in gathered.entries):
        run.collected.problems.append(Problem("nothing-named", {"url": declared.url}))
    entries = _bounded(run, gathered.entries)
    fresh: list[SourceFile] = []
    for position, entry in enumerate(entries):
        if time.monotonic() - started > SECONDS:
            values = {"url": declared.url, "left": len(entries) - position}
            run.collected.problems.append(Problem("out-of-time", values))
            run.collected.complete = False
            break
        run.beat()
        row = _row(run, entry, position)
        outcome = _file(run, row, entry, gathered)
        run.collected.outcomes[row.id] = outcome
        if outcome == "ready":
            fresh.append(row)
        run.commit()
    if run.collected.complete:
        seen = set(run.collected.outcomes)
        run.collected.problems += vanishing.settle(source_id, declared, list(run.rows.values()), seen, run.known, dry=dry)
    if fresh:
        destinations.assign(run, fresh)
    run.commit()
    return run.collected


def _gather(run: Run) -> gathering.Gathered:
    pages = model.Session.query(SourcePage).filter(SourcePage.source_id == run.source_id).all()
    remembered = {p.url: gathering.Remembered(p.etag, p.last_modified, p.sha256, p.found) for p in pages}
    declared = run.declared
    kind = declared.kind or (remembered[declared.url].found["kind"] if declared.url in remembered else "")
    if not kind and declared.url in run.rows:
        kind = "csv"  # found out earlier; that it is a web page today does not make it a page of links
    until = time.monotonic() + GATHER_SECONDS

    def beat() -> None:
        run.beat()
        if time.monotonic() > until:
            raise FetchError("gather-overdue", url=declared.url, seconds=GATHER_SECONDS)

    gathered = gathering.gather(declared.url, run.client, code=run.code, kind=kind, remembered=remembered, beat=beat)
    by_url = {page.url: page for page in pages}
    for url, page in gathered.visited.items():
        row = by_url.get(url)
        if row is None:
            row = SourcePage(source_id=run.source_id, url=url)
            model.Session.add(row)
        said = (page.etag, page.last_modified, page.sha256, page.found)
        if (row.etag, row.last_modified, row.sha256, row.found) != said:
            row.etag, row.last_modified, row.sha256, row.found = said
    for url in by_url.keys() - gathered.visited.keys():
        model.Session.delete(by_url[url])
    return gathered


def _bounded(run: Run, entries: list[Entry]) -> list[Entry]:
    limit = config.harvest("max_files")
    if len(entries) > limit:
        values = {"url": run.declared.url, "count": len(entries), "limit": limit}
        run.collected.problems.append(Problem("list-too-long", values))
        run.collected.complete = False  # what lies behind the limit has not vanished
    kept, dataset = entries[:limit], run.declared.dataset
    if not dataset:
        return kept
    return [entry if entry.is_list or entry.beside else replace(entry, dataset=dataset) for entry in kept]


def _row(run: Run, entry: Entry, position: int) -> SourceFile:
    row = run.rows.get(entry.url)
    plain = {key: value for key, value in asdict(entry).items() if value}
    if row is None:
        identifier = file_id(run.source_id, entry.url)
        row = SourceFile(
            id=identifier, source_id=run.source_id, municipality_code=run.code, url=entry.url, entry=plain, state="new"
        )
        model.Session.add(row)
        run.rows[entry.url] = row
    if row.entry != plain:
        row.entry = plain
    if (row.position, row.priority) != (position, run.declared.priority):
        row.position, row.priority = position, run.declared.priority
    if row.missing_since is not None:
        row.missing_since = None
        if row.state == "missing":
            row.state = "published" if row.published_sha256 else "new"
    return row


def _file(run: Run, row: SourceFile, entry: Entry, gathered: gathering.Gathered) -> str:
    found_by_crawling = gathered.kind == "html" and entry.url != run.declared.url
    if found_by_crawling and not Robots.of(run.client).allows(entry.url):
        return revisions.failed(run, row, Problem("robots", {"url": entry.url}))
    try:
        answer = gathered.answers.pop(entry.url, None) or _get(run, row, entry)
        lost = row.sha256 not in run.archived and row.state != "quarantined"
        if answer.not_modified and (lost or row.state in UNPUBLISHED):
            answer = run.client.get(entry.url)  # we were told "unchanged" of bytes that we do not have
    except FetchError as error:
        if entry.beside and row.state in ("new", "dead-link") and error.code in ("http-status", "name-unknown"):
            if row.state != "dead-link":
                row.state, row.problem = "dead-link", Problem("dead-link", {"url": entry.url}, "info").as_dict()
            return "dead-link"
        return revisions.failed(run, row, Problem(error.code, error.values))
    licence = publishing.licence_of(run.declared.licence or entry.licence)
    same = answer.not_modified or (answer.sha256 == row.sha256 and row.state not in UNPUBLISHED)
    if same and row.state == "withdrawn":
        same = False
        answer = answer if not answer.not_modified else run.client.get(entry.url)
    if not same:
        return revisions.changed(run, row, entry, answer, licence)
    try:
        return revisions.same(run, row, entry, answer, licence)
    except archive.NotArchived:  # the storage lost what its table names
        archive.forget(row.sha256)
    try:
        return revisions.changed(run, row, entry, run.client.get(entry.url), licence)
    except FetchError as error:
        return revisions.failed(run, row, Problem(error.code, error.values))


def _get(run: Run, row: SourceFile, entry: Entry) -> Answer:
    if row.state in UNPUBLISHED:
        return run.client.get(entry.url)
    return run.client.get(entry.url, etag=row.etag, last_modified=row.last_modified)
