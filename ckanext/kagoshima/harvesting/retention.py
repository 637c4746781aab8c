"""How long the archive keeps what nothing refers to any more."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.consolidation.model import MergeFile
from ckanext.kagoshima.harvesting import archive, decisions
from ckanext.kagoshima.harvesting.model import ArchivedFile, ArchiveVisit, Held, MissingRow, SourceFile, now


def prune(days: int | None = None) -> int:
    """Take out of the archive what was first seen more than `days` days ago (default: the option ``archive_days``; 0: nothing)
    and is neither public, nor the newest of a source, nor held, nor behind a merged or a marked row. Returns how many files.
    """
    days = config.harvest("archive_days") if days is None else days
    if not days:
        return 0
    limit = now() - timedelta(days=days)
    met = sa.select(sa.func.max(ArchiveVisit.at)).where(ArchiveVisit.sha256 == ArchivedFile.sha256).scalar_subquery()
    query = model.Session.query(ArchivedFile.sha256).filter(
        ArchivedFile.purged.is_(None), ArchivedFile.first_seen < limit, sa.func.coalesce(met, ArchivedFile.first_seen) < limit
    )
    old = {sha256 for (sha256,) in query} - _referred()
    for sha256 in sorted(old):
        archive.remove(sha256)
        decisions.record("prune", sha256, cause=f"archive_days={days}")
        model.Session.commit()
    return len(old)


def _referred() -> set[str]:
    """Hashes that something still needs."""
    columns = (
        model.Session.query(SourceFile.sha256),
        model.Session.query(SourceFile.published_sha256),
        model.Session.query(Held.sha256).filter(Held.state == "open"),
        model.Session.query(MissingRow.sha256),
        model.Session.query(MergeFile.sha256),
        model.Session.query(model.Resource.hash).filter(model.Resource.state == model.State.ACTIVE),
    )
    found = {sha256 for query in columns for (sha256,) in query if sha256}
    return found | _behind_rows()


def _behind_rows() -> set[str]:
    """Hashes of earlier versions of files: a merged row names the file in which it was first read as it is."""
    from ckanext.kagoshima.consolidation import parts, store

    found: set[str] = set()
    for (part,) in model.Session.query(MergeFile.part).filter(MergeFile.part != ""):
        try:
            found |= {sha256 for sha256 in parts.stored_columns(part).get("source_sha256", []) if sha256}
        except store.Missing:
            continue
    return found
