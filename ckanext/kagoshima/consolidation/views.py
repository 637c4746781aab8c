"""Pages and whole files of the merged tables."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima.checking import catalogue, judge
from ckanext.kagoshima.consolidation import bundling, credits, downloads, naming, passport, publishing
from ckanext.kagoshima.consolidation.api_views import kagoshima_rows
from ckanext.kagoshima.consolidation.model import MergeRun
from recommended_datasets.merged_columns import field_columns

__all__ = ["kagoshima_merged", "kagoshima_rows"]

kagoshima_merged = Blueprint("kagoshima_merged", __name__)
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
        },
    )


def _preview(dataset: str) -> dict[str, Any]:
    """A page of rows with the conditions of the form (words, publisher)."""
    arguments = {name: tk.request.args[name] for name in ("q", "municipality", "cursor") if tk.request.args.get(name)}
    asked = {"dataset": dataset, "limit": "20", "total": "true", **arguments}
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
    """The whole table as CSV, GeoJSON or Parquet."""
    if extension not in ("csv", "geojson", "parquet"):
        return tk.abort(404)
    return _download(dataset, f"{dataset}.{extension}")


@kagoshima_merged.route("/data/v1/<dataset>/<name>")
def beside(dataset: str, name: str) -> Response:
    """Rejected rows, duplicates, the manifest."""
    if name not in _FILES:
        return tk.abort(404)
    return _download(dataset, name)


def _download(dataset: str, name: str) -> Response:
    try:
        return downloads.whole_file(dataset, name)
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))


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
