"""OGC API – Features at ``/ogc`` (see `ogc`)."""

from __future__ import annotations

import datetime
import re
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima.consolidation import ogc, query, row_json, rows
from ckanext.kagoshima.consolidation.api_views import answered, as_json, merged_table
from ckanext.kagoshima.consolidation.model import now
from ckanext.kagoshima.consolidation.problems import Problem
from recommended_datasets import outputs
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import typed_columns
from recommended_datasets.outputs_geojson import feature

kagoshima_ogc = Blueprint("kagoshima_ogc", __name__)
_GEOJSON = "application/geo+json"
_KNOWN = ("bbox", "bbox-crs", "crs", "datetime", "limit", "cursor", "f")
_INSTANT = r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d))?"
_DATETIME = re.compile(rf"(?:{_INSTANT}|(?:{_INSTANT}|\.\.|)/(?:{_INSTANT}|\.\.|))")


def _only(*names: str) -> dict[str, str]:
    """The parameters of the request. The standard asks that others are refused (7.6)."""
    said: dict[str, str] = {}
    for name, values in tk.request.args.lists():
        if name not in names:
            raise Problem("unknown-parameter", name=name, known=", ".join(names))
        if len(values) != 1:
            raise Problem("repeated-parameter", name=name)
        said[name] = values[0]
    if said.get("f", "json") not in ("json", "geojson"):
        raise Problem("not-acceptable", value=said["f"], known="json")
    for name in ("crs", "bbox-crs"):
        if said.get(name, ogc.CRS84) != ogc.CRS84:
            raise Problem("bad-value", name=name, value=said[name])
    return said


def _table(dataset: str) -> Definition:
    definition = merged_table(dataset)
    if not outputs.point_columns(definition):
        raise Problem("no-such-table", dataset=dataset)
    return definition


@kagoshima_ogc.route("/ogc")
@kagoshima_ogc.route("/ogc/")
@answered
def landing() -> Response:
    _only("f")
    return as_json(ogc.landing())


@kagoshima_ogc.route("/ogc/api")
@answered
def api() -> Response:
    _only("f")
    return as_json(ogc.openapi(), ogc.OPENAPI)


@kagoshima_ogc.route("/ogc/conformance")
@answered
def conformance() -> Response:
    _only("f")
    return as_json({"conformsTo": ogc.CONFORMANCE})


@kagoshima_ogc.route("/ogc/collections")
@answered
def collections() -> Response:
    _only("f")
    found = [ogc.collection(definition) for definition in ogc.tables()]
    return as_json({"collections": found, "links": [ogc.link("/collections", "self", "この文書 / this document")]})


@kagoshima_ogc.route("/ogc/collections/<dataset>")
@answered
def collection(dataset: str) -> Response:
    _only("f")
    return as_json(ogc.collection(_table(dataset)))


@kagoshima_ogc.route("/ogc/collections/<dataset>/items")
@answered
def items(dataset: str) -> Response:
    """A page of features, and the link to the next one."""
    definition = _table(dataset)
    said = _only(*_KNOWN)
    if "datetime" in said and not _DATETIME.fullmatch(said["datetime"]):
        raise Problem("bad-value", name="datetime", value=said["datetime"])
    asked = query.read(definition, {name: [text] for name, text in _rows(said).items()})
    page = rows.search(asked)
    shown = row_json.all_shown(page.rows, asked.columns)
    path = f"/collections/{dataset}/items"
    kept = {name: text for name, text in said.items() if name != "cursor"}
    here = {**kept, **({"cursor": said["cursor"]} if "cursor" in said else {})}
    links = [_link(path, here, "self"), ogc.link(f"/collections/{dataset}", "collection", definition.title["ja"])]
    if page.next_cursor:
        links.append(_link(path, {**kept, "cursor": page.next_cursor}, "next"))
    answer: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [feature(one, row) for one, row in zip(shown, page.rows, strict=True)],
        "numberReturned": len(page.rows),
        "timeStamp": now().astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    return as_json(answer, _GEOJSON)


def _rows(said: dict[str, str]) -> dict[str, str]:
    """The parameters as the row API has them. A limit above the highest is the highest; heights of a box are left out."""
    found = {"format": "geojson", **{name: said[name] for name in ("cursor", "bbox", "limit") if name in said}}
    limit = found.get("limit", "")
    if limit.isascii() and limit.isdigit() and int(limit[:9]) > query.MOST:
        found["limit"] = str(query.MOST)
    corners = found.get("bbox", "").split(",")
    if len(corners) == 6:
        found["bbox"] = ",".join((*corners[:2], *corners[3:5]))
    return found


def _link(path: str, said: dict[str, str], rel: str) -> dict[str, str]:
    return ogc.link(ogc.address(path) + (f"?{urlencode(said)}" if said else ""), rel, rel, _GEOJSON)


@kagoshima_ogc.route("/ogc/collections/<dataset>/items/<row_id>")
@answered
def item(dataset: str, row_id: str) -> Response:
    """One feature."""
    definition = _table(dataset)
    _only("f", "crs")
    row = rows.one(definition, row_id)
    if row is None:
        raise Problem("no-such-row", row_id=row_id)
    (shown,) = row_json.all_shown([row], typed_columns(definition))
    found = feature(shown, row)
    path = f"/collections/{dataset}/items/{row_id}"
    found["links"] = [
        ogc.link(path, "self", "self", _GEOJSON),
        ogc.link(f"/collections/{dataset}", "collection", definition.title["ja"]),
    ]
    return as_json(found, _GEOJSON)
