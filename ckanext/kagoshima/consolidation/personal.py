"""Rows that seem to tell of persons stay out of merged tables until somebody of the prefecture released the file.

Only the kind and the number of rows are kept, never a value.
"""

from __future__ import annotations

from ckan import model

from ckanext.kagoshima.harvesting.decisions import QUARANTINE
from ckanext.kagoshima.harvesting.model import Held
from recommended_datasets import sensitive
from recommended_datasets.definition import Definition
from recommended_datasets.table import Table

REASON = "personal-data"


def released(sha256: str) -> bool:
    """Did a person look at exactly these bytes and release them?"""
    query = model.Session.query(Held).filter(Held.sha256 == sha256, Held.state == "released")
    return any(reason.get("code") == QUARANTINE for held in query for reason in held.reasons or ())


def withheld_rows(table: Table, definition: Definition | None, sha256: str) -> dict[int, str]:
    """Row index → reason, of the rows in which personal data was found."""
    found = [finding for finding in sensitive.scan(table, definition) if finding.holds and finding.record]
    if not found or released(sha256):
        return {}
    return {finding.record - table.first_record: REASON for finding in found}
