"""Rows of a merged table from its DataStore table: filtered, in a stable order, page by page without gaps.

Every value from outside is a bound parameter; names of columns come from the definition.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from psycopg2.errors import UndefinedTable
from sqlalchemy.exc import ProgrammingError

from ckanext.datastore.backend.postgres import get_read_engine, identifier  # type: ignore
from ckanext.kagoshima.consolidation import row_texts
from ckanext.kagoshima.consolidation.naming import table_id
from ckanext.kagoshima.consolidation.problems import Problem
from ckanext.kagoshima.consolidation.query import Query
from recommended_datasets.consolidation_periods import period_fields
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import blank_is_text, typed_columns
from recommended_datasets.search_grams import tsquery

_EARTH = 6_371_008.8
_WIDE = 4_000
"""Rows from which a box is walked in the table's order instead of through the index of places."""
_TIMEOUT = "10s"


@dataclass(frozen=True)
class Page:
    rows: list[dict[str, Any]]
    """Column id → value, `row_id` always among them; what was asked for by `fields`, see `shown`."""
    next_cursor: str | None
    total: int | None


@contextmanager
def connected() -> Iterator[Any]:
    with get_read_engine().connect() as connection:
        connection.execute(sa.text(f"SET LOCAL statement_timeout = '{_TIMEOUT}'"))
        yield connection


@contextmanager
def _table_there(dataset: str) -> Iterator[None]:
    """
    :raises Problem: there is no table
    """
    try:
        yield
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable):
            raise Problem("no-such-table", dataset=dataset) from error
        raise


def search(query: Query, *, texts: bool = False) -> Page:
    """The page of rows that `query` asks for; with `texts` as `row_texts.written` takes them, which is quicker.

    :raises Problem: there is no table
    """
    selected = row_texts.selected(query) if texts else _selected(query.definition)
    with _table_there(query.definition.id), connected() as connection:
        conditions, values = _conditions(query, connection)
        total = _total(connection, query, conditions, values) if query.total else None
        if query.near is not None:
            rows, more = _nearest(connection, query, conditions, values, selected)
        else:
            rows, more = _in_order(connection, query, conditions, values, selected)
    cursor = None
    if more and rows:
        last = rows[-1]
        value = last["_metres"] if query.near is not None else last[query.sort.id] if query.sort is not None else None
        cursor = query.cursor(value, last["row_id"])
    return Page(rows, cursor, total)


def _table(query: Query) -> str:
    return identifier(table_id(query.definition.id))


def _selected(definition: Definition) -> str:
    return ", ".join(identifier(column.id) for column in typed_columns(definition))


def _conditions(query: Query, connection: Any) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if query.municipality:
        conditions.append("publisher_code = :municipality")
        values["municipality"] = query.municipality
    if query.grams:
        conditions.append("_full_text @@ CAST(:grams AS tsquery)")
        values["grams"] = tsquery(query.grams)
    for number, (column, value) in enumerate(query.equals):
        name = identifier(column.id)
        if value == "":
            conditions.append(f"{name} = ''" if blank_is_text(column) else f"{name} IS NULL")
            continue
        conditions.append(f"{name} = :equal{number}")
        values[f"equal{number}"] = value
    period = period_fields(query.definition)[:1] if query.newest and query.definition.change == "snapshot" else ()
    for name in map(identifier, period):
        newest = f"SELECT publisher_code, max({name}) FROM {_table(query)} GROUP BY publisher_code"
        conditions.append(f"(publisher_code, {name}) IN ({newest})")
    if query.boxes:
        conditions.append(_in_boxes(query, connection, values))
    return conditions, values


