"""Merging as one idempotent function for the queue, the command line, the actions and the harvester."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import balance, bundling, feed, loading, memory, publishing, run, sources
from ckanext.kagoshima.consolidation.model import MergeFile

log = logging.getLogger(__name__)
DEBOUNCE = datetime.timedelta(seconds=20)
"""How long a merge waits for further files after the first one changed."""


def consolidate(dataset_ids: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Bring the merged tables of `dataset_ids` (all that somebody publishes where None) up to date, with their public files.

    Only files whose bytes, rules, licence or decisions changed are read again. Safe with several workers and safe to repeat.
    Returns the balance of each (see `balance.of_dataset`). A table that fails keeps its last version and stops no other; the
    first such error is raised when the others are done.
    """
    found: list[dict[str, Any]] = []
    errors: list[Exception] = []
    for dataset in sources.datasets() if dataset_ids is None else list(dict.fromkeys(dataset_ids)):
        try:
            found.append(consolidate_table(dataset))
        except Exception as error:
            log.exception("The merged table %s stays as it was", dataset)
            model.Session.rollback()
            errors.append(error)
    if any(catalogue.load().standard(entry["dataset"]).safety and entry["run"] for entry in found):
        with sources.locked(bundling.NAME):
            bundling.build()
    if errors:
        raise errors[0]
    return found


def consolidate_table(dataset: str) -> dict[str, Any]:
    """The same of one table, without the disaster bundle."""
    memory.spare()
    with sources.locked(dataset), memory.seldom_collected():
        _consolidate(dataset)
    return balance.of_dataset(dataset)


def _consolidate(dataset: str) -> None:
    definition = catalogue.load().standard(dataset)
    if not sources.candidates(dataset) and not MergeFile.of_dataset(dataset):
        return
    publishing.ensure_dataset(dataset)
    if not loading.is_current(definition):
        loading.rebuild(definition, [file.part for file in MergeFile.of_dataset(dataset) if file.accepted])
        model.Session.commit()
    if run.merge(dataset) is not None:
        feed.forget(dataset, config.changes_retention())
        model.Session.commit()
    publishing.publish(dataset)


def consolidate_one(dataset: str) -> None:
    """The queue's form of `consolidate`."""
    consolidate([dataset])


def enqueue(dataset: str) -> None:
    """Ask for a merge soon: calls within `DEBOUNCE` are one job."""
    from rq.exceptions import NoSuchJobError
    from rq.job import Job

    queue: Any = tk.get_job_queue(config.QUEUE)
    job_id = f"kagoshima-merge-{tk.config['ckan.site_id']}-{dataset}"
    try:
        waiting = Job.fetch(job_id, connection=queue.connection)
        if waiting.get_status(refresh=True) in ("scheduled", "queued"):
            return
    except NoSuchJobError:
        pass
    queue.enqueue_in(DEBOUNCE, consolidate_one, dataset, job_id=job_id, job_timeout=3600)
