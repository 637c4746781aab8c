"""Is everything that a source names as it was? Asked of the servers alone, before a lease, a job or a look at any file.

What a round over many sources needs of the database is read in a few queries for a batch of them, and what it found is written
in one. Anything but "304, all as it was" is left to `running.harvest`, which knows what to do.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima.harvesting import frequencies, gathering, publishing
from ckanext.kagoshima.harvesting.client import Client, FetchError
from ckanext.kagoshima.harvesting.model import STALE, ArchivedFile, SourceFile, SourcePage, SourceState, now
from ckanext.kagoshima.harvesting.robots import Robots
from ckanext.kagoshima.harvesting.running import Result
from ckanext.kagoshima.harvesting.sources import Declared

BATCH = 50
KINDS = ("csv", "list", "html")
"""Kinds whose servers say "unchanged" of what was read; of a remote CKAN or a DCAT catalogue every page is read."""


@dataclass
class Known:
    """What the database has of one source."""

    declared: Declared
    state: Any
    files: list[Any] = field(default_factory=list)
    pages: list[Any] = field(default_factory=list)


def unchanged(source_ids: Sequence[str], client: Client) -> Iterator[tuple[str, Result | None]]:
    """Each source in order with its result where nothing changed, else None: somebody has to look. That a source was tried is
    noted for all of a batch together, before its last result is given."""
    for start in range(0, len(source_ids), BATCH):
        batch = source_ids[start : start + BATCH]
        known = _known(batch)
        tried: list[dict[str, Any]] = []
        for source_id in batch:
            one = known.get(source_id)
            same = one is not None and _may_be_skipped(one) and _asked(one, client)
            if one is None or not same:
                _note(tried)
                yield source_id, None
                continue
            tried.append(_tried(source_id, one))
            if source_id == batch[-1]:
                _note(tried)
            counts: dict[str, int] = defaultdict(int)
            for row in one.files:
                counts["dead-link" if row.state == "dead-link" else "unchanged"] += 1
            url, code = one.declared.url, one.declared.municipality_code
            yield source_id, Result(source_id, code, url, one.state.kind, "unchanged", {}, dict(counts))
        _note(tried)


def _known(source_ids: Sequence[str]) -> dict[str, Known]:
    sources, states = HarvestSource.__table__, SourceState.__table__
    files, pages = SourceFile.__table__, SourcePage.__table__
    found: dict[str, Known] = {}
    with model.ensure_engine().connect() as connection:

        def rows(*columns: Any, of: Any) -> Iterable[Any]:
            return connection.execute(sa.select(*columns).where(of.in_(source_ids)))

        said = {row.id: row for row in rows(sources.c.id, sources.c.url, sources.c.config, sources.c.frequency,
                                            sources.c.active, of=sources.c.id)}  # fmt: skip
        for state in rows(states, of=states.c.source_id):
            row = said.get(state.source_id)
            if row is not None and row.active and json.loads(row.config or "{}").get("municipality_code"):
                found[state.source_id] = Known(Declared.parse(row.url, row.config, row.frequency), state)
        for row in rows(files, of=files.c.source_id):
            if row.source_id in found and row.state not in ("withdrawn", "moved"):
                found[row.source_id].files.append(row)
        for row in rows(pages, of=pages.c.source_id):
            if row.source_id in found:
                found[row.source_id].pages.append(row)
        kept = _kept(connection, {row.sha256 for one in found.values() for row in one.files})
    for one in found.values():
        if any(row.state == "published" and row.sha256 not in kept for row in one.files):
            one.files = []  # the archive lost something: that is to be fetched
    return found


def _kept(connection: Any, wanted: set[str]) -> set[str]:
    """Those of the hashes whose bytes are in the archive."""
    archived = ArchivedFile.__table__
    query = sa.select(archived.c.sha256).where(archived.c.sha256.in_(wanted), archived.c.purged.is_(None))
    return {sha256 for (sha256,) in connection.execute(query)}


def _may_be_skipped(one: Known) -> bool:
    """Whether the last run left nothing undone, so that unchanged bytes mean that there is nothing to do."""
    state = one.state
    if state.state not in ("unchanged", "changed") or state.kind not in KINDS or state.lease_owner or state.job_id:
        return False
    if state.problem is not None:  # what is wrong with it is said again, or no longer
        return False
    return bool(one.files) and all(_is_settled(row, one.declared) for row in one.files)


def _is_settled(row: Any, declared: Declared) -> bool:
    if row.state == "dead-link":
        return True
    if row.state != "published" or row.sha256 != row.published_sha256 or row.reading == STALE or row.problem is not None:
        return False
    licence = publishing.licence_of(declared.licence or row.entry.get("licence", ""))
    asked_for = bool(row.etag or row.last_modified)
    return row.missing_since is None and row.licence == licence and row.priority == declared.priority and asked_for


def _asked(one: Known, client: Client) -> bool:
    """Whether the servers say "not modified" of every page and file."""
    crawled = one.state.kind == "html"
    wanted: dict[str, Any] = {row.url: row for row in one.files}
    for page in one.pages:
        if page.found.get("version") != gathering.VERSION:
            return False
        wanted[page.url] = page
    if one.declared.url not in wanted:
        return False
    # The page or list first: what it no longer names need not be asked for.
    addresses = sorted(wanted, key=lambda url: (url != one.declared.url, url))
    for url in addresses:
        row = wanted[url]
        if crawled and url != one.declared.url and not Robots.of(client).allows(url):
            return False
        try:
            answer = client.get(url, etag=row.etag, last_modified=row.last_modified)
        except FetchError as error:
            dead = getattr(row, "state", "") == "dead-link" and error.code in ("http-status", "name-unknown")
            if not dead:
                return False
            continue
        if not answer.not_modified:
            return False
    return True


def _tried(source_id: str, one: Known) -> dict[str, Any]:
    moment = now()
    days = (moment - (one.state.last_changed or moment)) / timedelta(days=1)
    due = moment + frequencies.next_interval(one.declared.frequency, days, 0)
    return {"id": source_id, "moment": moment, "due": due}


def _note(tried: list[dict[str, Any]]) -> None:
    """Write when the sources were tried; a worker that took one meanwhile writes its own."""
    if not tried:
        return
    table = SourceState.__table__
    statement = (
        sa.update(table)
        .where(table.c.source_id == sa.bindparam("id"), table.c.lease_owner.is_(None))
        .values(state="unchanged", last_tried=sa.bindparam("moment"), last_good=sa.bindparam("moment"),
                next_run=sa.bindparam("due"), failures=0, problem=sa.null())  # fmt: skip
    )
    with model.ensure_engine().begin() as connection:
        connection.execute(statement, tried)
    tried.clear()
