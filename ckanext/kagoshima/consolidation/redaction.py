"""What a purge takes out of the merged tables' history: values go, the place of the change stays (`redacted`)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

import sqlalchemy as sa
from ckan import model

from ckanext.kagoshima.consolidation import publishing, store
from ckanext.kagoshima.consolidation.model import MergeChange, MergeFile, MergeRun


def purge(sha256: str, datasets: Iterable[str]) -> int:
    """Take the values of rows that came from the file `sha256` out of the changes, and remove the older versions and parts
    that may still hold them. Called after the tables were merged without the file. Commits. Returns the changes redacted.
    """
    came = sa.or_(MergeChange.after["source_sha256"].astext == sha256, MergeChange.before["source_sha256"].astext == sha256)
    ids = [row_id for (row_id,) in model.Session.query(MergeChange.row_id).filter(came).distinct()]
    count = 0
    for start in range(0, len(ids), 10_000):
        found = model.Session.query(MergeChange).filter(MergeChange.row_id.in_(ids[start : start + 10_000]))
        nothing = {MergeChange.before: sa.null(), MergeChange.after: sa.null(), MergeChange.redacted: True}
        count += found.update(nothing, synchronize_session=False)
    model.Session.commit()
    for dataset in datasets:
        _remove_old_files(dataset)
    return count


def _remove_old_files(dataset: str) -> None:
    public = MergeRun.public(dataset)
    kept = public.id if public is not None else ""
    for (run_id,) in model.Session.query(MergeRun.id).filter(MergeRun.dataset == dataset, MergeRun.id != kept):
        store.remove_folder(publishing.version_folder(dataset, run_id))
    needed = {file.part for file in MergeFile.of_dataset(dataset)}
    root = store.folder()
    if root is None:
        for part in store.folders(f"parts/{dataset}", depth=4) - needed:
            store.remove_folder(part)
        return
    for part in (root / "parts" / dataset).glob("*/*"):
        if str(part.relative_to(root)) not in needed:
            shutil.rmtree(part, ignore_errors=True)
