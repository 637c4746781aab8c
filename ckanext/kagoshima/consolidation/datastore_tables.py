"""DataStore tables filled by COPY: typed columns with ASCII ids and Japanese labels, our full text, keys and places.

CKAN's own trigger fills `_full_text` row by row and finds one token in a Japanese sentence; a COPY that brings `_full_text`
along passes it by (the trigger stays: `datastore set-permissions` would make it anew). CKAN's DataStore API, its dump and its
table view work on these tables as on any other.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import polars as pl
import sqlalchemy as sa

from ckanext.datastore.backend.postgres import DatastorePostgresqlBackend, get_write_engine, identifier  # type: ignore
from ckanext.kagoshima.consolidation.ahead import ahead
from recommended_datasets import outputs_copy
from recommended_datasets.merged_columns import Column
from recommended_datasets.search_grams import tsvectors

TYPES = {"text": "text", "float": "float8", "integer": "int8", "date": "date", "json": "jsonb"}
"""Not json: the DataStore turns that into its own composite type, which COPY cannot fill."""
_SEARCHED = frozenset({"text", "name", "address", "kana", "latin", "list", "enum", "alnum"})
"""Types of columns whose words are found; codes, flags, addresses on the web and numbers are filtered instead."""
_OURS = "kagoshima "
"""How the comment of our tables begins; CKAN comments columns, not tables."""
_CKANS = {"_id", "_full_text"}
"""Columns that CKAN gives each table."""
ROWS_AT_ONCE = 5_000
_CHUNK = 1 << 22
"""Bytes that COPY asks for at once. Each request needs Python's lock, which the thread that makes the next block holds."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One DataStore table, named by the id of its resource."""

    table: str
    columns: tuple[Column, ...]
    searched: tuple[str, ...]
    """Ids of the columns that full text search looks into."""
    unique: str = ""
    """The column that no two rows share; "" for none."""
    indexed: tuple[tuple[str, ...], ...] = ()
    """Columns that are looked up together, for each index."""
    places: bool = False
    """Has it `latitude` and `longitude`?"""

    @property
    def names(self) -> list[str]:
        return [column.id for column in self.columns]


def searched(columns: Iterable[Column]) -> tuple[str, ...]:
    """Those columns of a definition that hold words."""
    return tuple(column.id for column in columns if column.field is not None and column.field.type in _SEARCHED)


def columns_of(table: str) -> dict[str, str]:
    """The columns of a table as it is now, with their types; empty where there is none."""
    query = """SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
               WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"""
    with get_write_engine().connect() as connection:
        return {name: kind for name, kind in connection.execute(sa.text(query), {"name": identifier(table)})}


def is_current(shape: Shape) -> bool:
    """Has the table the columns and the indexes of `shape`? The bytes of one type would be taken for another's."""
    there = columns_of(shape.table)
    if {column.id: TYPES[column.kind] for column in shape.columns} != {name: there[name] for name in there.keys() - _CKANS}:
        return False
    query = sa.text("SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = to_regclass(:name)")
    with get_write_engine().connect() as connection:
        return indexes(shape).keys() <= set(connection.execute(query, {"name": identifier(shape.table)}).scalars())


def mark(table: str) -> str | None:
    """What `fill` noted of the rows in the table; None where it is not a table of ours."""
    with get_write_engine().connect() as connection:
        query = sa.text("SELECT obj_description(to_regclass(:name), 'pg_class')")
        said = connection.execute(query, {"name": identifier(table)}).scalar()
    return said.removeprefix(_OURS) if said and said.startswith(_OURS) else None


def create(shape: Shape) -> None:
    """Make the table anew, empty, through CKAN's own action, then our indexes in place of its."""
    if columns_of(shape.table):
        tk.get_action("datastore_delete")(_context(), {"resource_id": shape.table, "force": True})
    tk.get_action("datastore_create")(
        _context(),
        {
            "resource_id": shape.table,
            "force": True,
            "fields": [_field(column) for column in shape.columns],
            "calculate_record_count": False,
        },
    )
    with get_write_engine().begin() as connection:
        drop_indexes(connection, shape.table)
        create_indexes(connection, shape)
        _note(connection, shape.table, "")


def _context() -> Any:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def _field(column: Column) -> dict[str, Any]:
    return {"id": column.id, "type": TYPES[column.kind], "info": {"label": column.label, "notes": column.english}}


def _note(connection: Any, table: str, said: str) -> None:
    text = (_OURS + said).replace("'", "''").replace(":", "\\:")
    connection.execute(sa.text(f"COMMENT ON TABLE {identifier(table)} IS '{text}'"))


