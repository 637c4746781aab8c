"""Whole files at addresses that never change, with ETag and Range. In front of CKAN the web server serves the same files."""

from __future__ import annotations

import hashlib
import io
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from flask import Response, send_file

from ckanext.kagoshima.consolidation import publishing, snapshots, store
from ckanext.kagoshima.consolidation.model import MergeRun
from ckanext.kagoshima.consolidation.problems import Problem
from recommended_datasets.definition import Definition

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
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


def of_time(definition: Definition, extension: str, as_of: str, encoding: str = "") -> Response:
    """The whole table as it stood (`as_of`: a date or a time; "" for now), a CSV in UTF-8 or CP932 (`encoding`).

    :raises Problem: what is wrong, for the sender
    :raises tk.ObjectNotFound: nothing is merged yet
    """
    if encoding not in ("", "utf-8", "cp932") or (encoding == "cp932" and extension != "csv"):
        raise Problem("bad-value", name="encoding", value=encoding)
    name = f"{definition.id}.{extension}"
    if as_of:
        body = snapshots.whole(definition, extension, snapshots.moment(as_of))
    else:
        body = _public(definition.id, name)
    lost: dict[str, int] = {}
    mimetype = TYPES[extension]
    if encoding == "cp932":
        body, lost = as_cp932(body)
        mimetype = "text/csv; charset=shift_jis"
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Type"] = mimetype
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "X-Lost-Characters"
    if encoding == "cp932":
        response.headers["X-Lost-Characters"] = quote("".join(lost)[:200])
    response.set_etag(hashlib.sha256(body).hexdigest())
    return response.make_conditional(tk.request)  # type: ignore


def lost_in_cp932(definition: Definition) -> list[dict[str, Any]]:
    """The characters of the whole CSV that CP932 does not have, with how often each stands there."""
    _, lost = as_cp932(_public(definition.id, f"{definition.id}.csv"))
    return [{"character": one, "code_point": f"U+{ord(one):04X}", "count": lost[one]} for one in lost]


def as_cp932(utf8: bytes) -> tuple[bytes, dict[str, int]]:
    """The text in CP932 with 〓 for what it does not have, and those characters with their counts, by code point."""
    text = utf8.decode("utf-8-sig")
    lost: dict[str, int] = {}
    for letter in sorted(set(text)):
        try:
            letter.encode("cp932")
        except UnicodeEncodeError:
            lost[letter] = text.count(letter)
    return text.translate(dict.fromkeys(map(ord, lost), "〓")).encode("cp932"), lost


def _public(dataset: str, name: str) -> bytes:
    run = MergeRun.public(dataset)
    if run is None:
        raise tk.ObjectNotFound(tk._("Nothing is merged for %s yet.") % dataset)
    return store.read(f"{publishing.version_folder(dataset, run.id)}/{name}")


def _base64(hexadecimal: str) -> str:
    import base64

    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
