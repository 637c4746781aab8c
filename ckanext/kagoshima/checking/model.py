"""The table `kagoshima_report`: one row per resource, its file's last verdict."""

from __future__ import annotations

import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class StoredReport(tk.BaseModel):  # type: ignore
    """The verdict on the bytes `sha256`, given by the rules `rule_set` and read as `checked_as`.

    The three together say whether a new check could say anything else.
    """

    __tablename__ = "kagoshima_report"

    resource_id: Any = sa.Column(sa.Text, primary_key=True)
    package_id: Any = sa.Column(sa.Text, nullable=False, index=False)
    sha256: Any = sa.Column(sa.Text, nullable=False)
    rule_set: Any = sa.Column(sa.Text, nullable=False)
    checked_as: Any = sa.Column(sa.Text, nullable=False, default="")
    status: Any = sa.Column(sa.Text, nullable=False)
    dataset: Any = sa.Column(sa.Text)
    edition: Any = sa.Column(sa.Text)
    encoding: Any = sa.Column(sa.Text, nullable=False, default="")
    row_count: Any = sa.Column(sa.Integer, nullable=False, default=0)
    accepted_count: Any = sa.Column(sa.Integer, nullable=False, default=0)
    report: Any = sa.Column(JSONB, nullable=False)
    checked: Any = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now, onupdate=_now)

    @classmethod
    def of(cls, resource_id: str) -> StoredReport | None:
        return model.Session.get(cls, resource_id)

    @classmethod
    def of_package(cls, package_id: str) -> list[StoredReport]:
        found: Any = model.Session.query(cls).filter(cls.package_id == package_id).all()
        return found
