"""The harvester's tables. ckanext-harvest keeps its sources, jobs and objects; what it does not know is here."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB

_NAMESPACE = uuid.UUID("0d3a3b52-1f0e-5b59-8f0a-46000146000b")


STALE = "stale"


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def file_id(source_id: str, url: str) -> str:
    """The same for the same address of the same source, so that a run that was killed finds its rows again."""
    return str(uuid.uuid5(_NAMESPACE, f"{source_id} {url}"))


class SourceState(tk.BaseModel):  # type: ignore
    """One row per source: who works on it, when it was tried, what it said."""

    __tablename__ = "kagoshima_source"

    source_id: Any = sa.Column(sa.Text, primary_key=True)
    municipality_code: Any = sa.Column(sa.Text, nullable=False)
    kind: Any = sa.Column(sa.Text, nullable=False, default="")
    """As found out, or as given."""
    state: Any = sa.Column(sa.Text, nullable=False, default="new")
    """``new``, ``running``, ``unchanged``, ``changed``, ``held``, ``conflict``, ``failing`` or ``quarantined``."""
    problem: Any = sa.Column(JSONB)
    """``{"code": …, "values": {…}}`` where the source itself could not be read."""
    summary: Any = sa.Column(JSONB)
    """Counts of the last run, by what became of a file."""
    failures: Any = sa.Column(sa.Integer, nullable=False, default=0)
    last_tried: Any = sa.Column(sa.DateTime(timezone=True))
    last_changed: Any = sa.Column(sa.DateTime(timezone=True))
    last_good: Any = sa.Column(sa.DateTime(timezone=True))
    next_run: Any = sa.Column(sa.DateTime(timezone=True))
    lease_owner: Any = sa.Column(sa.Text)
    lease_until: Any = sa.Column(sa.DateTime(timezone=True))
    stage: Any = sa.Column(sa.Text, nullable=False, default="")
    job_id: Any = sa.Column(sa.Text)


class SourcePage(tk.BaseModel):  # type: ignore
    """A list or a page that names files, with what it named: while the server says 304 it is not read again."""

    __tablename__ = "kagoshima_page"

    source_id: Any = sa.Column(sa.Text, primary_key=True)
    url: Any = sa.Column(sa.Text, primary_key=True)
    etag: Any = sa.Column(sa.Text, nullable=False, default="")
    last_modified: Any = sa.Column(sa.Text, nullable=False, default="")
    sha256: Any = sa.Column(sa.Text, nullable=False, default="")
    found: Any = sa.Column(JSONB, nullable=False)


class SourceFile(tk.BaseModel):  # type: ignore
    """One row per file that a source names or named."""

    __tablename__ = "kagoshima_file"

    id: Any = sa.Column(sa.Text, primary_key=True)
    source_id: Any = sa.Column(sa.Text, nullable=False)
    municipality_code: Any = sa.Column(sa.Text, nullable=False)
    url: Any = sa.Column(sa.Text, nullable=False)
    entry: Any = sa.Column(JSONB, nullable=False)
    position: Any = sa.Column(sa.Integer, nullable=False, default=0)
    priority: Any = sa.Column(sa.Integer, nullable=False, default=100)
    etag: Any = sa.Column(sa.Text, nullable=False, default="")
    last_modified: Any = sa.Column(sa.Text, nullable=False, default="")
    sha256: Any = sa.Column(sa.Text, nullable=False, default="")
    """Of what came last; what is public has `published_sha256`."""
    semantic_hash: Any = sa.Column(sa.Text, nullable=False, default="")
    rule_set: Any = sa.Column(sa.Text, nullable=False, default="")
    dataset: Any = sa.Column(sa.Text)
    edition: Any = sa.Column(sa.Text)
    package_name: Any = sa.Column(sa.Text, nullable=False, default="")
    resource_key: Any = sa.Column(sa.Text, nullable=False, default="")
    resource_id: Any = sa.Column(sa.Text, nullable=False, default="")
    part: Any = sa.Column(sa.Text, nullable=False, default="")
    period: Any = sa.Column(sa.Text, nullable=False, default="")
    header: Any = sa.Column(JSONB)
    row_count: Any = sa.Column(sa.Integer)
    licence: Any = sa.Column(sa.Text, nullable=False, default="")
    published_sha256: Any = sa.Column(sa.Text, nullable=False, default="")
    published_semantic: Any = sa.Column(sa.Text, nullable=False, default="")
    reading: Any = sa.Column(sa.Text, nullable=False, default="")
    """`readings.Reading.mark` of what is public; `STALE` after somebody confirmed another way to read it."""
    state: Any = sa.Column(sa.Text, nullable=False, default="new")
    """``new``, ``ready`` (collected, to be published), ``published``, ``held``, ``rejected``,
    ``quarantined``, ``failing``, ``dead-link``, ``alias``, ``conflict``, ``missing`` or ``withdrawn``."""
    problem: Any = sa.Column(JSONB)
    authority: Any = sa.Column(sa.Text)
    """Of an alias or a conflict: the id of the file that is authoritative for the same rows."""
    first_seen: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    last_seen: Any = sa.Column(sa.DateTime(timezone=True))
    last_changed: Any = sa.Column(sa.DateTime(timezone=True))
    last_good: Any = sa.Column(sa.DateTime(timezone=True))
    missing_since: Any = sa.Column(sa.DateTime(timezone=True))

    @classmethod
    def of_source(cls, source_id: str) -> list[SourceFile]:
        query = model.Session.query(cls).filter(cls.source_id == source_id)
        return list(query.order_by(cls.position, cls.url))  # type: ignore


class ArchivedFile(tk.BaseModel):  # type: ignore
    """One row per content ever collected, by its sha256."""

    __tablename__ = "kagoshima_archive"

    sha256: Any = sa.Column(sa.Text, primary_key=True)
    size: Any = sa.Column(sa.BigInteger, nullable=False)
    location: Any = sa.Column(sa.Text, nullable=False)
    content_type: Any = sa.Column(sa.Text, nullable=False, default="")
    first_seen: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    purged: Any = sa.Column(sa.DateTime(timezone=True))


class ArchiveVisit(tk.BaseModel):  # type: ignore
    """Where and when a content was met, with the headers it came with."""

    __tablename__ = "kagoshima_archive_visit"

    sha256: Any = sa.Column(sa.Text, primary_key=True)
    url: Any = sa.Column(sa.Text, primary_key=True)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    headers: Any = sa.Column(JSONB, nullable=False)


class Held(tk.BaseModel):  # type: ignore
    """A revision that a guard stopped, with what became of it. Rows stay: they are the timeline."""

    __tablename__ = "kagoshima_held"

    id: Any = sa.Column(sa.Text, primary_key=True)
    source_id: Any = sa.Column(sa.Text, nullable=False)
    file_id: Any = sa.Column(sa.Text)
    municipality_code: Any = sa.Column(sa.Text, nullable=False)
    dataset: Any = sa.Column(sa.Text)
    package_name: Any = sa.Column(sa.Text, nullable=False, default="")
    sha256: Any = sa.Column(sa.Text, nullable=False, default="")
    cause: Any = sa.Column(sa.Text, nullable=False)
    """Hash of why and of what: a decision holds for the same cause."""
    reasons: Any = sa.Column(JSONB, nullable=False)
    state: Any = sa.Column(sa.Text, nullable=False, default="open")
    """``open``, ``released``, ``rejected`` or ``superseded``."""
    since: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    decided: Any = sa.Column(sa.DateTime(timezone=True))
    told: Any = sa.Column(sa.DateTime(timezone=True))


class Event(tk.BaseModel):  # type: ignore
    """A decision or an occurrence: who, when, why. Append-only (a trigger refuses changes)."""

    __tablename__ = "kagoshima_event"

    id: Any = sa.Column(sa.BigInteger, primary_key=True, autoincrement=True)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    actor: Any = sa.Column(sa.Text, nullable=False, default="")
    """A user's name; empty: the harvester itself."""
    kind: Any = sa.Column(sa.Text, nullable=False)
    subject: Any = sa.Column(sa.Text, nullable=False)
    """What it is about: the id of a file, a source, a dataset."""
    municipality_code: Any = sa.Column(sa.Text, nullable=False, default="")
    dataset: Any = sa.Column(sa.Text)
    cause: Any = sa.Column(sa.Text, nullable=False, default="")
    reason: Any = sa.Column(sa.Text, nullable=False, default="")
    detail: Any = sa.Column(JSONB)


class MissingRow(tk.BaseModel):  # type: ignore
    """A row of a safety dataset that the publisher's newest file no longer has, until somebody confirms that it is gone."""

    __tablename__ = "kagoshima_missing_row"

    file_id: Any = sa.Column(sa.Text, primary_key=True)
    key: Any = sa.Column(sa.Text, primary_key=True)
    """Hash of the folded name and address."""
    dataset: Any = sa.Column(sa.Text, nullable=False)
    municipality_code: Any = sa.Column(sa.Text, nullable=False)
    package_name: Any = sa.Column(sa.Text, nullable=False)
    resource_id: Any = sa.Column(sa.Text, nullable=False)
    name: Any = sa.Column(sa.Text, nullable=False, default="")
    address: Any = sa.Column(sa.Text, nullable=False, default="")
    sha256: Any = sa.Column(sa.Text, nullable=False)
    """Of the last file that had it, at `line`."""
    line: Any = sa.Column(sa.Integer, nullable=False)
    held: Any = sa.Column(sa.Boolean, nullable=False, default=False)
    """The newest file itself is held: the row is still in the published one."""
    since: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
