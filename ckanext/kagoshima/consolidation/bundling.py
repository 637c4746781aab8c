"""The disaster bundle from the merged tables of the safety datasets; the web server serves it when everything else is down."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import files

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import credits, parts, row_json, sources, store
from ckanext.kagoshima.consolidation.model import MergeFile
from recommended_datasets import bundle, outputs, outputs_csv, outputs_geojson
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import typed_columns

NAME = "bundle"


def build() -> dict[str, Any]:
    """Build the bundle anew where a safety dataset changed since; returns its folder, its files and whether it is new."""
    definitions = [d for d in (catalogue.load().standard(one) for one in sources.datasets()) if d.safety]
    of_table = {d.id: [file for file in MergeFile.of_dataset(d.id) if file.accepted] for d in definitions}
    mark = hashlib.sha256(
        json.dumps([[d, [file.part for file in found]] for d, found in sorted(of_table.items())]).encode()
        + b"".join(path.read_bytes() for path in sorted(bundle.ASSETS.iterdir()))
    ).hexdigest()[:16]
    folder = f"versions/{NAME}/{mark}"
    if store.pointed(NAME) == folder:
        return {"folder": folder, "new": False}
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9)))
    publishers, named = _publishers(definitions, of_table)
    built = bundle.files(
        publishers, built=now.strftime("%Y-%m-%d %H:%M"), editor=credits.editor(), credits=named
    )
    target = folder if store.folder() is not None else NAME
    for name, content in built.items():
        store.write(f"{target}/{name}", content)
    before = store.pointed(NAME)
    store.point(NAME, folder)
    root = store.folder()
    if root is not None:
        kept = {folder, before}
        for old in (root / "versions" / NAME).iterdir():
            if str(old.relative_to(root)) not in kept:
                store.remove_folder(str(old.relative_to(root)))
    return {"folder": folder, "new": True, "files": len(built), "bytes": sum(len(content) for content in built.values())}


def _publishers(
    definitions: Iterable[Definition], of_table: dict[str, list[MergeFile]]
) -> tuple[dict[str, tuple[str, list[bundle.Part]]], dict[str, str]]:
    found: dict[str, tuple[str, list[bundle.Part]]] = {bundle.WHOLE: (credits.editor(), [])}
    named: dict[str, str] = {}
    for definition in definitions:
        own = of_table[definition.id]
        if not own:
            continue
        found[bundle.WHOLE][1].append(_part(definition, own))
        for code in dict.fromkeys(file.publisher_code for file in own):
            theirs = [file for file in own if file.publisher_code == code]
            found.setdefault(code, (theirs[0].publisher_name or code, []))[1].append(_part(definition, theirs))
    for folder in found:
        credit = (
            credits.of_dataset(definition, None if folder == bundle.WHOLE else folder)
            for definition in definitions
            if of_table[definition.id]
        )
        named[folder] = " ".join(filter(None, (credits.text(one) for one in credit)))
    return found, named


def _part(definition: Definition, own: list[MergeFile]) -> bundle.Part:
    shown: list[dict[str, Any]] = []
    lines: list[bytes] = []
    features: list[bytes] = []
    for file in own:
        columns = typed_columns(definition)
        shown += row_json.all_shown(parts.typed_frame(file.part, definition).iter_rows(named=True), columns)
        lines.append(store.read(f"{file.part}/rows.csv"))
        features.append(store.read(f"{file.part}/rows.geojson"))
    geojson = outputs_geojson.HEAD + outputs_geojson.SEPARATOR.join(filter(None, features)) + outputs_geojson.TAIL
    return bundle.Part(
        definition,
        shown,
        outputs_csv.header(definition) + b"".join(lines),
        geojson if outputs.point_columns(definition) else b"{}",
        _reference_date(own),
    )


def _reference_date(own: list[MergeFile]) -> str:
    """The range of 基準日 that the sources state."""
    names = {file.source["dataset"] for file in own}
    packages = model.Session.query(model.Package).filter(model.Package.name.in_(names)).all()
    dates = sorted(filter(None, (package.extras.get("reference_date") for package in packages)))
    if not dates:
        return ""
    whole = dates[0] if dates[0] == dates[-1] else f"{dates[0]}〜{dates[-1]}"
    return whole if len(dates) == len(names) else f"{whole}（記載のある{len(dates)}/{len(names)}団体）"


def read(name: str) -> bytes:
    """A file of the bundle, for installations whose web server does not serve the folder.

    :raises tk.ObjectNotFound: there is none
    """
    try:
        return store.read(f"{store.pointed(NAME) or NAME}/{name}")
    except (store.Missing, files.exc.FilesError) as error:
        raise tk.ObjectNotFound(tk._("There is no such file.")) from error
