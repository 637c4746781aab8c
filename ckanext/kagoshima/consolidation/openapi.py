"""Descriptions for programs: OpenAPI 3.1 of ``/data/v1``, and the columns of a table in three schema languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import feed, naming, query, sources
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import Column, csv_columns, typed_columns

_JSON_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "float": {"type": ["number", "null"]},
    "integer": {"type": ["integer", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "json": {"type": ["object", "null"]},
}
_TABLE_TYPES = {"text": "string", "float": "number", "integer": "integer", "date": "date", "json": "object"}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}
"""What every 4xx answer of ``/data/v1`` and ``/ogc`` says."""
_CSVW_TYPES = {"text": "string", "float": "double", "integer": "integer", "date": "date", "json": "json"}


def json_schema(definition: Definition) -> dict[str, Any]:
    """One row as ``/data/v1/<id>/rows`` gives it."""
    properties = {
        column.id: {**_JSON_TYPES[column.kind], "title": column.label, "description": column.english}
        for column in typed_columns(definition)
        if column.id != "unknown"
    }
    properties["row_id"]["type"] = "string"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": naming.address(f"/data/v1/{definition.id}/schema?format=json-schema"),
        "title": definition.title["ja"],
        "type": "object",
        "properties": properties,
        "required": ["row_id"],
    }


def table_schema(definition: Definition) -> dict[str, Any]:
    """The columns of the whole CSV, by their Japanese headers. Cells that could not be read hold 要確認（…）, so every column
    is text here; ``kagoshima:type`` says what the others are."""
    return {
        "fields": [
            {"name": column.label, "type": "string", "kagoshima:id": column.id, "kagoshima:type": _TABLE_TYPES[column.kind]}
            for column in csv_columns(definition)
        ],
        "primaryKey": ["行ID"],
        "missingValues": [""],
    }


def csvw(definition: Definition) -> dict[str, Any]:
    """The whole CSV as CSV on the Web."""
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": naming.address(naming.file_path(definition.id, f"{definition.id}.csv")),
        "dialect": {"encoding": "utf-8", "lineTerminators": "\r\n"},
        "tableSchema": {
            "columns": [
                {"name": column.id, "titles": {"ja": column.label}, "datatype": _csvw_type(column)}
                for column in csv_columns(definition)
            ],
            "primaryKey": "row_id",
        },
    }


def _csvw_type(column: Column) -> str:
    return "string" if column.field is not None else _CSVW_TYPES[column.kind]


SCHEMAS: dict[str, Callable[[Definition], dict[str, Any]]] = {
    "table-schema": table_schema,
    "json-schema": json_schema,
    "csvw": csvw,
}


def _parameter(name: str, description: str, schema: dict[str, Any], place: str = "query") -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "required": place == "path", "schema": schema}


def _answers(media: dict[str, Any], *problems: int) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    words = {400: "Bad request", 404: "Not found", 406: "No such format", 410: "Past retention", 413: "Too long",
             429: "Too many requests"}  # fmt: skip
    return {
        "200": {"description": "OK", "content": media},
        **{str(status): {"description": words[status], "content": error} for status in (*problems, 429)},
    }


def _files(dataset: dict[str, Any], row_id: dict[str, Any], of_changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that is a file, or another form of what has JSON."""
    as_of = _parameter("as_of", "その日の終わりの状態 / at the end of that day", {"type": "string", "format": "date"})
    encoding = _parameter("encoding", "古いプログラム向け / for old programs", {"type": "string", "enum": ["utf-8", "cp932"]})
    lost = _parameter("lost", "CP932 にない文字（JSON） / what CP932 lacks", {"type": "string", "enum": ["true", "false"]})
    csv, json_, geojson = "text/csv", "application/json", "application/geo+json"
    entries: tuple[tuple[str, str, str, list[dict[str, Any]], tuple[str, ...], tuple[int, ...]], ...] = (
        (".csv", "wholeCsv", "全件 CSV / whole CSV", [dataset, as_of, encoding, lost], (csv, json_), (400, 404, 410, 413)),
        (".geojson", "wholeGeojson", "全件 GeoJSON / whole GeoJSON", [dataset, as_of], (geojson,), (400, 404, 410, 413)),
        (".parquet", "wholeParquet", "全件 Parquet / whole Parquet", [dataset], ("application/vnd.apache.parquet",), (404,)),
        ("/manifest.json", "manifest", "ファイルの一覧 / all files with sha256", [dataset], (json_,), (404,)),
        ("/rejected.csv", "rejectedRows", "不採用の行 / rejected rows", [dataset], (csv,), (404,)),
        ("/duplicates.csv", "duplicateRows", "重複の行 / duplicates", [dataset], (csv,), (404,)),
        ("/changes.csv", "changesCsv", "変更 CSV / changes as CSV", of_changes, (csv,), (400, 404, 410)),
        ("/changes.atom", "changesAtom", "変更 Atom / as Atom", of_changes, ("application/atom+xml",), (400, 404, 410)),
        (
            "/rows/{row_id}/original",
            "originalFile",
            "元のファイル / the archived original",
            [dataset, row_id],
            ("application/octet-stream",),
            (404,),
        ),
    )
    return {
        f"/data/v1/{{dataset}}{ending}": {
            "get": {
                "operationId": name,
                "summary": summary,
                "parameters": parameters,
                "responses": _answers({media: {} for media in medias}, *problems),
            }
        }
        for ending, name, summary, parameters, medias, problems in entries
    }


