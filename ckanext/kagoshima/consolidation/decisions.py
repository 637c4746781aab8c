"""What people decided about rows: which of two rows that may be one thing is dropped, with their reason.

A decision holds for the row as it was looked at (`row_identity.Facts` without its content): when the publisher changes the
row's name, address, point or id, it is accepted again and asked about anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ckan import model

from ckanext.kagoshima.consolidation.model import MergeSuspect
from recommended_datasets import row_identity
from recommended_datasets.definition import Definition
from recommended_datasets.row_identity import Facts

CONFIRMED = "confirmed"


def fingerprint(row: Facts) -> str:
    said = [row.id, row.name, row.address, row.latitude, row.longitude]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _confirmed(dataset: str, resource_id: str) -> list[MergeSuspect]:
    query = model.Session.query(MergeSuspect).filter(
        MergeSuspect.dataset == dataset,
        MergeSuspect.state == CONFIRMED,
        MergeSuspect.facts["resource"].astext == resource_id,
    )
    return query.order_by(MergeSuspect.row_id).all()


def state_of(dataset: str, resource_id: str) -> str:
    """Changes whenever a decision about rows of this file does; "" where there is none."""
    return ",".join(f"{row.row_id}:{row.facts['fingerprint']}" for row in _confirmed(dataset, resource_id))


def dropped(dataset: str, resource_id: str, definition: Definition, normalised: Any) -> dict[int, str]:
    """Row index → reason code, of rows that a person confirmed as a duplicate."""
    prints = {row.facts["fingerprint"] for row in _confirmed(dataset, resource_id)}
    if not prints:
        return {}
    names = list(normalised.columns)
    rows: list[Mapping[str, str | None]] = [
        dict(zip(names, cells, strict=True)) for cells in zip(*normalised.columns.values(), strict=True)
    ]
    found = row_identity.facts(definition, rows)
    return {index: "duplicate-confirmed" for index, row in enumerate(found) if fingerprint(row) in prints}
