"""What a request to ``/data/v1/<id>/rows`` asks for: read strictly, so that a typing error is said and never answered with
other rows than were meant."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ckanext.kagoshima.consolidation.problems import Problem
from recommended_datasets import outputs
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import Column, typed_columns
from recommended_datasets.search_grams import query_grams

MOST = 1000
"""Rows in one answer."""
USUAL = 100
RADIUS_MOST = 200_000
RADIUS_USUAL = 1_000
FORMATS = ("json", "csv", "geojson")
PARAMETERS = (
    "municipality", "q", "bbox", "near", "radius", "fields", "sort", "limit", "cursor", "format", "total", "attribution",
    "newest", "lang",
)  # fmt: skip
_LONGEST = 2_000


@dataclass(frozen=True)
class Query:
    """A request that is sound. Coordinates in degrees, `radius` in metres."""

    definition: Definition
    columns: tuple[Column, ...]
    municipality: str = ""
    grams: tuple[str, ...] = ()
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    """West, south, east, north; two where the box crosses the 180th meridian."""
    near: tuple[float, float] | None = None
    radius: float = RADIUS_USUAL
    equals: tuple[tuple[Column, Any], ...] = ()
    sort: Column | None = None
    descending: bool = False
    limit: int = USUAL
    after: tuple[Any, str] | None = None
    """Of the last row of the page before: its sort value and its row id."""
    format: str = "json"
    total: bool = False
    newest: bool = False
    """Of a standard with periods (`change: snapshot`): of each publisher the rows of its newest one."""
    attribution: str = ""
    said: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Ties a cursor to the conditions it was made under."""
        ties = {name: value for name, value in self.said.items() if name not in ("cursor", "limit", "format", "total")}
        return hashlib.sha256(json.dumps([self.definition.id, ties], sort_keys=True).encode()).hexdigest()[:10]

    def cursor(self, value: Any, row_id: str) -> str:
        """What leads to the rows after this one."""
        if isinstance(value, datetime.date):
            value = value.isoformat()
        return base64.urlsafe_b64encode(json.dumps([self.mark, value, row_id]).encode()).decode().rstrip("=")


def read(definition: Definition, arguments: Mapping[str, list[str]]) -> Query:
    """
    :param arguments: name → values, as in the address
    :raises Problem: what is wrong, for the sender
    """
    said: dict[str, str] = {}
    for name, values in arguments.items():
        if len(values) != 1:
            raise Problem("repeated-parameter", name=name)
        if name not in PARAMETERS and not name.startswith("f."):
            raise Problem("unknown-parameter", name=name, known=", ".join((*PARAMETERS, "f.<field>")))
        if len(values[0]) > _LONGEST:
            raise Problem("too-long")
        if "\x00" in values[0] or "\x00" in name:
            raise Problem("bad-value", name=name.replace("\x00", ""), value="NUL")
        said[name] = values[0]
    columns = {column.id: column for column in typed_columns(definition)}
    if said.get("format", "json") not in FORMATS:
        raise Problem("not-acceptable", value=said["format"], known=", ".join(FORMATS))
    if ("bbox" in said or "near" in said or said.get("format") == "geojson") and not outputs.point_columns(definition):
        raise Problem("no-places")
    if "near" in said and "sort" in said:
        raise Problem("not-together", one="near", other="sort")
    if "radius" in said and "near" not in said:
        raise Problem("radius-alone")
    sort = said.get("sort", "")
    query = Query(
        definition=definition,
        columns=_fields(said.get("fields"), columns),
        municipality=said.get("municipality", ""),
        grams=_grams(said["q"]) if "q" in said else (),
        boxes=_boxes(said["bbox"]) if "bbox" in said else (),
        near=_near(said["near"]) if "near" in said else None,
        radius=_radius(said["radius"]) if "radius" in said else RADIUS_USUAL,
        equals=tuple(_equal(name[2:], value, columns) for name, value in said.items() if name.startswith("f.")),
        sort=_column(sort.removeprefix("-"), columns) if sort else None,
        descending=sort.startswith("-"),
        limit=_limit(said["limit"]) if "limit" in said else USUAL,
        format=said.get("format", "json"),
        total=_yes("total", said.get("total", "false")),
        newest=_yes("newest", said.get("newest", "false")),
        attribution=_attribution(said.get("attribution", "")),
        said=said,
    )
    if "cursor" not in said:
        return query
    from dataclasses import replace

    return replace(query, after=_after(query, said["cursor"]))


def _column(name: str, columns: Mapping[str, Column]) -> Column:
    if name not in columns or columns[name].kind == "json":
        raise Problem("unknown-field", name=name)
    return columns[name]


def _fields(text: str | None, columns: Mapping[str, Column]) -> tuple[Column, ...]:
    if text is None:
        return tuple(columns.values())
    names = dict.fromkeys(["row_id", *(name.strip() for name in text.split(","))])
    for name in names:
        if name not in columns:
            raise Problem("unknown-field", name=name)
    return tuple(columns[name] for name in names)


def _grams(text: str) -> tuple[str, ...]:
    found = query_grams(text)
    if not found:
        raise Problem("nothing-to-search")
    return tuple(found)


def _numbers(text: str, count: int, code: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise Problem(code, value=text) from error
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        raise Problem(code, value=text)
    return numbers


def _boxes(text: str) -> tuple[tuple[float, float, float, float], ...]:
    west, south, east, north = _numbers(text, 4, "bad-bbox")
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Problem("bad-bbox", value=text)
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def _near(text: str) -> tuple[float, float]:
    latitude, longitude = _numbers(text, 2, "bad-near")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Problem("bad-near", value=text)
    return latitude, longitude


def _radius(text: str) -> float:
    try:
        radius = float(text)
    except ValueError as error:
        raise Problem("bad-radius", value=text, most=RADIUS_MOST) from error
    if not 0 < radius <= RADIUS_MOST:
        raise Problem("bad-radius", value=text, most=RADIUS_MOST)
    return radius


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MOST:
        raise Problem("bad-limit", value=text, most=MOST)
    return int(text)


def _yes(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise Problem("bad-value", name=name, value=text)
    return text == "true"


def _attribution(text: str) -> str:
    if text not in ("", "text", "html", "json"):
        raise Problem("bad-value", name="attribution", value=text)
    return text


def _equal(name: str, text: str, columns: Mapping[str, Column]) -> tuple[Column, Any]:
    column = _column(name, columns)
    try:
        if text == "" or column.kind == "text":
            return column, text
        if column.kind == "date":
            return column, datetime.date.fromisoformat(text)
        number = int(text) if column.kind == "integer" else float(text)
        if not math.isfinite(number) or abs(number) >= 2**63:
            raise ValueError(text)
        return column, number
    except ValueError as error:
        raise Problem("bad-value", name=f"f.{name}", value=text) from error


def _after(query: Query, cursor: str) -> tuple[Any, str]:
    try:
        mark, value, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if mark != query.mark or not isinstance(row_id, str):
            raise ValueError(mark)
        if query.near is not None:
            value = float(value)
        elif query.sort is not None and value is not None:
            kind = query.sort.kind
            value = datetime.date.fromisoformat(value) if kind == "date" else value
            if not isinstance(value, {"text": str, "integer": int, "float": (int, float), "date": datetime.date}[kind]):
                raise ValueError(value)
        return value, row_id
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise Problem("bad-cursor") from error
