"""The public side of a merged table: its CKAN dataset, made once, and its whole files, put together from parts.

Whole files are written as a version of their own (``versions/<dataset>/<run>/``) and become public together, by one link and
one database row; a reader of the old version is never cut off half-way.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import polars as pl
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import naming, parts, store
from ckanext.kagoshima.consolidation.model import MergeFile, MergeRun, now
from recommended_datasets import licence, outputs, outputs_csv, outputs_geojson, outputs_parquet
from recommended_datasets.definition import Definition

KEPT_VERSIONS = 3
"""Versions that stay after a new one is public, for readers who are still at it."""
_CHUNK = 1 << 20


def file_names(definition: Definition) -> dict[str, str]:
    """What → file name, of a table's whole files."""
    names = {"csv": f"{definition.id}.csv"}
    if outputs.point_columns(definition):
        names["geojson"] = f"{definition.id}.geojson"
    return {**names, "parquet": f"{definition.id}.parquet", "rejected": "rejected.csv", "duplicates": "duplicates.csv"}


def version_folder(dataset: str, run_id: str) -> str:
    return f"versions/{dataset}/{run_id}"


def publish(dataset: str) -> bool:
    """Make the whole files of the last run public. Idempotent; finishes what a run that died left undone. Commits.

    Returns whether there was anything to do.
    """
    run = MergeRun.last(dataset)
    if run is None:
        return False
    folder = version_folder(dataset, run.id)
    if run.published is not None and store.pointed(dataset) in (folder, None):
        return False
    definition = catalogue.load().standard(dataset)
    if run.published is None:
        run.manifest = write_files(definition, run)
    store.point(dataset, folder)
    run.published = run.published or now()
    model.Session.commit()
    ensure_dataset(dataset, run)
    _forget(dataset)
    return True


