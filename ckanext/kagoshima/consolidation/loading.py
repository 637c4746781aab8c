"""The DataStore table of a merged table: made, filled from parts, and brought up to date with what a run changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
from ckan import model

from ckanext.datastore.backend.postgres import get_write_engine  # type: ignore
from ckanext.kagoshima.consolidation import datastore_tables, parts
from ckanext.kagoshima.consolidation.datastore_tables import Shape
from ckanext.kagoshima.consolidation.naming import table_id
from recommended_datasets import outputs
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import field_columns, typed_columns
from recommended_datasets.merged_versions import Version


def shape(definition: Definition, table: str | None = None) -> Shape:
    """The table of a merged table; under another name where `table` is given."""
    keys = tuple((field.id,) for field in definition.fields if field.key)
    return Shape(
        table or table_id(definition.id),
        typed_columns(definition),
        (*datastore_tables.searched(field_columns(definition)), "publisher_name"),
        unique="row_id",
        indexed=(("publisher_code", "row_id"), ("source_resource",), *keys),
        places=outputs.point_columns(definition),
    )


def is_current(definition: Definition) -> bool:
    """Has the table the columns of `definition`, and does the catalogue know of it? One that an earlier catalogue left behind
    holds that one's rows."""
    resource = model.Resource.get(table_id(definition.id))
    known = resource is not None and (resource.extras or {}).get("datastore_active") is True
    return known and datastore_tables.is_current(shape(definition))


def apply(definition: Definition, version: Version, stored: pl.DataFrame) -> None:
    """Bring the changes of a run into the table, in one transaction; doing it twice is the same as once.

    `stored` holds the rows of `version`.
    """
    changed = [change.row_id for change in version.edits] + [version.columns["row_id"][row] or "" for row in version.added]
    if not changed:
        return
    typed = outputs.typed_frame(stored.filter(pl.col("row_id").is_in(changed)), definition)
    with get_write_engine().begin() as connection:
        datastore_tables.replace(connection, shape(definition), changed, [typed])


def fill(definition: Definition, locations: Iterable[str], filled: Callable[[], object] | None = None) -> None:
    """Put exactly the rows of these parts into the table and make its indexes afterwards; see `datastore_tables.fill`."""
    frames = (parts.typed_frame(location, definition) for location in locations)
    datastore_tables.fill(shape(definition), frames, filled=filled)


def rebuild(definition: Definition, locations: Iterable[str]) -> None:
    """Make the table anew from parts (after a change of its columns, or when it is lost)."""
    datastore_tables.create(shape(definition))
    fill(definition, locations)


def count(dataset: str) -> None:
    """Make CKAN's remembered number of rows and the planner's statistics true again."""
    datastore_tables.count(table_id(dataset))
