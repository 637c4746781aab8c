"""The tables of the merged tables: what each run did, what each file gave, and every change of a row."""

from __future__ import annotations

import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB

from recommended_datasets.consolidation import Balance


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class MergeRun(tk.BaseModel):  # type: ignore
    """One run that changed a merged table; the newest with `published` set is what the public sees."""

    __tablename__ = "kagoshima_merge_run"

    number: Any = sa.Column(sa.BigInteger, primary_key=True, autoincrement=True)
    id: Any = sa.Column(sa.Text, nullable=False, unique=True)
    dataset: Any = sa.Column(sa.Text, nullable=False)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    cause: Any = sa.Column(sa.Text, nullable=False)
    """``source``, ``rule_set`` or ``decision``; where several came together, the first of them."""
    rule_set: Any = sa.Column(sa.Text, nullable=False)
    licence: Any = sa.Column(sa.Text, nullable=False, default="")
    rows_in: Any = sa.Column(sa.Integer, nullable=False, default=0)
    accepted: Any = sa.Column(sa.Integer, nullable=False, default=0)
    rejected: Any = sa.Column(sa.Integer, nullable=False, default=0)
    duplicates: Any = sa.Column(sa.Integer, nullable=False, default=0)
    withheld: Any = sa.Column(sa.Integer, nullable=False, default=0)
    added: Any = sa.Column(sa.Integer, nullable=False, default=0)
    removed: Any = sa.Column(sa.Integer, nullable=False, default=0)
    changed: Any = sa.Column(sa.Integer, nullable=False, default=0)
    manifest: Any = sa.Column(JSONB)
    """File name → ``{"sha256", "size", "rows"}`` of this run's whole files; None until they are written."""
    published: Any = sa.Column(sa.DateTime(timezone=True))

    @classmethod
    def last(cls, dataset: str) -> MergeRun | None:
        return model.Session.query(cls).filter(cls.dataset == dataset).order_by(cls.number.desc()).first()

    @classmethod
    def any(cls, dataset: str) -> bool:
        """Is there a run of this table? Asked with every request, so that no whole row is fetched for it."""
        found = sa.select(sa.literal(1)).select_from(cls).where(cls.dataset == dataset).limit(1)
        return model.Session.execute(found).first() is not None

    @classmethod
    def public(cls, dataset: str) -> MergeRun | None:
        """The run whose whole files are public."""
        query = model.Session.query(cls).filter(cls.dataset == dataset, cls.published.isnot(None))
        return query.order_by(cls.number.desc()).first()


class MergeFile(tk.BaseModel):  # type: ignore
    """What one file of a publisher gives to a merged table now."""

    __tablename__ = "kagoshima_merge_file"

    dataset: Any = sa.Column(sa.Text, primary_key=True)
    resource_id: Any = sa.Column(sa.Text, primary_key=True)
    publisher_code: Any = sa.Column(sa.Text, nullable=False)
    publisher_name: Any = sa.Column(sa.Text, nullable=False)
    source: Any = sa.Column(JSONB, nullable=False)
    """`consolidation.Source` as a dict."""
    key: Any = sa.Column(sa.Text, nullable=False)
    """Hash of all that decides the contribution: same key, nothing to do."""
    rule_set: Any = sa.Column(sa.Text, nullable=False)
    sha256: Any = sa.Column(sa.Text, nullable=False)
    outcome: Any = sa.Column(sa.Text, nullable=False, default="merged")
    """``merged``, ``alias`` (the same bytes as another file of the publisher), ``unreadable`` or ``other`` (of another
    standard or none)."""
    rows_in: Any = sa.Column(sa.Integer, nullable=False, default=0)
    accepted: Any = sa.Column(sa.Integer, nullable=False, default=0)
    rejected: Any = sa.Column(sa.Integer, nullable=False, default=0)
    duplicates: Any = sa.Column(sa.Integer, nullable=False, default=0)
    withheld: Any = sa.Column(sa.Integer, nullable=False, default=0)
    reasons: Any = sa.Column(JSONB, nullable=False)
    """Reason → rows, of rejected and withheld rows."""
    part: Any = sa.Column(sa.Text, nullable=False, default="")
    """Where in the storage the accepted rows are (see `parts`)."""
    run_id: Any = sa.Column(sa.Text, nullable=False)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)

    @classmethod
    def of_dataset(cls, dataset: str) -> list[MergeFile]:
        """In the order of the merged table: by publisher, then by file."""
        query: Any = model.Session.query(cls).filter(cls.dataset == dataset)
        return query.order_by(sa.collate(cls.publisher_code, "C"), sa.collate(cls.resource_id, "C")).all()

    @property
    def balance(self) -> Balance:
        return Balance(self.rows_in, self.accepted, self.rejected, self.duplicates, self.withheld)


class MergeChange(tk.BaseModel):  # type: ignore
    """One row's change in one run. Append-only; what had to be purged keeps its place, without values (`redacted`)."""

    __tablename__ = "kagoshima_merge_change"

    seq: Any = sa.Column(sa.BigInteger, primary_key=True, autoincrement=True)
    dataset: Any = sa.Column(sa.Text, nullable=False)
    run_id: Any = sa.Column(sa.Text, nullable=False)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    publisher_code: Any = sa.Column(sa.Text, nullable=False)
    row_id: Any = sa.Column(sa.Text, nullable=False)
    kind: Any = sa.Column(sa.Text, nullable=False)
    cause: Any = sa.Column(sa.Text, nullable=False)
    before: Any = sa.Column(JSONB)
    after: Any = sa.Column(JSONB)
    redacted: Any = sa.Column(sa.Boolean, nullable=False, default=False)


class MergeRedirect(tk.BaseModel):  # type: ignore
    """A row id that had to change, and what it is called now."""

    __tablename__ = "kagoshima_merge_redirect"

    row_id: Any = sa.Column(sa.Text, primary_key=True)
    dataset: Any = sa.Column(sa.Text, nullable=False)
    to_row_id: Any = sa.Column(sa.Text, nullable=False)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
    reason: Any = sa.Column(sa.Text, nullable=False, default="")


class MergeSuspect(tk.BaseModel):  # type: ignore
    """Two rows that may be one thing. Kept and shown until a person decides, with a reason."""

    __tablename__ = "kagoshima_merge_suspect"

    dataset: Any = sa.Column(sa.Text, primary_key=True)
    row_id: Any = sa.Column(sa.Text, primary_key=True)
    other_row_id: Any = sa.Column(sa.Text, primary_key=True)
    reason: Any = sa.Column(sa.Text, nullable=False)
    state: Any = sa.Column(sa.Text, nullable=False, default="open")
    """``open``, ``confirmed`` (one of them was dropped), ``different`` (two things) or ``gone``."""
    decided_by: Any = sa.Column(sa.Text)
    decided: Any = sa.Column(sa.DateTime(timezone=True))
    why: Any = sa.Column(sa.Text, nullable=False, default="")
    facts: Any = sa.Column(JSONB)
    at: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)
