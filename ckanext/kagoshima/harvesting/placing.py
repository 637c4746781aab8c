"""Where a file belongs: its dataset and resource in the catalogue, and whether it or another route is authoritative there."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from ckan import model
from requests.structures import CaseInsensitiveDict

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.harvesting import archive, decisions, naming, readings
from ckanext.kagoshima.harvesting.entries import Entry
from ckanext.kagoshima.harvesting.examination import Examined, examine, periodic
from ckanext.kagoshima.harvesting.model import ArchiveVisit, SourceFile, now
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.sources import Declared
from recommended_datasets import values


def identity_for(code: str, entry: Entry, examined: Examined, standard_ids: frozenset[str]) -> naming.Identity:
    """The place that a file would have by what it is and by what its source says of it."""
    if examined.dataset:
        return naming.of_standard(code, examined.dataset, entry, date=examined.date, periodic=periodic(examined.dataset))
    return naming.of_other(code, entry, standard_ids)


def identify(row: SourceFile, declared: Declared) -> None:
    """Give one file outside a harvest its place in the catalogue; its bytes are in the archive."""
    entry = Entry(**row.entry)
    body = archive.read(row.sha256)
    examined = examine(body, entry, code=row.municipality_code, reading=readings.of_source(row.source_id, declared))
    standard_ids = frozenset(definition.id for definition in catalogue.load().all())
    identity = identity_for(row.municipality_code, entry, examined, standard_ids)
    row.package_name, row.resource_key, row.resource_id = identity.name, identity.key, identity.resource_id
    row.part, row.period, row.semantic_hash = identity.part, identity.period, examined.semantic_hash


def identity_of(row: SourceFile) -> naming.Identity:
    """The identity that a row was given."""
    entry: dict[str, Any] = row.entry
    title = naming.without_year(entry.get("title") or entry.get("file_title") or "")
    return naming.Identity(row.package_name, row.resource_key, row.dataset, row.part, row.period, title or row.package_name)


def routes(row: SourceFile) -> tuple[str, str | None]:
    """``ready`` where `row` is the authoritative route to its resource; else ``alias`` or ``conflict`` and the authority's id.

    Authority: the one that a person chose (`decisions.chosen_route`), else the lowest declared priority, then the fresher one
    (`freshness`), then who came first. The same rows by another route are never merged twice, and what is public does not move
    to another route that says the same.
    """
    # CKAN's session does not flush by itself, and what is read anew below would overwrite what was not yet written.
    model.Session.flush()
    others = (
        model.Session.query(SourceFile)
        .filter(SourceFile.resource_id == row.resource_id, SourceFile.id != row.id, SourceFile.source_id != row.source_id)
        .filter(SourceFile.state.in_(("published", "ready", "held", "rejected", "quarantined")))
        .populate_existing()
        .all()
    )
    if not others:
        return "ready", None
    chosen = decisions.chosen_route(row.resource_id)
    since = freshness([row, *others])

    def rank(one: SourceFile) -> tuple[bool, int, float, Any, str]:
        return one.id != chosen, one.priority, -since[one.id].timestamp(), one.first_seen or now(), one.id

    authority = min(others, key=rank)
    same = row.semantic_hash in (authority.published_semantic, authority.semantic_hash)
    stays = same and authority.state == "published" and rank(row)[:2] == rank(authority)[:2]
    if rank(row) < rank(authority) and not stays:
        return "ready", None
    return ("alias" if same else "conflict"), authority.id


def freshness(rows: Sequence[SourceFile]) -> dict[str, datetime.datetime]:
    """By id, when the publisher last changed what is at the file's address: as its server said when these bytes first came
    from there, else as the list says, else when they came. Told once for each content: a server that dates every answer anew
    does not make its file any fresher."""
    visits = {
        (visit.sha256, visit.url): visit
        for visit in model.Session.query(ArchiveVisit).filter(ArchiveVisit.url.in_([row.url for row in rows]))
    }
    found: dict[str, datetime.datetime] = {}
    for row in rows:
        visit = visits.get((row.sha256, row.url))
        met = visit.at if visit is not None else row.last_changed or row.first_seen or now()
        headers = CaseInsensitiveDict(visit.headers if visit is not None else {"Last-Modified": row.last_modified})
        stated = _moment(headers.get("Last-Modified") or "") or _moment(row.entry.get("modified", ""))
        found[row.id] = min(stated, met) if stated is not None else met
    return found


def _moment(text: str) -> datetime.datetime | None:
    """A date as HTTP or a list writes it; None where it says none."""
    with suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
    day = values.parse(catalogue.load().get("open_data_list", "standard").field("file_modified"), text).text if text else None
    with suppress(ValueError):
        return datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00") if day else None
    return None


def beside(row: SourceFile, state: str, authority: str | None) -> Problem | None:
    """Note that another route is authoritative; what somebody has to decide about it, or only knows. Writes what differs."""
    problem = None
    if state == "conflict":
        decided = decisions.chosen_route(row.resource_id) == authority
        values = {"url": row.url, "authority": authority_url(authority)}
        problem = Problem("conflict-decided", values, "info") if decided else Problem("conflict", values)
    plain = problem.as_dict() if problem is not None else None
    if (row.state, row.authority, row.problem) != (state, authority, plain):
        row.state, row.authority, row.problem = state, authority, plain
    if row.published_sha256:  # what is public in its place came by the other route: if this one vanishes, it stays
        row.published_sha256 = row.published_semantic = ""
    return problem


def authority_url(identifier: str | None) -> str:
    row = model.Session.get(SourceFile, identifier) if identifier else None
    return row.url if row is not None else ""
