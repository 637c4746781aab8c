"""Which files of the catalogue belong to a merged table, and all that decides what each of them gives to it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.kagoshima.consolidation.naming import merged_name
from ckanext.kagoshima.resources import content, formats
from recommended_datasets import licence
from recommended_datasets.consolidation import Source


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may give rows to a merged table."""

    resource: dict[str, Any]
    """`id`, `url`, `url_type`: what `content.read` needs."""
    source: Source
    withheld: str
    """Why the whole file stays out; "" when it goes in."""

    def key(self, rule_set: str, decisions: str) -> str:
        """Hash of all that decides the contribution."""
        said = [dataclasses.asdict(self.source), self.withheld, rule_set, decisions]
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def datasets() -> list[str]:
    """Every standard dataset that somebody publishes or published."""
    column = model.Package.extras["recommended_dataset"].astext
    query = model.Session.query(column).filter(model.Package.state == "active", column != "").distinct()
    return sorted(found for (found,) in query if found)


def candidates(dataset: str) -> list[Candidate]:
    """The files of `dataset` in the catalogue, in the order of the merged table (by publisher, then by file).

    Two share-alike licences that do not mix: the files of the one that fewer state are withheld.
    """
    found = [
        _candidate(resource, package, group)
        for package, group, resource in (
            model.Session.query(model.Package, model.Group, model.Resource)
            .join(model.Resource, model.Resource.package_id == model.Package.id)
            .outerjoin(model.Group, model.Group.id == model.Package.owner_org)
            .filter(
                model.Package.state == "active",
                model.Package.private.is_(False),
                model.Package.extras["recommended_dataset"].astext == dataset,
                model.Package.name != merged_name(dataset),
                model.Resource.state == "active",
                model.Resource.url_type == "upload",
            )
        )
        if formats.is_table(resource.format or "", resource.url or "")
    ]
    kept = licence.mixable(candidate.source.licence for candidate in found if not candidate.withheld)
    found = [
        dataclasses.replace(candidate, withheld="licence-not-compatible")
        if not candidate.withheld and candidate.source.licence not in kept
        else candidate
        for candidate in found
    ]
    return sorted(found, key=lambda candidate: (candidate.source.publisher_code, candidate.source.resource))


def _candidate(resource: Any, package: Any, group: Any) -> Candidate:
    extras = resource.extras or {}
    description = {"id": resource.id, "url": resource.url, "url_type": resource.url_type}
    code = package.extras.get("municipality_code") or (group.name if group is not None else "")
    stated = extras.get("license") or package.license_id or ""
    source = Source(
        publisher_code=code,
        publisher_name=(group.title or group.name) if group is not None else "",
        dataset=package.name,
        resource=resource.id,
        url=extras.get("download_url") or _download(resource, package),
        sha256=resource.hash if len(resource.hash or "") == 64 else "",
        licence=stated if licence.is_stated(stated) else "",
        edition="",
        part=extras.get("part") or "",
        period=extras.get("period") or "",
    )
    if not source.sha256:
        try:
            source = dataclasses.replace(source, sha256=content.sha256(content.read(description)))
        except content.NoContent:
            pass
    return Candidate(description, source, licence.withheld_reason(stated) or "")


def _download(resource: Any, package: Any) -> str:
    base = tk.config["ckan.site_url"].rstrip("/")
    return f"{base}/dataset/{package.id}/resource/{resource.id}/download/{(resource.url or '').rsplit('/', 1)[-1]}"


@contextlib.contextmanager
def locked(dataset: str) -> Iterator[None]:
    """Wait until no other run works on `dataset`, on any host. The lock is the connection's: a run that dies frees it."""
    number = int.from_bytes(hashlib.sha256(f"merge:{dataset}".encode()).digest()[:8], "big", signed=True)
    with model.ensure_engine().connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:number)"), {"number": number})
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:number)"), {"number": number})
