"""Purge: a content leaves every store. For what should never have been published; a withdrawal is enough for anything else."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import files, uploader

from ckanext.kagoshima.checking.model import StoredReport
from ckanext.kagoshima.consolidation import bundling, redaction, store
from ckanext.kagoshima.consolidation import jobs as consolidation
from ckanext.kagoshima.harvesting import archive, decisions
from ckanext.kagoshima.harvesting.model import ArchiveVisit, Held, MissingRow, SourceFile


def purge(sha256: str, actor: str, reason: str) -> dict[str, int]:
    """Remove the bytes `sha256` and all that was made of them. Returns counts by place.

    The resource that shows them leaves its dataset (its file, report and DataStore table with it), the merged tables are made
    anew without it, and the source's row is marked so that the same bytes are quarantined when they come again.
    """
    done = {"archive": 0, "resources": 0, "files": 0, "merged": 0}
    datasets: set[str] = set()
    resources = model.Session.query(model.Resource).filter(model.Resource.hash == sha256).all()
    for resource in resources:
        datasets |= _take_out(resource)
        done["resources"] += 1
    for row in model.Session.query(SourceFile).filter((SourceFile.sha256 == sha256) | (SourceFile.published_sha256 == sha256)):
        row.state, row.problem = "quarantined", {"code": "purged", "values": {"url": row.url}, "severity": "error"}
        row.sha256, row.etag, row.last_modified = sha256, "", ""
        row.published_sha256 = row.published_semantic = ""
        row.header = None
        done["files"] += 1
    for held in model.Session.query(Held).filter(Held.sha256 == sha256, Held.state == "open"):
        held.state = "superseded"
    model.Session.query(ArchiveVisit).filter(ArchiveVisit.sha256 == sha256).delete()
    model.Session.query(MissingRow).filter(MissingRow.sha256 == sha256).delete()
    done["archive"] = int(archive.remove(sha256))
    decisions.record("purge", sha256, actor=actor, reason=reason, detail=done)
    model.Session.commit()
    if datasets:
        consolidation.consolidate(sorted(datasets))
        done["merged"] = len(datasets)
        redaction.purge(sha256, datasets)
        _forget_bundles()
    return done


def _forget_bundles() -> None:
    """Take away every disaster bundle but today's, which was built without the content."""
    root = store.folder()
    if root is None:  # the bundle's files are replaced, never removed: one that is no longer made would stay
        store.remove_folder(bundling.NAME)
        bundling.build()
        return
    current = store.pointed(bundling.NAME)
    for old in (root / "versions" / bundling.NAME).glob("*"):
        if str(old.relative_to(root)) != current:
            store.remove_folder(str(old.relative_to(root)))


def _context() -> Any:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def _take_out(resource: Any) -> set[str]:
    package = tk.get_action("package_show")(_context(), {"id": resource.package_id})
    dataset = package.get("recommended_dataset")
    _delete_bytes(resource)
    if package["state"] == model.State.ACTIVE and resource.state == model.State.ACTIVE:
        kept = [one for one in package["resources"] if one["id"] != resource.id]
        if kept:
            tk.get_action("package_update")(_context(), {**package, "resources": kept})
        else:
            tk.get_action("package_delete")(_context(), {"id": package["id"]})
    try:
        tk.get_action("datastore_delete")(_context(), {"resource_id": resource.id, "force": True})
    except (tk.ObjectNotFound, KeyError):
        pass
    report = StoredReport.of(resource.id)
    if report is not None:
        model.Session.delete(report)
    model.Session.commit()
    return {dataset} if dataset else set()


def _delete_bytes(resource: Any) -> None:
    upload: Any = uploader.get_resource_uploader({"id": resource.id, "url": resource.url, "url_type": "upload"})
    storage = getattr(upload, "storage", None)
    path = upload.get_path(resource.id)
    try:
        if storage:
            storage.remove(files.FileData(path))
        else:
            import os

            os.remove(path)
    except (OSError, files.exc.MissingFileError):
        pass
