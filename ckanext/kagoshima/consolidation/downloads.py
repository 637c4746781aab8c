"""Whole files at addresses that never change, with ETag and Range. In front of CKAN the web server serves the same files."""

from __future__ import annotations

import io
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, send_file

from ckanext.kagoshima.consolidation import publishing, store
from ckanext.kagoshima.consolidation.model import MergeRun

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


def whole_file(dataset: str, name: str) -> Response:
    """The file `name` of the public version.

    :raises tk.ObjectNotFound: there is none
    """
    run = MergeRun.public(dataset)
    if run is None:
        raise tk.ObjectNotFound(tk._("Nothing is merged for %s yet.") % dataset)
    location = f"{publishing.version_folder(dataset, run.id)}/{name}"
    entry: dict[str, Any] = (run.manifest or {}).get(name) or {}
    path = store.local_path(location)
    try:
        body: Any = path if path is not None else io.BytesIO(store.read(location))
    except store.Missing as error:
        raise tk.ObjectNotFound(tk._("There is no such file.")) from error
    response = send_file(
        body,
        mimetype=TYPES[name.rsplit(".", 1)[-1]],
        conditional=True,
        etag=entry.get("sha256") or run.id,
        last_modified=run.at,
        max_age=60,
        download_name=name,
    )
    response.headers["Access-Control-Allow-Origin"] = "*"
    if entry:
        response.headers["Repr-Digest"] = f"sha-256=:{_base64(entry['sha256'])}:"
    return response


def _base64(hexadecimal: str) -> str:
    import base64

    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
