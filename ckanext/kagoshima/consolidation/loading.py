"""DataStore tables filled by COPY: typed columns with ASCII ids and Japanese labels, our full text, indexes for space.

CKAN's own trigger fills `_full_text` row by row and finds one token in a Japanese sentence; a COPY that brings `_full_text`
along passes it by (the trigger stays: `datastore set-permissions` would make it anew). CKAN's DataStore API, its dump and its
table view work on these tables as on any other.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import polars as pl
import sqlalchemy as sa

from ckanext.datastore.backend.postgres import DatastorePostgresqlBackend, get_write_engine, identifier  # type: ignore
from ckanext.kagoshima.consolidation import parts
from ckanext.kagoshima.consolidation.naming import table_id
from recommended_datasets import outputs
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import Column, field_columns, typed_columns
from recommended_datasets.merged_versions import Version
from recommended_datasets.search_grams import tsvectors

_TYPES = {"text": "text", "float": "float8", "integer": "int8", "date": "date", "json": "jsonb"}
"""Not json: the DataStore turns that into its own composite type, which COPY cannot fill."""
_SEARCHED = frozenset({"text", "name", "address", "kana", "latin", "list", "enum", "alnum"})
"""Types of columns whose words are found; codes, flags, addresses on the web and numbers are filtered instead."""
ROWS_AT_ONCE = 10_000


def searched_columns(definition: Definition) -> list[str]:
    """The columns that full text search looks into."""
    found = [column.id for column in field_columns(definition) if column.field and column.field.type in _SEARCHED]
    return [*found, "publisher_name"]


def exists(dataset: str) -> bool:
    """Is there a table with the columns of today's definition?"""
    with get_write_engine().connect() as connection:
        return bool(_columns(connection, table_id(dataset)))


def _columns(connection: Any, table: str) -> list[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"
    return [name for (name,) in connection.execute(sa.text(query), {"name": identifier(table)})]


def is_current(definition: Definition) -> bool:
    """Has the table the columns of `definition`?"""
    wanted = {column.id for column in typed_columns(definition)}
    with get_write_engine().connect() as connection:
        return wanted == set(_columns(connection, table_id(definition.id))) - {"_id", "_full_text"}


def create(definition: Definition) -> None:
    """Make the table anew, empty, through CKAN's own action, then our indexes in place of its."""
    table = table_id(definition.id)
    if exists(definition.id):
        tk.get_action("datastore_delete")(_context(), {"resource_id": table, "force": True})
    tk.get_action("datastore_create")(
        _context(),
        {
            "resource_id": table,
            "force": True,
            "fields": [_field(column) for column in typed_columns(definition)],
            "calculate_record_count": False,
        },
    )
    with get_write_engine().begin() as connection:
        drop_indexes(connection, table)
        create_indexes(connection, table, definition)


def _context() -> Any:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def _field(column: Column) -> dict[str, Any]:
    return {"id": column.id, "type": _TYPES[column.kind], "info": {"label": column.label, "notes": column.english}}


def drop_indexes(connection: Any, table: str) -> None:
    """All indexes of a table but that of its `_id`."""
    query = """SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               WHERE x.indrelid = to_regclass(:name) AND NOT x.indisprimary"""
    for (name,) in connection.execute(sa.text(query), {"name": identifier(table)}).fetchall():
        connection.execute(sa.text(f"DROP INDEX {identifier(name)}"))


def index_statements(table: str, definition: Definition) -> list[str]:
    """For one row, one publisher, an id, words and places."""
    name, short = identifier(table), table[:8]
    found = [
        f'CREATE UNIQUE INDEX "k_{short}_row" ON {name} (row_id)',
        f'CREATE INDEX "k_{short}_publisher" ON {name} (publisher_code, row_id)',
        f'CREATE INDEX "k_{short}_resource" ON {name} (source_resource)',
        f'CREATE INDEX "k_{short}_words" ON {name} USING gin (_full_text) WITH (fastupdate = off)',
    ]
    for field in definition.fields:
        if field.key:
            found.append(f'CREATE INDEX "k_{short}_key" ON {name} ({identifier(field.id)})')
    if outputs.point_columns(definition):
        found.append(f'CREATE INDEX "k_{short}_place" ON {name} USING gist (point(longitude, latitude))')
    return found


def create_indexes(connection: Any, table: str, definition: Definition) -> None:
    for statement in index_statements(table, definition):
        connection.execute(sa.text(statement))


def lines(definition: Definition, typed: pl.DataFrame) -> Iterator[bytes]:
    """What COPY takes of typed rows and their full text, block by block."""
    names = [column.id for column in typed_columns(definition)]
    searched = searched_columns(definition)
    for start in range(0, typed.height, ROWS_AT_ONCE):
        block = typed.slice(start, ROWS_AT_ONCE)
        buffer = io.BytesIO()
        full_text = tsvectors(block, searched).alias("_full_text")
        block.select(names).with_columns(full_text).write_csv(buffer, include_header=False)
        yield buffer.getvalue()


def copy(connection: Any, table: str, definition: Definition, frames: Iterable[pl.DataFrame]) -> None:
    """Bring typed rows into the table by COPY. The next block is made ready while PostgreSQL takes the last one."""
    names = [column.id for column in typed_columns(definition)]
    target = ", ".join(identifier(name) for name in [*names, "_full_text"])
    statement = f"COPY {identifier(table)} ({target}) FROM STDIN WITH (FORMAT csv)"
    cursor = connection.connection.cursor()
    blocks = (block for typed in frames for block in lines(definition, typed))
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = ahead.submit(next, blocks, None)
            cursor.copy_expert(statement, io.BytesIO(block))


def apply(definition: Definition, version: Version, stored: pl.DataFrame) -> None:
    """Bring the changes of a run into the table, in one transaction; doing it twice is the same as once.

    `stored` holds the rows of `version`.
    """
    changed = [change.row_id for change in version.edits] + [version.columns["row_id"][row] for row in version.added]
    if not changed:
        return
    table = table_id(definition.id)
    typed = outputs.typed_frame(stored.filter(pl.col("row_id").is_in(changed)), definition)
    with get_write_engine().begin() as connection:
        delete = sa.text(f"DELETE FROM {identifier(table)} WHERE row_id = ANY(:ids)")
        connection.execute(delete, {"ids": changed})
        copy(connection, table, definition, [typed])


def fill(definition: Definition, locations: Iterable[str]) -> None:
    """Put exactly the rows of these parts into the table, in one transaction, and make its indexes afterwards."""
    table = table_id(definition.id)
    with get_write_engine().begin() as connection:
        drop_indexes(connection, table)
        connection.execute(sa.text(f"TRUNCATE {identifier(table)}"))
        copy(connection, table, definition, (parts.typed_frame(location, definition) for location in locations))
        create_indexes(connection, table, definition)


def rebuild(definition: Definition, locations: Iterable[str]) -> None:
    """Make the table anew from parts (after a change of its columns, or when it is lost)."""
    create(definition)
    fill(definition, locations)
    count(definition.id)


def count(dataset: str) -> None:
    """Make CKAN's remembered number of rows and the planner's statistics true again."""
    backend: Any = DatastorePostgresqlBackend.get_active_backend()
    backend.clear_table_stats(table_id(dataset))  # a number that is there already would be kept
    backend.calculate_record_count(table_id(dataset))
