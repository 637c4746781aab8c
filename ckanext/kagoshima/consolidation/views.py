"""Pages and whole files of the merged tables."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima.checking import catalogue, judge
from ckanext.kagoshima.consolidation import (
    bundling,
    credits,
    downloads,
    feed,
    naming,
    passport,
    publishing,
    store,
    workbook,
)
from ckanext.kagoshima.consolidation.api_views import as_json, kagoshima_rows, merged_table
from ckanext.kagoshima.consolidation.model import MergeRun
from ckanext.kagoshima.consolidation.ogc_views import kagoshima_ogc
from ckanext.kagoshima.consolidation.problems import Problem
from ckanext.kagoshima.consolidation.suspect_views import kagoshima_suspects
from recommended_datasets import outputs
from recommended_datasets.merged_columns import field_columns

__all__ = ["kagoshima_merged", "kagoshima_ogc", "kagoshima_rows", "kagoshima_suspects"]

kagoshima_merged = Blueprint("kagoshima_merged", __name__)
csv.field_size_limit(1 << 30)  # a cell of a publisher's file may be of any length
_PREVIEWED = ("q", "municipality", "newest", "cursor")
_FILES = ("rejected.csv", "duplicates.csv", "manifest.json")


@kagoshima_merged.route("/merged")
@kagoshima_merged.route("/merged/")
def index() -> str:
    """All merged tables."""
    return tk.render("kagoshima/consolidation/index.html", {"tables": tk.get_action("kagoshima_consolidation_list")({}, {})})


@kagoshima_merged.route("/merged/<dataset>")
def show(dataset: str) -> str | Response:
    """One merged table: what is in it, what is not and why, downloads."""
    try:
        found = tk.get_action("kagoshima_consolidation_show")({}, {"dataset": dataset})
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    if found["run"] is None:
        return tk.abort(404, tk._("Nothing is merged for %s yet.") % dataset)
    definition = catalogue.load().standard(dataset)
    run = MergeRun.public(dataset)
    return tk.render(
        "kagoshima/consolidation/show.html",
        {
            "dataset": dataset,
            "title": definition.title.get(judge.language()) or definition.title["ja"],
            "definition": definition,
            "balance": found,
            "files": _files(dataset, run),
            "run": run,
            "package": naming.merged_name(dataset),
            "preview": _preview(dataset),
            "suspects": tk.get_action("kagoshima_suspect_list")({}, {"dataset": dataset, "limit": 20}),
            "attribution": credits.text(credits.of_dataset(definition)),
            "rejected": _rejected(dataset, run),
            "withheld": _withheld(found),
            "changes": _newest_changes(dataset),
            "places": outputs.point_columns(definition),
        },
    )


def _rejected(dataset: str, run: MergeRun | None, most: int = 20) -> list[dict[str, str]]:
    """The first of the rows that were left out, as in ``rejected.csv``."""
    if run is None or not run.rejected:
        return []
    try:
        text = store.read(f"{publishing.version_folder(dataset, run.id)}/rejected.csv").decode("utf-8-sig")
    except store.Missing:
        return []
    return list(itertools.islice(csv.DictReader(io.StringIO(text)), most))


def _withheld(found: dict[str, Any]) -> dict[str, int]:
    """Reason → number of withheld rows."""
    counts: Counter[str] = Counter()
    for one in found["municipalities"]:
        for file in one["files"]:
            counts.update(file["reasons"].get("withheld") or {})
    return dict(counts)


def _newest_changes(dataset: str, most: int = 10) -> list[dict[str, Any]]:
    """The newest changes that are news, the newest first."""
    start = feed.start_of_newest(dataset, "", most)
    page = feed.page(feed.Request(dataset, since=start, limit=1000))
    return page["changes"][::-1][:most]


def _preview(dataset: str) -> dict[str, Any]:
    """A page of rows with the conditions of the form (words, publisher); of statistics the newest period."""
    arguments = {name: tk.request.args[name] for name in _PREVIEWED if tk.request.args.get(name)}
    asked = {"dataset": dataset, "limit": "20", "total": "true", "newest": "true", **arguments}
    try:
        return {**tk.get_action("kagoshima_row_search")({}, asked), "arguments": arguments, "problem": ""}
    except tk.ValidationError as error:
        said: Any = error.error_dict
        words = "; ".join(text for texts in said.values() for text in texts)
        return {"rows": [], "total": 0, "next_cursor": None, "arguments": arguments, "problem": words}


@kagoshima_merged.route("/merged/<dataset>/rows/<row_id>")
def row(dataset: str, row_id: str) -> str | Response:
    """The passport of a row."""
    try:
        found = passport.of_row(dataset, row_id)
    except passport.Redirected as moved:
        return tk.redirect_to("kagoshima_merged.row", dataset=dataset, row_id=moved.row_id)  # type: ignore
    except (KeyError, tk.ObjectNotFound):
        return tk.abort(404, tk._("There is no such row."))
    definition = catalogue.load().standard(dataset)
    lines: list[tuple[int, str]] = []
    if found["passport"]["archived"]:
        lines = passport.lines_around(passport.original(found["passport"]["sha256"]), found["passport"]["line"])
    title = definition.title.get(judge.language()) or definition.title["ja"]
    columns = [column for column in field_columns(definition) if _says(found["row"], column.id)]
    return tk.render(
        "kagoshima/consolidation/row.html",
        {"dataset": dataset, "title": title, "columns": columns, "lines": lines, **found},
    )


def _says(row: dict[str, Any], column: str) -> bool:
    return row.get(column) not in (None, "") or row.get(f"{column}_source") is not None


def _files(dataset: str, run: MergeRun | None) -> list[dict[str, Any]]:
    manifest = (run.manifest or {}) if run is not None else {}
    return [
        {"what": what, "name": name, "path": naming.file_path(dataset, name), **(manifest.get(name) or {})}
        for what, name in publishing.file_names(catalogue.load().standard(dataset)).items()
    ]


@kagoshima_merged.route("/data/v1/<dataset>.<extension>")
def table(dataset: str, extension: str) -> Response:
    """The whole table as CSV, GeoJSON or Parquet (pre-built), or xlsx (made on request). ``as_of=`` gives CSV or GeoJSON of a
    past time, ``encoding=cp932`` the CSV for old programs; ``lost=true`` beside it lists what CP932 cannot say."""
    try:
        if extension not in ("csv", "geojson", "parquet", "xlsx"):
            raise Problem("no-such-file")
        if extension == "xlsx":
            return _workbook(dataset)
        asked = {name: tk.request.args.get(name, "") for name in ("as_of", "encoding", "lost")}
        if extension == "parquet" or not any(asked.values()):
            return _download(dataset, f"{dataset}.{extension}")
        definition = merged_table(dataset)
        if asked["encoding"] not in ("", "utf-8", "cp932") or asked["lost"] not in ("", "true", "false"):
            name = "lost" if asked["encoding"] in ("", "utf-8", "cp932") else "encoding"
            raise Problem("bad-value", name=name, value=asked[name])
        if asked["lost"] == "true":
            return as_json(downloads.lost_in_cp932(definition))
        return downloads.of_time(definition, extension, asked["as_of"], asked["encoding"])
    except Problem as problem:
        return problem.response()
    except tk.ObjectNotFound:
        return Problem("no-such-file").response()


def _workbook(dataset: str) -> Response:
    """The workbook, or 202 while a job makes it."""
    merged_table(dataset)
    run = MergeRun.public(dataset)
    if run is None:
        raise Problem("no-such-table", dataset=dataset)
    if workbook.ready(run):
        return _download(dataset, f"{dataset}.xlsx")
    workbook.enqueue(run)
    words = "作成中です。しばらくしてからもう一度開いてください。 / Being made; open this address again in a while."
    response = as_json({"status": "queued", "message": words})
    response.status_code = 202
    response.headers["Retry-After"] = "30"
    response.headers["Cache-Control"] = "no-store"
    return response


@kagoshima_merged.route("/data/v1/<dataset>/<name>")
def beside(dataset: str, name: str) -> Response:
    """Rejected rows, duplicates, the manifest."""
    return _download(dataset, name) if name in _FILES else nothing()


@kagoshima_merged.route("/data/v1/")
@kagoshima_merged.route("/data/v1/<path:anything>")
def nothing(anything: str = "") -> Response:
    """Programs are told so as everywhere under this address, not with a page."""
    return Problem("no-such-file").response()


def _download(dataset: str, name: str) -> Response:
    try:
        return downloads.whole_file(dataset, name)
    except tk.ObjectNotFound:
        return Problem("no-such-file").response()


@kagoshima_merged.route("/bundle/")
@kagoshima_merged.route("/bundle/<path:name>")
def offline(name: str = "index.html") -> Response:
    """The disaster bundle, where no web server in front serves it."""
    try:
        data = bundling.read(f"{name}index.html" if name.endswith("/") else name)
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    return Response(data, mimetype=_MEDIA.get(name.rsplit(".", 1)[-1], "text/html"))


_MEDIA = {
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
