"""Pages and whole files of the merged tables."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response

from ckanext.kagoshima.checking import catalogue, judge
from ckanext.kagoshima.consolidation import downloads, naming, publishing
from ckanext.kagoshima.consolidation.api_views import kagoshima_rows
from ckanext.kagoshima.consolidation.model import MergeRun

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
        },
    )


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
