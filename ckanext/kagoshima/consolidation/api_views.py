"""``/data/v1``: rows, passports and changes of merged tables for programs."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import ckan.plugins.toolkit as tk
import orjson
from flask import Blueprint, Response
from markupsafe import escape

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import credits, feed, limits, naming, openapi, passport, query, row_json, row_texts, rows
from ckanext.kagoshima.consolidation.model import MergeRun
from ckanext.kagoshima.consolidation.problems import Problem
from recommended_datasets.definition import Definition
from recommended_datasets.outputs_csv import BOM, NEWLINE, guarded, mark
from recommended_datasets.outputs_geojson import feature

__all__ = ["kagoshima_rows"]

kagoshima_rows = Blueprint("kagoshima_rows", __name__)


def answered(view: Callable[..., Response]) -> Callable[..., Response]:
    """Problems as JSON, CORS for every site, and a short time in caches."""

    @functools.wraps(view)
    def wrapped(**arguments: str) -> Response:
        try:
            limits.check()
            response = view(**arguments)
        except Problem as problem:
            return problem.response()
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Link, X-Attribution"
        response.headers.setdefault("Cache-Control", "public, max-age=60")
        response.vary.discard("Cookie")
        return response.make_conditional(tk.request)  # type: ignore

    return wrapped


def as_json(data: Any, mimetype: str = "application/json") -> Response:
    return _json(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), mimetype)


def _json(body: bytes, mimetype: str = "application/json") -> Response:
    response = Response(body, mimetype=mimetype)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    return response


def merged_table(dataset: str) -> Definition:
    """The definition of a merged table that is there.

    :raises Problem: there is none
    """
    definition = _defined(dataset)
    if not MergeRun.any(dataset):
        raise Problem("no-such-table", dataset=dataset)
    return definition


def _defined(dataset: str) -> Definition:
    try:
        return catalogue.load().standard(dataset)
    except KeyError as error:
        raise Problem("no-such-table", dataset=dataset) from error


def _arguments() -> dict[str, str]:
    said: dict[str, str] = {}
    for name, values in tk.request.args.lists():
        if len(values) != 1:
            raise Problem("repeated-parameter", name=name)
        said[name] = values[0]
    return said


@kagoshima_rows.route("/data/v1/<dataset>/rows")
@answered
def search(dataset: str) -> Response:
    """Rows, filtered and paged, as JSON, CSV or GeoJSON."""
    asked = query.read(_defined(dataset), dict(tk.request.args.lists()))
    page = rows.search(asked, texts=asked.format == "json")
    # Where there are rows there is a table: the catalogue's database is asked only where none came.
    definition = asked.definition if page.rows else merged_table(dataset)
    if asked.format == "csv":
        response = _csv(asked, page)
    elif asked.format == "geojson":
        shown = row_json.all_shown(page.rows, asked.columns)
        named = credits.of_rows(page.rows, definition)
        features = [feature(entry, row) for entry, row in zip(shown, page.rows, strict=True)]
        extra = {"next_cursor": page.next_cursor, "attribution": credits.text(named)}
        if page.total is not None:
            extra["numberMatched"] = page.total
        response = as_json({"type": "FeatureCollection", "features": features, **extra}, "application/geo+json")
    else:
        beside: dict[str, Any] = {"total": page.total, "next_cursor": page.next_cursor}
        if asked.attribution:
            beside["attribution"] = credits.as_(asked.attribution, credits.of_rows(page.rows, definition))
        response = _json(b'{"rows":' + row_texts.written(page.rows, asked) + b"," + orjson.dumps(beside)[1:])
    if page.next_cursor:
        following = {**asked.said, "cursor": page.next_cursor}
        url = naming.address(f"/data/v1/{dataset}/rows") + "?" + urlencode(following)
        response.headers["Link"] = f'<{url}>; rel="next"'
    return response


def _csv(asked: query.Query, page: rows.Page) -> Response:
    """The rows as in the whole CSV: unknown cells marked, formulas guarded, Japanese headers, BOM."""
    columns = [c for c in asked.columns if c.id != "unknown" and not (c.field is None and c.id.endswith("_source"))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=NEWLINE)
    writer.writerow([column.label for column in columns])
    for shown in row_json.all_shown(page.rows, [*columns, *(c for c in asked.columns if c.id == "unknown")]):
        cells: list[Any] = []
        for column in columns:
            value = shown[column.id]
            original = shown.get(f"{column.id}_source")
            if value is None and original is not None:
                value = mark(original)
            elif value is None and column.field is not None and column.field.blank == "no":
                value = mark(None)
            elif isinstance(value, dict):
                value = json.dumps(value, ensure_ascii=False)
            cells.append(guarded(value) if isinstance(value, str) and column.kind == "text" else value)
        writer.writerow(cells)
    response = Response(BOM + out.getvalue().encode(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={asked.definition.id}.csv"
    response.set_etag(hashlib.sha256(response.data).hexdigest()[:32])
    return response


@kagoshima_rows.route("/data/v1/<dataset>/rows/<row_id>")
@answered
def row(dataset: str, row_id: str) -> Response:
    """One row with its passport; an old id leads to the new one."""
    merged_table(dataset)
    try:
        return as_json(passport.of_row(dataset, row_id))
    except passport.Redirected as moved:
        response = tk.redirect_to(naming.address(f"/data/v1/{dataset}/rows/{moved.row_id}"))
        response.status_code = 301
        return response  # type: ignore
    except tk.ObjectNotFound as error:
        raise Problem("no-such-row", row_id=row_id) from error


@kagoshima_rows.route("/data/v1/<dataset>/rows/<row_id>/original")
@answered
def original(dataset: str, row_id: str) -> Response:
    """The archived file that the row was read from, byte for byte."""
    definition = merged_table(dataset)
    found = rows.one(definition, row_id)
    if found is None:
        raise Problem("no-such-row", row_id=row_id)
    try:
        data = passport.original(found["source_sha256"])
    except tk.ObjectNotFound as error:
        raise Problem("no-such-file") from error
    response = Response(data, mimetype="application/octet-stream")
    name = found["source_url"].rsplit("/", 1)[-1].split("?")[0]
    response.headers["Content-Disposition"] = "attachment; filename*=UTF-8''" + quote(name)
    response.set_etag(found["source_sha256"])
    return response


@kagoshima_rows.route("/data/v1/<dataset>/changes")
@answered
def changes(dataset: str) -> Response:
    """Added, removed and changed rows since a cursor or a time."""
    merged_table(dataset)
    return as_json(feed.page(feed.request(dataset, _arguments())))


@kagoshima_rows.route("/data/v1/<dataset>/changes.csv")
@answered
def changes_csv(dataset: str) -> Response:
    """The same as CSV, one line a changed cell; added and removed rows are one line each."""
    definition = merged_table(dataset)
    page = feed.page(feed.request(dataset, _arguments()))
    labels = {column.id: column.label for column in rows.typed_columns(definition)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=NEWLINE)
    writer.writerow(["番号", "日時", "種類", "原因", "公開者コード", "行ID", "項目", "前", "後"])
    for one in page["changes"]:
        head = [one["seq"], one["at"], one["kind"], one["cause"], one["municipality_code"], one["row_id"]]
        if one["kind"] != "changed":
            whole = [json.dumps(one[side], ensure_ascii=False) if one[side] else "" for side in ("before", "after")]
            writer.writerow([*head, "", *whole])
            continue
        for name in one["after"] or {}:
            cells = [guarded("" if side[name] is None else side[name]) for side in (one["before"], one["after"])]
            writer.writerow([*head, labels.get(name, name), *cells])
    response = Response(BOM + out.getvalue().encode(), mimetype="text/csv")
    following = naming.address(f"/data/v1/{dataset}/changes.csv?cursor={page['next_cursor']}")
    response.headers["Link"] = f'<{following}>; rel="next"'
    response.set_etag(hashlib.sha256(response.data).hexdigest()[:32])
    return response


@kagoshima_rows.route("/data/v1/<dataset>/changes.atom")
@answered
def changes_atom(dataset: str) -> Response:
    """The newest changes as an Atom feed."""
    definition = merged_table(dataset)
    arguments = _arguments()
    if "since" not in arguments and "cursor" not in arguments:
        arguments["cursor"] = str(feed.start_of_newest(dataset, arguments.get("municipality", "")))
    page = feed.page(feed.request(dataset, arguments))
    base = naming.address(f"/data/v1/{dataset}")
    words = {"added": "追加", "removed": "削除", "changed": "変更"}
    entries: list[str] = []
    for one in reversed(page["changes"]):
        name = (one["after"] or {}).get("name") or (one["before"] or {}).get("name") or one["row_id"]
        told = one["after"] or {} if one["kind"] == "changed" else {}
        cells = [f"{cell}: {one['before'][cell]} → {value}" for cell, value in told.items()]
        entries.append(
            f"<entry><id>{base}/changes?cursor={one['seq'] - 1}&amp;limit=1</id>"
            f"<title>{escape(words[one['kind']])}: {escape(name)}</title><updated>{one['at']}</updated>"
            f'<link href="{base}/rows/{one["row_id"]}"/><category term="{one["kind"]}"/>'
            f"<summary>{escape('; '.join(cells))}</summary></entry>"
        )
    newest = page["changes"][-1]["at"] if page["changes"] else MergeRun.last(dataset).at.isoformat()  # type: ignore
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ja">'
        f"<id>{base}/changes.atom</id><title>{escape(definition.title['ja'])}（県内統合）の変更</title>"
        f'<updated>{newest}</updated><link rel="self" href="{base}/changes.atom"/>'
        f"<author><name>{escape(credits.editor())}</name></author>{''.join(entries)}</feed>"
    )
    response = Response(body, mimetype="application/atom+xml")
    response.set_etag(hashlib.sha256(response.data).hexdigest()[:32])
    return response


@kagoshima_rows.route("/data/v1/<dataset>/schema")
@answered
def schema(dataset: str) -> Response:
    """The columns as Table Schema, JSON Schema or CSV on the Web (``?format=``)."""
    definition = merged_table(dataset)
    arguments = _arguments()
    format_ = arguments.get("format", "table-schema")
    try:
        return as_json(openapi.SCHEMAS[format_](definition))
    except KeyError as error:
        raise Problem("not-acceptable", value=format_, known=", ".join(openapi.SCHEMAS)) from error


@kagoshima_rows.route("/data/v1/openapi.json")
@answered
def description() -> Response:
    """OpenAPI 3.1 of these addresses."""
    return as_json(openapi.document())