def write_files(definition: Definition, run: MergeRun) -> dict[str, Any]:
    """Write the whole files and the manifest of `run`; returns the manifest's ``files``."""
    files = [file for file in MergeFile.of_dataset(run.dataset) if file.part]
    locations = [file.part for file in files]
    rows = sum(file.accepted for file in files)
    if definition.safety or definition.change != "replace":
        # with the rows that are kept while it is asked whether the place is gone, and those of earlier periods
        rows = sum(parts.typed_frame(location, definition).height for location in locations)
    names = file_names(definition)
    counts = {"csv": rows, "geojson": rows, "parquet": rows, "rejected": run.rejected, "duplicates": run.duplicates}
    writers: dict[str, Callable[[Path], None]] = {
        "csv": lambda path: _join(path, outputs_csv.header(definition), locations, "rows.csv"),
        "geojson": lambda path: _geojson(path, locations),
        "parquet": lambda path: _parquet(path, definition, locations),
        "rejected": lambda path: _join(path, outputs_csv.dropped_header(), locations, "rejected.csv"),
        "duplicates": lambda path: _join(path, outputs_csv.dropped_header(), locations, "duplicates.csv"),
    }
    found: dict[str, Any] = {}
    for what, name in names.items():
        with store.writing(f"{version_folder(run.dataset, run.id)}/{name}") as path:
            writers[what](path)
            found[name] = {"rows": counts[what], "size": path.stat().st_size, "sha256": _sha256(path)}
    manifest = {
        "dataset": run.dataset,
        "run": run.id,
        "built": run.at.isoformat(),
        "rule_set": run.rule_set,
        "licence": run.licence,
        "balance": {name: getattr(run, name) for name in ("rows_in", "accepted", "rejected", "duplicates", "withheld")},
        "files": found,
        "sources": [
            {**file.source, "rows_in": file.rows_in, "accepted": file.accepted, "outcome": file.outcome}
            for file in MergeFile.of_dataset(run.dataset)
        ],
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    store.write(f"{version_folder(run.dataset, run.id)}/manifest.json", text.encode())
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def _join(target: Path, head: bytes, locations: Iterable[str], name: str, between: bytes = b"", tail: bytes = b"") -> None:
    """`head`, the files called `name` of all parts, `tail`; `between` stands between parts that are not empty."""
    with target.open("wb") as out:
        out.write(head)
        first = True
        for location in locations:
            with store.reading(f"{location}/{name}") as path, path.open("rb") as part:
                if not path.stat().st_size:
                    continue
                if not first:
                    out.write(between)
                first = False
                shutil.copyfileobj(part, out, _CHUNK)
        out.write(tail)


def _geojson(target: Path, locations: Iterable[str]) -> None:
    _join(target, outputs_geojson.HEAD, locations, "rows.geojson", outputs_geojson.SEPARATOR, outputs_geojson.TAIL)


def _parquet(target: Path, definition: Definition, locations: list[str]) -> None:
    root = store.folder()
    if not locations:
        empty = outputs.typed_frame(outputs.stored_frame([], definition), definition)
        outputs_parquet.write([outputs_parquet.with_geometry(empty, definition)], target, definition)
    elif root is not None:
        frames = pl.scan_parquet([root / location / "typed.parquet" for location in locations])
        outputs_parquet.write(frames, target, definition)
    else:
        from ckanext.kagoshima.consolidation import parts

        outputs_parquet.write((parts.typed_frame(location, definition) for location in locations), target, definition)


def _forget(dataset: str) -> None:
    """Take away versions and parts that nothing public needs any more."""
    query = model.Session.query(MergeRun).filter(MergeRun.dataset == dataset).order_by(MergeRun.number.desc())
    for old in query.offset(KEPT_VERSIONS).limit(KEPT_VERSIONS):
        store.remove_folder(version_folder(dataset, old.id))
    needed = {file.part for file in MergeFile.of_dataset(dataset)}
    root = store.folder()
    if root is None:
        return
    for part in (root / "parts" / dataset).glob("*/*"):
        age = now() - datetime.datetime.fromtimestamp(part.stat().st_mtime, datetime.timezone.utc)
        if str(part.relative_to(root)) not in needed and age > datetime.timedelta(hours=1):
            shutil.rmtree(part, ignore_errors=True)


def context() -> Any:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def ensure_dataset(dataset: str, run: MergeRun | None = None) -> None:
    """The CKAN dataset of a merged table: created once with links that never change; afterwards only what a run changes
    (licence, sizes, hashes) is written, and only if it differs."""
    definition = catalogue.load().standard(dataset)
    existing = model.Package.get(naming.package_id(dataset))
    if existing is None:
        tk.get_action("package_create")(context(), _description(definition, run))
    elif existing.state != model.State.ACTIVE:
        tk.get_action("package_update")(context(), _description(definition, run))
    elif run is not None:
        package = tk.get_action("package_show")(context(), {"id": existing.id})
        wanted = _description(definition, run)
        if _differs(package, wanted):
            tk.get_action("package_update")(context(), {**package, **_changing(wanted), "resources": _merged(package, wanted)})


def _changing(wanted: dict[str, Any]) -> dict[str, Any]:
    return {"license_id": wanted["license_id"]}


def _merged(package: dict[str, Any], wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The dataset's resources with what this run says of them; what staff wrote (titles, descriptions) stays."""
    new = {resource["id"]: resource for resource in wanted["resources"]}
    own = ("url", "hash", "size", "row_count", "modified")
    kept = [
        {**resource, **{key: new[resource["id"]][key] for key in own if key in new[resource["id"]]}}
        if resource["id"] in new
        else resource
        for resource in package["resources"]
    ]
    there = {resource["id"] for resource in kept}
    return kept + [resource for resource_id, resource in new.items() if resource_id not in there]


def _differs(package: dict[str, Any], wanted: dict[str, Any]) -> bool:
    if package.get("license_id") != wanted["license_id"]:
        return True
    hashes = {resource["id"]: resource.get("hash") for resource in package["resources"]}
    return any(hashes.get(resource["id"]) != resource.get("hash") for resource in wanted["resources"])


_TITLES = {
    "csv": ("統合データ（CSV）", "CSV", "text/csv"),
    "geojson": ("統合データ（GeoJSON）", "GeoJSON", "application/geo+json"),
    "parquet": ("統合データ（Parquet）", "Parquet", "application/vnd.apache.parquet"),
    "rejected": ("統合データに入らなかった行とその理由（CSV）", "CSV", "text/csv"),
    "duplicates": ("重複として除いた行（CSV）", "CSV", "text/csv"),
}


def _description(definition: Definition, run: MergeRun | None) -> dict[str, Any]:
    title = definition.title["ja"]
    manifest = (run.manifest or {}) if run is not None else {}
    stated = licence.recognise(run.licence) if run is not None else None
    resources: list[dict[str, Any]] = []
    for what, name in file_names(definition).items():
        label, format_, mimetype = _TITLES[what]
        entry = manifest.get(name) or {}
        resource: dict[str, Any] = {
            "id": naming.resource_id(definition.id, what),
            "name": label,
            "format": format_,
            "mimetype": mimetype,
            "url": naming.address(naming.file_path(definition.id, name)),
        }
        if entry and run is not None:
            resource |= {
                "hash": entry["sha256"],
                "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
                "size": entry["size"],
                "row_count": entry["rows"],
                "modified": run.at.date().isoformat(),
            }
        resources.append(resource)
    return {
        "id": naming.package_id(definition.id),
        "name": naming.merged_name(definition.id),
        "title": f"{title}（県内統合）",
        "owner_org": config.prefecture_code(),
        "municipality_code": config.prefecture_code(),
        "recommended_dataset": definition.id,
        "edition": definition.edition,
        "license_id": stated.id if stated else config.NOT_STATED,
        "notes": (
            f"県内の市町村などが公開する「{title}」を、標準の列に揃えて一つにまとめたものです。各行に出典（公開者、元のファイル、"
            "行番号）があります。読み取れなかった値は空欄ではなく「要確認（原文）」です。\n\n"
            f"“{definition.title.get('en', title)}” of all publishers in the prefecture as one table in the standard columns; "
            "each row names its source. A cell that could not be read says 要確認 and its original text, never blank.\n\n"
            f"[{tk.config['ckan.site_url'].rstrip('/')}/merged/{definition.id}]"
            f"({tk.config['ckan.site_url'].rstrip('/')}/merged/{definition.id})"
        ),
        "resources": resources,
    }
