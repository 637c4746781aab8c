"""A municipality's own file as a DataStore table, so that CKAN's API, its dump and its table view show it.

A file of a standard dataset has the standard's columns: ASCII ids, Japanese labels, types, what could not be read beside it,
and the physical line as its key. A file of no standard has its own columns as text, ``column_1`` …, labelled as in the file.
Every row of the file is in it, whether the merge takes it or not; only rows that may tell of persons are not.
"""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
import polars as pl
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import datastore_tables, personal
from ckanext.kagoshima.consolidation.datastore_tables import Shape
from ckanext.kagoshima.resources import content, formats
from recommended_datasets import consolidation, outputs
from recommended_datasets.consolidation import Source
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import PROVENANCE, Column, field_columns, typed_columns
from recommended_datasets.normalisation import normalise_checked
from recommended_datasets.table import Table

log = logging.getLogger(__name__)
_MOST_COLUMNS = 500
"""Of a file of no standard: PostgreSQL takes 1,600 columns in a table, a page that anybody reads far fewer."""
_ADDED = {column.id for column in PROVENANCE} - {"source_line"} | {"row_id", "row_status"}
"""What a merged table says of a row's publisher and file: here it is all one."""
_LINE = Column("source_line", "行番号", "integer", "physical line in the file")


def load(resource_id: str, *, force: bool = False) -> int | None:
    """Bring the table of a resource up to date with its file. Idempotent. Returns its rows, None where there is no table to
    show (no file, none of rows and columns, or it is up to date already)."""
    resource = model.Resource.get(resource_id)
    if resource is None or resource.state != model.State.ACTIVE or resource.url_type != "upload":
        return None
    if not formats.is_table(resource.format or "", resource.url or ""):
        return None
    try:
        data = content.read({"id": resource.id, "url": resource.url, "url_type": resource.url_type})
    except content.NoContent:
        return None
    from ckanext.kagoshima.harvesting import readings

    extras = resource.package.extras or {}
    code, dataset = extras.get("municipality_code") or "", extras.get("recommended_dataset") or None
    reading = readings.of_resource(resource_id, code)
    digest = content.sha256(data)
    said = f"{digest} {catalogue.load().rule_set} {reading.mark} {personal.released(digest)}"
    if not force and datastore_tables.mark(resource_id) == said:
        return None
    judged = readings.judged(data, resource.url, reading, dataset=dataset, municipality_code=code or None, stated=True)
    checked = judged.checked
    if checked.table is None or not checked.table.columns:
        return None
    definition = checked.definition
    hidden = set(personal.withheld_rows(checked.table, definition, digest))
    if definition is None:
        shape, typed = _plain(resource_id, checked.table, hidden)
    else:
        target = catalogue.load().standard(definition.id)
        normalised = normalise_checked(checked, code)
        shape, typed = _standard(resource_id, checked.table, normalised, target, code, hidden)
    if not datastore_tables.is_current(shape):
        datastore_tables.create(shape)
    datastore_tables.fill(shape, [typed], said=said)
    return typed.height


def _standard(
    resource_id: str, table: Table, normalised: Any, target: Definition, code: str, hidden: set[int]
) -> tuple[Shape, pl.DataFrame]:
    columns = (_LINE, *(column for column in typed_columns(target) if column.id not in _ADDED | {"source_line"}))
    shape = Shape(
        resource_id,
        columns,
        datastore_tables.searched(field_columns(target)),
        unique="source_line" if not table.sheets else "",
        indexed=tuple((field.id,) for field in target.fields if field.key),
        places=outputs.point_columns(target),
    )
    rows = [row for row in range(table.row_count) if row not in hidden]
    stored = consolidation.stored_columns_of(table, normalised, target, Source(code), rows)
    frame = pl.DataFrame({name: pl.Series(name, cells, dtype=pl.String) for name, cells in stored.items()})
    return shape, outputs.typed_frame(frame, target).select(shape.names)


def _plain(resource_id: str, table: Table, hidden: set[int]) -> tuple[Shape, pl.DataFrame]:
    headers = table.header[:_MOST_COLUMNS]
    columns = tuple(Column(f"column_{number}", header or f"({number})") for number, header in enumerate(headers, 1))
    rows = [row for row in range(table.row_count) if row not in hidden]
    cells = {
        column.id: pl.Series(column.id, [texts[row] or None for row in rows], dtype=pl.String)
        for column, texts in zip(columns, table.columns, strict=False)
    }
    lines = pl.Series("source_line", [table.lines[row] for row in rows], dtype=pl.Int64)
    shape = Shape(
        resource_id, (_LINE, *columns), tuple(cells), unique="source_line" if not table.sheets else ""
    )
    return shape, pl.DataFrame([lines, *cells.values()])


def load_all(*, force: bool = False) -> int:
    """The same for every file of the catalogue; returns how many tables were filled. One that fails stops no other."""
    query = model.Session.query(model.Resource.id).join(model.Package).filter(
        model.Resource.state == model.State.ACTIVE,
        model.Package.state == model.State.ACTIVE,
        model.Resource.url_type == "upload",
    )
    done = 0
    for (resource_id,) in query.all():
        try:
            done += load(resource_id, force=force) is not None
        except Exception:
            log.exception("The table of resource %s stays as it was", resource_id)
            model.Session.rollback()
    return done


def enqueue(resource_id: str, **_: Any) -> None:
    """Ask for `load` of a resource whose file has a new verdict."""
    tk.enqueue_job(load, [resource_id], title=f"table {resource_id}", queue=config.QUEUE, rq_kwargs={"timeout": 900})