def document() -> dict[str, Any]:
    """OpenAPI 3.1 of what is there today."""
    tables = sources.datasets()
    dataset = _parameter("dataset", "標準データセットのID / id of the standard dataset",
                         {"type": "string", "enum": tables} if tables else {"type": "string"}, "path")  # fmt: skip
    language = _parameter("format", "言語 / language", {"type": "string", "enum": list(SCHEMAS)})
    row_id = _parameter("row_id", "行ID / row id", {"type": "string", "minLength": 1}, "path")
    municipality = _parameter("municipality", "公開者のコード / publisher's code", {"type": "string", "examples": ["462012"]})
    anything: dict[str, Any] = {"schema": {"type": "object"}}
    row = {"type": "object", "properties": {"row_id": {"type": "string"}}, "required": ["row_id"]}
    page = {
        "type": "object",
        "required": ["rows", "total", "next_cursor"],
        "properties": {
            "rows": {"type": "array", "items": row},
            "total": {"type": ["integer", "null"]},
            "next_cursor": {"type": ["string", "null"]},
        },
    }
    feed_parameters = [
        dataset,
        _parameter("cursor", "前回の next_cursor / that of the last answer", {"type": "string", "pattern": "^[0-9]{1,18}$"}),
        _parameter("since", "日時、または番号 / a time, or a sequence number", {"type": "string", "format": "date-time"}),
        municipality,
        _parameter("limit", "件数 / entries", {"type": "integer", "minimum": 1, "maximum": feed.MOST}),
    ]
    row_parameters = [
        dataset,
        municipality,
        _parameter("q", "語 / words", {"type": "string", "minLength": 1, "maxLength": 200}),
        _parameter("bbox", "西,南,東,北 / west,south,east,north", {"type": "string"}),
        _parameter("near", "緯度,経度、近い順 / latitude,longitude, nearest first", {"type": "string"}),
        _parameter("radius", "near からのメートル / metres from near", {"type": "number", "exclusiveMinimum": 0,
                                                                   "maximum": query.RADIUS_MOST}),
        _parameter("fields", "項目、コンマ区切り / fields, by commas", {"type": "string"}),
        _parameter("sort", "項目、降順は - を前に / field, - in front for descending", {"type": "string"}),
        _parameter("limit", "行数 / rows", {"type": "integer", "minimum": 1, "maximum": query.MOST, "default": query.USUAL}),
        _parameter("cursor", "前回の next_cursor / next_cursor of the last answer", {"type": "string"}),
        _parameter("format", "形式 / format", {"type": "string", "enum": list(query.FORMATS), "default": "json"}),
        _parameter("total", "総数も / count too", {"type": "boolean", "default": False}),
        _parameter("newest", "最新の期間だけ / the newest period only", {"type": "boolean", "default": False}),
        _parameter("attribution", "出典も / credits too", {"type": "string", "enum": ["text", "html", "json"]}),
    ]  # fmt: skip
    changes = _answers({"application/json": anything}, 400, 404, 410)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "鹿児島県オープンデータ 統合データ API / merged tables",
            "version": "1",
            "description": (
                "県内の統合データの行。読めなかったセルは null で、原文は <項目>_source にあります。"
                "f.<項目>=値 で任意の項目を絞り込めます。 / "
                "Rows of the merged tables. A cell that could not be read is null, its original text in <field>_source. "
                "f.<field>=value filters by any field."
            ),
        },
        "servers": [{"url": naming.address("/")[:-1]}],
        "paths": {
            "/data/v1/{dataset}/rows": {
                "get": {
                    "operationId": "searchRows",
                    "summary": "行 / rows",
                    "parameters": row_parameters,
                    "responses": _answers(
                        {
                            "application/json": {"schema": page},
                            "application/geo+json": anything,
                            "text/csv": {"schema": {"type": "string"}},
                        },
                        400, 404, 406, 413,
                    ),  # fmt: skip
                }
            },
            "/data/v1/{dataset}/rows/{row_id}": {
                "get": {
                    "operationId": "showRow",
                    "summary": "1行とその来歴 / one row with its passport",
                    "parameters": [dataset, row_id],
                    "responses": {
                        **_answers({"application/json": anything}, 404),
                        "301": {"description": "The row has another id now"},
                    },
                }
            },
            "/data/v1/{dataset}/changes": {
                "get": {
                    "operationId": "listChanges",
                    "summary": "変更 / changes",
                    "parameters": feed_parameters,
                    "responses": changes,
                }
            },
            "/data/v1/{dataset}/schema": {
                "get": {
                    "operationId": "showSchema",
                    "summary": "列の定義 / columns",
                    "parameters": [dataset, language],
                    "responses": _answers({"application/json": anything}, 400, 404, 406),
                }
            },
            **_files(dataset, row_id, feed_parameters),
        },
        "components": {
            "schemas": {
                "Error": PROBLEM,
                **{dataset_: json_schema(catalogue.load().standard(dataset_)) for dataset_ in tables},
            }
        },
    }
