"""The merged table as it stood at a past time: today's rows with the later changes taken back."""

from __future__ import annotations

import datetime

from ckan import model

from ckanext.kagoshima.consolidation import feed, parts
from ckanext.kagoshima.consolidation.model import MergeChange, MergeFile, now
from ckanext.kagoshima.consolidation.problems import Problem
from recommended_datasets import outputs, outputs_csv, outputs_geojson
from recommended_datasets.changes import Row
from recommended_datasets.definition import Definition

MOST = 300_000
"""Rows of a table that is put back into a past state on request."""


def moment(text: str) -> datetime.datetime:
    """The moment that ``as_of=`` names: a date is its end, in Japan.

    :raises Problem: it is no date, or in the future
    """
    when = feed.time_of("as_of", text)
    if len(text) <= 10:
        when += datetime.timedelta(days=1)
        if when.date() > now().astimezone(when.tzinfo).date() + datetime.timedelta(days=1):
            raise Problem("bad-value", name="as_of", value=text)
    elif when > now():
        raise Problem("bad-value", name="as_of", value=text)
    return when


def rows_at(dataset: str, when: datetime.datetime) -> dict[str, Row]:
    """Row id → row before the first change at or after `when`.

    :raises Problem: the changes since are past their retention, or the table is too large
    """
    files = [file for file in MergeFile.of_dataset(dataset) if file.part]
    if sum(file.accepted for file in files) > MOST:
        raise Problem("too-large", most=MOST)
    feed.within_retention(feed.Request(dataset, since_time=when))
    rows: dict[str, Row] = {}
    for file in files:
        columns = parts.stored_columns(file.part)
        for cells in zip(*columns.values(), strict=True):
            row = dict(zip(columns, cells, strict=True))
            rows[row["row_id"] or ""] = row
    query = model.Session.query(MergeChange).filter(MergeChange.dataset == dataset, MergeChange.at >= when)
    for change in query.order_by(MergeChange.seq.desc()):
        if change.kind == "added":
            rows.pop(change.row_id, None)
        elif change.kind == "removed":
            rows[change.row_id] = change.before or {}
        else:
            rows[change.row_id] = {**rows.get(change.row_id, {}), **(change.before or {})}
    # What was purged cannot be brought back.
    return {row_id: row for row_id, row in rows.items() if row.get("row_id")}


def whole(definition: Definition, extension: str, when: datetime.datetime) -> bytes:
    """The whole CSV or GeoJSON of that time."""
    stored = outputs.stored_frame(rows_at(definition.id, when).values(), definition)
    if extension == "csv":
        return outputs_csv.header(definition) + outputs_csv.rows(stored, definition)
    features = outputs_geojson.features(outputs.typed_frame(stored, definition), definition)
    body = outputs_geojson.SEPARATOR.decode().join(features).encode()
    return outputs_geojson.HEAD + body + outputs_geojson.TAIL
