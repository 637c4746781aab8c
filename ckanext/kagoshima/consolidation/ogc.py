"""OGC API – Features (Part 1: Core, GeoJSON, OpenAPI 3.0) over the merged tables that have places: the documents.

So QGIS, ArcGIS and GDAL open every table of the prefecture by one address, ``/ogc``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckanext.datastore.backend.postgres import identifier  # type: ignore
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import credits, naming, query, rows, sources
from ckanext.kagoshima.consolidation.model import MergeRun
from ckanext.kagoshima.consolidation.openapi import PROBLEM
from recommended_datasets import outputs
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import typed_columns

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CONFORMANCE = [f"{_CORE}/core", f"{_CORE}/oas30", f"{_CORE}/geojson"]
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_TYPES = {"float": "number", "integer": "integer", "json": "object"}


def address(path: str = "") -> str:
    return naming.address(f"/ogc{path}")


def link(path: str, rel: str, title: str, type_: str = "application/json") -> dict[str, str]:
    return {"href": path if path.startswith("http") else address(path), "rel": rel, "type": type_, "title": title}


def tables() -> list[Definition]:
    """The merged tables with places."""
    found = [catalogue.load().standard(dataset) for dataset in sources.datasets()]
    return [one for one in found if outputs.point_columns(one) and MergeRun.public(one.id) is not None]


def landing() -> dict[str, Any]:
    return {
        "title": f"{credits.editor()} オープンデータ（統合データ）",
        "description": "県内の公開者のデータを標準ごとに一つにまとめた表 / merged tables of the prefecture's publishers",
        "links": [
            link("", "self", "この文書 / this document"),
            link("/api", "service-desc", "OpenAPI 3.0", OPENAPI),
            link(naming.address("/data/v1/openapi.json"), "service-doc", "行の API / the row API"),
            link("/conformance", "conformance", "準拠する規格 / conformance classes"),
            link("/collections", "data", "表の一覧 / collections"),
        ],
    }


def collection(definition: Definition) -> dict[str, Any]:
    path = f"/collections/{definition.id}"
    found: dict[str, Any] = {
        "id": definition.id,
        "title": f"{definition.title['ja']}（県内統合）",
        "description": definition.title.get("en", definition.id),
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            link(path, "self", "この文書 / this document"),
            link(f"{path}/items", "items", "地物 / features", "application/geo+json"),
            link(naming.address(f"/merged/{definition.id}"), "about", "説明 / about", "text/html"),
        ],
    }
    box = _extent(definition)
    if box is not None:
        found["extent"] = {"spatial": {"bbox": [box], "crs": CRS84}}
    return found


def _extent(definition: Definition) -> list[float] | None:
    """The box of usable places."""
    table = identifier(naming.table_id(definition.id))
    statement = (
        f"SELECT min(longitude), min(latitude), max(longitude), max(latitude) FROM {table} "
        "WHERE longitude BETWEEN -180 AND 180 AND latitude BETWEEN -90 AND 90"
    )
    with rows.connected() as connection:
        found = connection.execute(sa.text(statement)).fetchone()
    return [float(one) for one in found] if found is not None and found[0] is not None else None


def openapi() -> dict[str, Any]:
    """OpenAPI 3.0 of these addresses, a path for each collection."""
    json_answer = {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}}
    error = {"description": "Error", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/exception"}}}}
    answers = {**json_answer, "default": error}
    paths: dict[str, Any] = {
        path: {"get": {"operationId": name, "summary": summary, "responses": answers}}
        for path, name, summary in (
            ("/", "getLandingPage", "landing page"),
            ("/conformance", "getConformanceDeclaration", "conformance classes"),
            ("/collections", "getCollections", "collections"),
        )
    }
    for definition in tables():
        path = f"/collections/{definition.id}"
        feature = {"application/geo+json": {"schema": {"$ref": f"#/components/schemas/{definition.id}"}}}
        features = {
            "application/geo+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "features"],
                    "properties": {
                        "type": {"type": "string", "enum": ["FeatureCollection"]},
                        "features": {"type": "array", "items": {"$ref": f"#/components/schemas/{definition.id}"}},
                        "numberReturned": {"type": "integer", "minimum": 0},
                        "timeStamp": {"type": "string", "format": "date-time"},
                    },
                }
            }
        }
        title = definition.title["ja"]
        paths[path] = {"get": {"operationId": f"describe_{definition.id}", "summary": title, "responses": answers}}
        paths[f"{path}/items"] = {
            "get": {
                "operationId": f"get_{definition.id}_features",
                "summary": title,
                "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS if name != "featureId"],
                "responses": {"200": {"description": "OK", "content": features}, "default": error},
            }
        }
        paths[f"{path}/items/{{featureId}}"] = {
            "get": {
                "operationId": f"get_{definition.id}_feature",
                "summary": title,
                "parameters": [{"$ref": "#/components/parameters/featureId"}],
                "responses": {"200": {"description": "OK", "content": feature}, "default": error},
            }
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": landing()["title"], "version": "1"},
        "servers": [{"url": address()}],
        "paths": paths,
        "components": {
            "parameters": _PARAMETERS,
            "schemas": {
                "exception": PROBLEM,
                **{definition.id: _schema(definition) for definition in tables()},
            },
        },
    }


_PARAMETERS: dict[str, Any] = {
    "bbox": {
        "name": "bbox",
        "in": "query",
        "description": "西,南,東,北 / west,south,east,north (CRS84)",
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
    },
    "datetime": {
        "name": "datetime",
        "in": "query",
        "description": "どの行も時の範囲を持たないので、すべて当たります / rows have no time, so all of them match",
        "schema": {"type": "string"},
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": query.MOST, "default": query.USUAL},
        "style": "form",
        "explode": False,
    },
    "cursor": {"name": "cursor", "in": "query", "schema": {"type": "string"}},
    "featureId": {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}},
}


def _schema(definition: Definition) -> dict[str, Any]:
    """A feature of a table. A cell may be null: its original text is beside it then."""
    properties = {
        column.id: {"type": _TYPES.get(column.kind, "string"), "nullable": True, "title": column.label}
        for column in typed_columns(definition)
        if column.id != "unknown"
    }
    return {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "properties": properties},
        },
    }
