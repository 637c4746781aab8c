"""The harvest of one source from lease to report: one idempotent function for the command line, the queue and the page."""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestObjectError, HarvestSource
from ckanext.kagoshima.harvesting import archive, collecting, frequencies, lease, missing, placing, publishing, readings
from ckanext.kagoshima.harvesting.client import Client, FetchError
from ckanext.kagoshima.harvesting.collected import Collected
from ckanext.kagoshima.harvesting.connecting import new_client
from ckanext.kagoshima.harvesting.entries import Entry
from ckanext.kagoshima.harvesting.examination import Examined, examine
from ckanext.kagoshima.harvesting.model import SourceFile, SourceState, now
from ckanext.kagoshima.harvesting.placing import identity_of, routes
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.sources import Declared, state_of
from recommended_datasets.mapping import MappingError

log = logging.getLogger(__name__)

IMPORT_SECONDS = 3600
"""Datasets that could not be written in this time wait, collected, for the next run."""


@dataclass
class Result:
    """What one run of a source did. `datasets`: name → ``created``, ``updated`` or ``unchanged``, of those that were
    to be written."""

    source: str
    municipality_code: str
    url: str
    kind: str = ""
    state: str = ""
    datasets: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    """Of a preview: each file's check in numbers."""

    @property
    def changed(self) -> int:
        return sum(1 for outcome in self.datasets.values() if outcome in ("created", "updated"))


def harvest(source: HarvestSource, client: Client | None = None, *, owner: str = "") -> Result:
    """Collect a source and publish what changed. Never raises for what a source or a server does; ``busy`` while
    another worker has it."""
    declared = Declared.of(source)
    result = Result(source.id, declared.municipality_code, declared.url)
    owner = owner or lease.new_owner()
    state = state_of(source)
    if not lease.acquire(source.id, owner):
        result.state = "busy"
        return result
    _bury(state)
    try:
        with lease.Heartbeat(source.id, owner) as heartbeat:
            _harvest(source, declared, client or new_client(), result, heartbeat)
    except MappingError as error:
        model.Session.rollback()
        result.problems.append(Problem("mapping-wrong", {"url": declared.url, "detail": str(error)}))
        finish(source.id, declared, result, failed=True)
    except FetchError as error:
        model.Session.rollback()
        result.problems.append(Problem(error.code, error.values))
        finish(source.id, declared, result, failed=True)
    except Exception as error:  # one bad source never blocks the others
        log.error("harvest of %s failed: %s", declared.url, traceback.format_exc())
        model.Session.rollback()
        result.problems.append(Problem("unexpected", {"detail": type(error).__name__}))
        finish(source.id, declared, result, failed=True)
    finally:
        lease.release(source.id, owner)
    return result


def _harvest(source: HarvestSource, declared: Declared, client: Client, result: Result, heartbeat: lease.Heartbeat) -> None:
    if model.Group.get(declared.municipality_code) is None:
        raise FetchError("organization-missing", code=declared.municipality_code)

    def beat() -> None:
        if heartbeat.lost:
            raise FetchError("lease-lost", url=declared.url)

    collected = collecting.collect(source.id, declared, client, beat=beat)
    result.kind, result.counts, result.problems = collected.kind, collected.counts, collected.problems
    if collected.ready:
        job = _begin_job(source)
        until = time.monotonic() + IMPORT_SECONDS
        for number, (name, file_ids) in enumerate(collected.ready.items()):
            beat()
            if time.monotonic() > until:
                values = {"url": declared.url, "left": len(collected.ready) - number}
                result.problems.append(Problem("out-of-time", values))
                break
            _import(job, declared, name, file_ids, collected, result)
        _end_job(job, result)
    finish(source.id, declared, result, failed=False)


def _import(job: HarvestJob, declared: Declared, name: str, file_ids: list[str], collected: Collected, result: Result) -> None:
    found = HarvestObject(guid=name, job=job, source=job.source, state="IMPORT", import_started=utc())
    found.add()
    model.Session.commit()
    try:
        outcome = publish_ready(declared.municipality_code, file_ids, collected)
        result.datasets[name] = outcome
        tie(found, current=outcome != "unchanged")
        found.state, found.report_status = "COMPLETE", {"created": "added", "updated": "updated"}.get(outcome, "not modified")
    except tk.ValidationError as error:
        model.Session.rollback()
        problem = Problem("catalogue-refused", {"url": name, "detail": str(error.error_summary)[:300]})
        result.problems.append(problem)
        result.datasets[name] = "failed"
        found = model.Session.merge(found)
        found.state, found.report_status = "ERROR", "errored"
        model.Session.add(HarvestObjectError(message=str(problem.values["detail"]), stage="Import", object=found))
    found.import_finished = utc()
    model.Session.commit()


def tie(found: HarvestObject, *, current: bool) -> None:
    """Tie an object to its dataset; a `current` one is the only one of its source, for ckanext-harvest counts datasets so."""
    package = model.Package.get(found.guid)
    if package is None:
        return
    if current:
        same = (HarvestObject.guid == found.guid, HarvestObject.harvest_source_id == found.harvest_source_id)
        others = model.Session.query(HarvestObject).filter(*same, HarvestObject.id != found.id)
        others.filter(HarvestObject.current.is_(True)).update({"current": False})
    found.package_id, found.current = package.id, current