def drop_indexes(connection: Any, table: str) -> None:
    """All indexes of a table but that of its `_id`."""
    query = """SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
               WHERE x.indrelid = to_regclass(:name) AND NOT x.indisprimary"""
    for (name,) in connection.execute(sa.text(query), {"name": identifier(table)}).fetchall():
        connection.execute(sa.text(f"DROP INDEX {identifier(name)}"))


def indexes(shape: Shape) -> dict[str, str]:
    """Name → statement: for one row, for values, words and places. Those of rows and places answer "which rows lie here"
    without the table. An index that is made differently gets another name: the tables are then made anew."""
    short, place = "k_" + shape.table.replace("-", "")[:40], "longitude, latitude"
    row = identifier(shape.unique)
    found: dict[str, str] = {}
    if shape.unique:
        found["row_place" if shape.places else "row"] = f"({row})" + (f" INCLUDE ({place})" if shape.places else "")
    for number, columns in enumerate(shape.indexed):
        found[str(number)] = f"({', '.join(map(identifier, columns))})"
    found["words"] = "USING gin (_full_text) WITH (fastupdate = off)"
    if shape.places:
        beside = f"{row}, {place}" if shape.unique else place
        found["place_row"] = f"USING gist (point({place})) INCLUDE ({beside})"
    kind = {end: "UNIQUE INDEX" if end.startswith("row") else "INDEX" for end in found}
    table = identifier(shape.table)
    return {f"{short}_{end}": f'CREATE {kind[end]} "{short}_{end}" ON {table} {rest}' for end, rest in found.items()}


def create_indexes(connection: Any, shape: Shape) -> None:
    for statement in indexes(shape).values():
        connection.execute(sa.text(statement))


def blocks(shape: Shape, typed: pl.DataFrame) -> Iterator[tuple[list[str], bytes]]:
    """What COPY takes of typed rows and their full text, block by block, and which columns it is of: without those that are
    null in the whole block."""
    for start in range(0, typed.height, ROWS_AT_ONCE):
        block = typed.slice(start, ROWS_AT_ONCE)
        columns = [column for column in shape.columns if block[column.id].null_count() < block.height]
        names = [column.id for column in columns] + ["_full_text"]
        rows = outputs_copy.rows(block, columns, tsvectors(block, shape.searched))
        yield names, b"".join([outputs_copy.HEAD, *rows, outputs_copy.TAIL])


def copy(connection: Any, shape: Shape, frames: Iterable[pl.DataFrame], *, freeze: bool = False) -> None:
    """Bring typed rows into the table by COPY. The next block is made ready while PostgreSQL takes the last one.

    `freeze`: the table was emptied in this transaction; VACUUM then has nothing to write into the rows.
    """
    cursor = connection.connection.cursor()
    for names, block in ahead(ready for typed in frames for ready in blocks(shape, typed)):
        target = ", ".join(map(identifier, names))
        statement = f"COPY {identifier(shape.table)} ({target}) FROM STDIN WITH (FORMAT binary, FREEZE {freeze})"
        cursor.copy_expert(statement, io.BytesIO(block), size=_CHUNK)


def replace(connection: Any, shape: Shape, ids: list[str], frames: Iterable[pl.DataFrame]) -> None:
    """Take out the rows of these ids (values of the unique column) and bring `frames` in. Twice is the same as once."""
    delete = sa.text(f"DELETE FROM {identifier(shape.table)} WHERE {identifier(shape.unique)} = ANY(:ids)")
    connection.execute(delete, {"ids": ids})
    copy(connection, shape, frames)


def fill(
    shape: Shape, frames: Iterable[pl.DataFrame], *, said: str = "", filled: Callable[[], object] | None = None
) -> None:
    """Put exactly these rows into the table and make its indexes afterwards, in one transaction; then `count`. `said`: see
    `mark`.

    With `filled` the rows are committed first and it is called; then the indexes are made. A table whose process died between
    the two has no indexes, so that it is not `is_current`.
    """
    with get_write_engine().begin() as connection:
        drop_indexes(connection, shape.table)
        connection.execute(sa.text(f"TRUNCATE {identifier(shape.table)}"))
        copy(connection, shape, frames, freeze=True)
        if filled is None:
            create_indexes(connection, shape)
        _note(connection, shape.table, said)
    if filled is not None:
        filled()
        with get_write_engine().begin() as connection:
            create_indexes(connection, shape)
    count(shape.table)


def count(table: str) -> None:
    """Make CKAN's remembered number of rows and the planner's statistics true again, and let indexes answer without the table:
    VACUUM marks the pages that hold no row which somebody may not see. It passes by the pages that it marked before."""
    with get_write_engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"VACUUM {identifier(table)}"))
    backend: Any = DatastorePostgresqlBackend.get_active_backend()
    backend.clear_table_stats(table)  # a number that is there already would be kept
    backend.calculate_record_count(table)
