"""Rows as the JSON of a page: from a SELECT that leaves out what hardly any row has, written by orjson.

What it says is what `rows.all_shown` says. Of a wide table half the columns hold the originals of cells that could not be
read; they come as one object, and only for the rows that have any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from ckanext.datastore.backend.postgres import identifier  # type: ignore
from ckanext.kagoshima.consolidation.query import Query
from recommended_datasets.merged_columns import EXTRA, ROW_ID, UNKNOWN, Column, has_source, source_id

CREDITED = ("publisher_code", "publisher_name", "source_licence", "source_dataset")
"""What an attribution is made of."""


def selected(query: Query) -> str:
    """The SELECT list that `written` needs, with what paging and attributions need."""
    own = [identifier(source_id(column.id)) for column in _fields(query) if has_source(column)]
    sources = "NULL"
    if own:
        cells = f"row_to_json((SELECT s FROM (SELECT {', '.join(own)}) AS s))"
        sources = f"CASE WHEN coalesce({', '.join(own)}) IS NOT NULL THEN CAST({cells} AS text) END"
    names = dict.fromkeys([*_wanted(query), *_beside(query)])
    return f"{', '.join(map(identifier, names))}, {sources} AS _sources, CAST({UNKNOWN.id} AS text) AS _unknown"


def _fields(query: Query) -> list[Column]:
    return [column for column in query.columns if column.field is not None]


def _wanted(query: Query) -> list[str]:
    """Ids of the columns to be shown."""
    return [c.id for c in query.columns if c.id != UNKNOWN.id and (c.field is not None or not c.id.endswith("_source"))]


def _beside(query: Query) -> list[str]:
    return [ROW_ID.id, *(CREDITED if query.attribution else ()), *([query.sort.id] if query.sort else ())]


def written(rows: Iterable[dict[str, Any]], query: Query) -> bytes:
    """The rows of `selected` as a JSON array."""
    wanted = _wanted(query)
    own = [source_id(column.id) for column in _fields(query)]
    further = EXTRA.id in wanted
    found: list[dict[str, Any]] = []
    for row in rows:
        said = {name: row[name] for name in wanted}
        if further and isinstance(said[EXTRA.id], str):
            said[EXTRA.id] = json.loads(said[EXTRA.id])
        if row["_sources"] is not None or row["_unknown"] is not None:
            originals: dict[str, Any] = json.loads(row["_unknown"] or "{}")
            originals |= {name: cell for name, cell in json.loads(row["_sources"] or "{}").items() if cell is not None}
            said |= {name: originals[name] for name in own if originals.get(name) is not None}
        if "_metres" in row:
            said["distance"] = row["_metres"]
        found.append(said)
    return orjson.dumps(found)