def publish_ready(code: str, file_ids: list[str], collected: Collected | None = None) -> str:
    """Publish the files of one dataset that wait for it. Which of two routes is public is decided here, once more,
    under the lock."""
    rows = [row for row in (model.Session.get(SourceFile, file_id) for file_id in file_ids) if row is not None]
    if not rows:
        return "unchanged"
    with publishing.locked(rows[0].package_name):
        return _publish(code, [row for row in rows if _is_authority(row)], collected)


def _is_authority(row: SourceFile) -> bool:
    """Whether the file still waits and is still the route that counts: another worker may have brought a better one."""
    model.Session.refresh(row)
    if row.state != "ready":
        return False
    state, authority = routes(row)
    if state != "ready":
        placing.beside(row, state, authority)
        model.Session.commit()
    return state == "ready"


def _publish(code: str, rows: list[SourceFile], collected: Collected | None) -> str:
    publications: list[publishing.Publication] = []
    published: list[tuple[SourceFile, Examined, str]] = []
    for row in rows:
        entry = Entry(**row.entry)
        examined = collected.examined.get(row.id) if collected is not None else None
        body = archive.read(row.sha256)
        settings = _declared(row.source_id)
        if examined is None:
            examined = examine(body, entry, code=code, reading=readings.of_source(row.source_id, settings))
        licence = publishing.licence_of(settings.licence or entry.licence)
        changed = bool(row.published_sha256) and bool(row.licence) and row.licence != licence
        identity = identity_of(row) if row.dataset or examined.dataset is None else None
        if identity is None or identity.dataset != examined.dataset:
            identity = _with_dataset(row, examined)
        reread = bool(row.published_sha256) and row.reading != examined.reading
        publications.append(publishing.Publication(identity, entry, examined, body, licence, changed, reread))
        published.append((row, examined, licence))
    if not publications:
        return "unchanged"
    outcome = publishing.publish(code, publications)
    for row, examined, licence in published:
        missing.note(row, row.published_sha256, examined.sha256)
        _published(row, examined, licence)
    model.Session.commit()
    return outcome


def _with_dataset(row: SourceFile, examined: Examined) -> Any:
    identity = identity_of(row)
    return type(identity)(identity.name, identity.key, examined.dataset, identity.part, identity.period, identity.title)


def _published(row: SourceFile, examined: Examined, licence: str) -> None:
    row.state, row.authority = "published", None
    row.problem = examined.questions[0].as_dict() if examined.questions else None
    row.published_sha256, row.published_semantic = examined.sha256, examined.semantic_hash
    row.semantic_hash, row.licence, row.reading = examined.semantic_hash, licence, examined.reading
    row.dataset, row.edition = examined.dataset, examined.edition
    row.header, row.row_count = list(examined.header), examined.row_count
    row.last_good = now()
    for other in model.Session.query(SourceFile).filter(
        SourceFile.resource_id == row.resource_id,
        SourceFile.id != row.id,
        SourceFile.state.in_(("published", "ready", "alias", "conflict")),
    ):
        state, authority = routes(other)
        if state != "ready" or other.source_id == row.source_id:
            placing.beside(other, state if state != "ready" else "moved", authority or row.id)


def _declared(source_id: str) -> Declared:
    return Declared.of(HarvestSource.get(source_id))


def _begin_job(source: HarvestSource) -> HarvestJob:
    job = HarvestJob(source=source, status="Running", gather_started=utc(), gather_finished=utc())
    job.add()
    state = state_of(source)
    model.Session.flush()
    state.job_id = job.id
    model.Session.commit()
    return job


def _end_job(job: HarvestJob, result: Result) -> None:
    job = model.Session.merge(job)
    job.status, job.finished = "Finished", utc()
    state = model.Session.get(SourceState, result.source)
    if state is not None:
        state.job_id = None
    model.Session.commit()


def _bury(state: SourceState) -> None:
    """End the job of a run that was killed: its files are still marked and are published by this one."""
    if not state.job_id:
        return
    job = HarvestJob.get(state.job_id)
    if job is not None and job.status != "Finished":
        job.status, job.finished = "Finished", utc()
        for found in job.objects:
            if found.state not in ("COMPLETE", "ERROR"):
                found.state, found.report_status = "ERROR", "errored"
    state.job_id = None
    model.Session.commit()


def finish(source_id: str, declared: Declared, result: Result, *, failed: bool) -> None:
    """Note how a run of the source ended and when it is due again. Commits."""
    state = model.Session.get(SourceState, source_id)
    if state is None:
        return
    moment = now()
    state.last_tried = moment
    state.kind = result.kind or state.kind
    state.summary = {"files": result.counts, "datasets": result.datasets}
    errors = [problem for problem in result.problems if problem.severity == "error"]
    state.problem = errors[0].as_dict() if errors else None
    if failed:
        state.failures += 1
        state.state = "failing"
    else:
        state.failures = 0
        state.last_good = moment
        if result.changed or state.last_changed is None:
            state.last_changed = moment
        state.state = _state(result)
    result.state = state.state
    unchanged_days = (moment - (state.last_changed or moment)) / timedelta(days=1)
    state.next_run = moment + frequencies.next_interval(declared.frequency, unchanged_days, state.failures)
    model.Session.commit()


def _state(result: Result) -> str:
    for outcome in ("quarantined", "held", "failing"):
        if result.counts.get(outcome):
            return outcome
    if any(problem.code == "mass-delete" for problem in result.problems):
        return "held"
    if any(problem.code == "conflict" for problem in result.problems):
        return "conflict"
    return "changed" if result.changed else "unchanged"


def utc() -> Any:
    """ckanext-harvest keeps times without a zone, in UTC."""
    return now().replace(tzinfo=None)
