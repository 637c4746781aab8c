"""Where a file belongs: its dataset and resource in the catalogue, and whether it or another route is authoritative there."""

from __future__ import annotations

from typing import Any

import yaml
from ckan import model

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.harvesting import archive, naming
from ckanext.kagoshima.harvesting.entries import Entry
from ckanext.kagoshima.harvesting.examination import Examined, examine, periodic
from ckanext.kagoshima.harvesting.model import SourceFile, now
from ckanext.kagoshima.harvesting.sources import Declared
from recommended_datasets import mapping as mappings


def identity_for(code: str, entry: Entry, examined: Examined, standard_ids: frozenset[str]) -> naming.Identity:
    """The place that a file would have by what it is and by what its source says of it."""
    if examined.dataset:
        return naming.of_standard(code, examined.dataset, entry, date=examined.date, periodic=periodic(examined.dataset))
    return naming.of_other(code, entry, standard_ids)


def mapping_of(declared: Declared) -> mappings.Mapping | None:
    """The column mapping that a person confirmed for this source, if there is one."""
    return mappings.parse(yaml.safe_load(declared.mapping)) if declared.mapping else None


def identify(row: SourceFile, declared: Declared) -> None:
    """Give one file outside a harvest its place in the catalogue; its bytes are in the archive."""
    entry = Entry(**row.entry)
    body = archive.read(row.sha256)
    examined = examine(body, entry, code=row.municipality_code, mapping=mapping_of(declared))
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

    Authority: the lowest declared priority, then who came first. The same rows by another route are never merged twice.
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
    better = [
        other
        for other in others
        if (other.priority, other.first_seen, other.id) < (row.priority, row.first_seen or now(), row.id)
    ]
    if not better:
        return "ready", None
    authority = min(better, key=lambda other: (other.priority, other.first_seen, other.id))
    same = row.semantic_hash in (authority.published_semantic, authority.semantic_hash)
    return ("alias" if same else "conflict"), authority.id


def authority_url(identifier: str | None) -> str:
    row = model.Session.get(SourceFile, identifier) if identifier else None
    return row.url if row is not None else ""
