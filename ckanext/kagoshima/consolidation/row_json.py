"""Rows of a merged table as JSON gives them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import EXTRA, UNKNOWN, Column, has_source, source_id


def _object(value: Any) -> dict[str, Any] | None:
    """A JSON column; the DataStore's engine leaves it as text."""
    return json.loads(value) if isinstance(value, str) else value


def shown(row: dict[str, Any], query_columns: Iterable[Column], definition: Definition) -> dict[str, Any]:
    """One row as JSON gives it (see `all_shown`)."""
    return all_shown([row], query_columns)[0]


def all_shown(rows: Iterable[dict[str, Any]], query_columns: Iterable[Column]) -> list[dict[str, Any]]:
    """Rows as JSON gives them: dates as text, further columns as an object, ``<field>_source`` only where a cell could not be
    read, and the distance where one was asked for."""
    wanted = [c for c in query_columns if c.id != UNKNOWN.id and (c.field is not None or not c.id.endswith("_source"))]
    dates = [c.id for c in wanted if c.kind == "date"]
    with_source = [(c.id, source_id(c.id), has_source(c)) for c in wanted if c.field is not None]
    names = [c.id for c in wanted]
    further = EXTRA.id in names
    found: list[dict[str, Any]] = []
    for row in rows:
        said = {name: row[name] for name in names}
        for name in dates:
            if said[name] is not None:
                said[name] = said[name].isoformat()
        if further:
            said[EXTRA.id] = _object(said[EXTRA.id])
        if row.get(UNKNOWN.id) is not None:
            originals = _object(row[UNKNOWN.id]) or {}
            said |= {source: originals[source] for name, source, _ in with_source if originals.get(source) is not None}
        for _, source, own in with_source:
            if own and row.get(source) is not None:
                said[source] = row[source]
        if "_metres" in row:
            said["distance"] = row["_metres"]
        found.append(said)
    return found