def _in_boxes(query: Query, connection: Any, values: dict[str, Any]) -> str:
    """A small box is looked up in the index of places. A wide one holds so many rows that walking the table in its order
    finds a page sooner; the planner's own estimate for columns says which it is."""
    ranges: list[str] = []
    places: list[str] = []
    for number, (west, south, east, north) in enumerate(query.boxes):
        values.update({f"w{number}": west, f"s{number}": south, f"e{number}": east, f"n{number}": north})
        ranges.append(f"(longitude BETWEEN :w{number} AND :e{number} AND latitude BETWEEN :s{number} AND :n{number})")
        corners = f"point(:w{number}, :s{number}), point(:e{number}, :n{number})"
        places.append(f"point(longitude, latitude) <@ box({corners})")
    wide = " OR ".join(ranges)
    box = {name: value for name, value in values.items() if name[0] in "wsen" and name[1:].isdigit()}
    plan = connection.execute(sa.text(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {_table(query)} WHERE {wide}"), box).scalar()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return f"({wide})" if plan[0]["Plan"]["Plan Rows"] > _WIDE else "(" + " OR ".join(places) + ")"


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _total(connection: Any, query: Query, conditions: list[str], values: dict[str, Any]) -> int:
    if query.near is None:
        return connection.execute(sa.text(f"SELECT count(*) FROM {_table(query)}{_where(conditions)}"), values).scalar()
    conditions, values = _within(query, conditions, values)
    conditions.append(f"{_METRES} <= :radius")
    values |= {"earth": _EARTH, "lat": query.near[0], "lng": query.near[1], "radius": query.radius}
    return connection.execute(sa.text(f"SELECT count(*) FROM {_table(query)}{_where(conditions)}"), values).scalar()


def _in_order(
    connection: Any, query: Query, conditions: list[str], values: dict[str, Any], selected: str
) -> tuple[list[dict[str, Any]], bool]:
    """By the sort column (unknown last), then by row id. The ids are found first, where that can be from an index alone, so
    that only the rows of the page are read whole."""
    conditions, values = list(conditions), dict(values)
    order = "row_id"
    if query.sort is not None:
        name = identifier(query.sort.id)
        if query.sort.kind == "text":
            name += ' COLLATE "C"'
        order = f"{name} {'DESC' if query.descending else 'ASC'} NULLS LAST, row_id"
    if query.after is not None:
        values["after_id"] = query.after[1]
        if query.sort is None:
            conditions.append("row_id > :after_id")
        elif query.after[0] is None:
            conditions.append(f"({name} IS NULL AND row_id > :after_id)")
        else:
            values["after"] = query.after[0]
            beyond = "<" if query.descending else ">"
            conditions.append(
                f"({name} {beyond} :after OR ({name} = :after AND row_id > :after_id) OR {name} IS NULL)"
            )
    found = f"SELECT row_id AS found_id FROM {_table(query)}{_where(conditions)} ORDER BY {order} LIMIT :most"
    statement = f"SELECT {selected} FROM ({found}) AS found JOIN {_table(query)} ON row_id = found_id ORDER BY {order}"
    rows = _dicts(connection.execute(sa.text(statement), {**values, "most": query.limit + 1}))
    return rows[: query.limit], len(rows) > query.limit


def metres(a: tuple[float, float], latitudes: Iterable[float], longitudes: Iterable[float]) -> list[float]:
    """The great-circle distances (haversine) of a (latitude, longitude) to many, in metres, to the millimetre."""
    latitude, longitude = np.radians(a)
    lat, lng = np.radians(np.asarray(latitudes, dtype=float)), np.radians(np.asarray(longitudes, dtype=float))
    half = np.sin((lat - latitude) / 2) ** 2 + np.cos(latitude) * np.cos(lat) * np.sin((lng - longitude) / 2) ** 2
    return np.round(2 * _EARTH * np.arcsin(np.sqrt(np.minimum(half, 1.0))), 3).tolist()


_METRES = (
    "round(CAST(2 * CAST(:earth AS float8) * asin(sqrt(least(1, sin(radians(latitude - :lat) / 2) ^ 2 + "
    "cos(radians(:lat)) * cos(radians(latitude)) * sin(radians(longitude - :lng) / 2) ^ 2))) AS numeric), 3)"
)
"""The same in PostgreSQL, for counting without fetching."""


def _within(query: Query, conditions: list[str], values: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Conditions of a box around the circle, for the index of places."""
    assert query.near is not None
    latitude, longitude = query.near
    high = math.degrees(query.radius / _EARTH) * 1.001
    wide = min(high / max(math.cos(math.radians(min(abs(latitude) + high, 89.9))), 1e-6), 180.0)
    corners = {"nw": longitude - wide, "ns": latitude - high, "ne": longitude + wide, "nn": latitude + high}
    condition = "point(longitude, latitude) <@ box(point(:nw, :ns), point(:ne, :nn))"
    return [*conditions, condition], {**values, **corners}


def _nearest(
    connection: Any, query: Query, conditions: list[str], values: dict[str, Any], selected: str
) -> tuple[list[dict[str, Any]], bool]:
    """The rows within `radius` by true distance. The index gives them by distance in degrees, in which a degree of
    longitude counts as much as one of latitude: so more are asked for, and only those are used that no row beyond the last
    one given can be nearer than."""
    assert query.near is not None
    latitude, longitude = query.near
    if conditions:
        conditions, values = _within(query, conditions, values)
    else:
        # The index gives the nearest first and stops at the limit. A box beside it would mislead the planner, who takes any
        # box to hold few rows, into fetching and sorting all of them.
        conditions = ["latitude IS NOT NULL", "longitude IS NOT NULL"]
    if query.after is not None:  # what the pages before held is passed by in PostgreSQL; the last millimetres are left to us
        conditions = [*conditions, f"{_METRES} >= :beyond"]
        values = {**values, "earth": _EARTH, "beyond": query.after[0] - 0.01}
    statement = sa.text(
        f"SELECT row_id, latitude, longitude, point(longitude, latitude) <-> point(:lng, :lat) AS degrees "
        f"FROM {_table(query)}{_where(conditions)} ORDER BY point(longitude, latitude) <-> point(:lng, :lat) LIMIT :most"
    )
    after = query.after if query.after is not None else (-1.0, "")
    # As many as there are, where rows lie evenly, in the ellipse around the page's circle, and some more.
    most = 3 * query.limit // 2 + 30
    while True:
        asked = {**values, "lng": longitude, "lat": latitude, "most": most}
        found = connection.execute(statement, asked).fetchall()
        whole = len(found) < most
        sure = math.inf
        if not whole:
            furthest = found[-1].degrees
            shortest = math.cos(math.radians(min(abs(latitude) + furthest, 89.9)))
            sure = math.radians(furthest) * _EARTH * shortest
        ids, latitudes, longitudes, _ = zip(*found, strict=True) if found else ((), (), (), ())
        measured = list(zip(metres(query.near, latitudes, longitudes), ids, strict=True))
        ready = [one for one in measured if one[0] <= min(query.radius, sure) and one > tuple(after)]
        if whole or sure > query.radius or len(ready) > query.limit:
            ready.sort()
            page = ready[: query.limit]
            rows = _of_ids(connection, query, [row_id for _, row_id in page], selected)
            there = [(far, row_id) for far, row_id in page if row_id in rows]  # one may have gone meanwhile
            for far, row_id in there:
                rows[row_id]["_metres"] = far
            return [rows[row_id] for _, row_id in there], len(ready) > query.limit
        most *= 3


def _of_ids(connection: Any, query: Query, ids: list[str], selected: str) -> dict[str, dict[str, Any]]:
    statement = f"SELECT {selected} FROM {_table(query)} WHERE row_id = ANY(:ids)"
    result = connection.execute(sa.text(statement), {"ids": ids})
    return {row["row_id"]: row for row in _dicts(result)}


def _dicts(result: Any) -> list[dict[str, Any]]:
    names = list(result.keys())
    return [dict(zip(names, row)) for row in result.fetchall()]  # noqa: B905 - as many names as cells


def one(definition: Definition, row_id: str) -> dict[str, Any] | None:
    """The row of this id; None where there is none."""
    statement = f"SELECT {_selected(definition)} FROM {identifier(table_id(definition.id))} WHERE row_id = :row_id"
    with connected() as connection:
        row = connection.execute(sa.text(statement), {"row_id": row_id}).mappings().first()
    return dict(row) if row is not None else None
