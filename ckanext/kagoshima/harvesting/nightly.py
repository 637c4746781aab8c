"""A round over the sources: in a fair order, each to its end, then the merged tables."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima import config
from ckanext.kagoshima.consolidation import jobs as consolidation
from ckanext.kagoshima.harvesting import collecting, prechecking, retention, running, sources, telling
from ckanext.kagoshima.harvesting.client import Client, FetchError
from ckanext.kagoshima.harvesting.connecting import new_client
from ckanext.kagoshima.harvesting.examination import Examined
from ckanext.kagoshima.harvesting.model import SourceFile, SourceState, now
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.sources import Declared
from recommended_datasets.mapping import MappingError

log = logging.getLogger(__name__)


def chosen(municipality_code: str = "", *, due: bool = False) -> list[str]:
    """Ids of the sources to visit. Authoritative routes first; within a priority each publisher gets one turn after
    another, so that one with a hundred sources does not keep the others waiting."""
    found = sources.active(municipality_code)
    if due:
        moment = now()
        waiting = {
            state.source_id
            for state in model.Session.query(SourceState).filter(
                SourceState.next_run.isnot(None), SourceState.next_run > moment
            )
        }
        found = [source for source in found if source.id not in waiting]
    by_priority: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for source in found:
        declared = Declared.of(source)
        by_priority[declared.priority][declared.municipality_code].append(source.id)
    turns: list[str] = []
    for _priority, by_publisher in sorted(by_priority.items()):
        for turn in zip_longest(*by_publisher.values()):
            turns += [identifier for identifier in turn if identifier is not None]
    return turns


def run(source_ids: list[str], client: Client | None = None) -> Iterator[running.Result]:
    """Harvest each source; a result as soon as it is there."""
    client = client or new_client()
    for source_id, result in prechecking.unchanged(source_ids, client):
        if result is not None:
            yield result
            continue
        source = HarvestSource.get(source_id)
        if source is None or not source.active:
            continue
        yield running.harvest(source, client)
        model.Session.remove()


def _report(file_id: str, examined: Examined) -> dict[str, Any]:
    """The check of one file of a preview, in numbers."""
    row = model.Session.get(SourceFile, file_id)
    found: dict[str, Any] = {"url": row.url if row is not None else "", "dataset": examined.dataset, "format": examined.format}
    report = examined.report
    if report is None:
        return {**found, "status": "none", "rows": None, "errors": 0, "warnings": 0, "issues": {}}
    severity = {issue.code: issue.severity for issue in report.issues}
    counts = Counter({kind: 0 for kind in ("error", "warning")})
    for code, number in report.issue_counts.items():
        counts[severity.get(code, "info")] += number
    said = {"status": report.status, "rows": report.row_count, "issues": dict(report.issue_counts)}
    return {**found, **said, "errors": counts["error"], "warnings": counts["warning"]}


def harvest_one(source_id: str) -> None:
    """The queue's form of `run`: one source, then the merged tables and the mails."""
    for result in run([source_id]):
        if result.changed:
            merge()
    tell()


def enqueue(source_id: str) -> str:
    """Harvest the source soon, by a worker; the id of the job."""
    job: Any = tk.enqueue_job(
        harvest_one, [source_id], title=f"harvest {source_id}", queue=config.QUEUE, rq_kwargs={"timeout": 7200}
    )
    return str(job.id)


def preview(source_ids: list[str]) -> Iterator[running.Result]:
    """What `run` would do, without a trace: no row, no file, no lease."""
    client = new_client()
    for source_id in source_ids:
        source = HarvestSource.get(source_id)
        if source is not None:
            yield preview_source(source.id, Declared.of(source), client)
            model.Session.remove()


def preview_declared(declared: Sequence[Declared]) -> Iterator[running.Result]:
    """The same of sources that need not be registered. Whoever names them at this machine's command line may name a server on
    its loopback."""
    client = new_client(named=[one.url for one in declared])
    for one in declared:
        known = sources.find(one)
        yield preview_source(known.id if known is not None else f"preview-{uuid.uuid4()}", one, client)
        model.Session.remove()


def preview_source(source_id: str, declared: Declared, client: Any = None) -> running.Result:
    """What a harvest of `declared` would create, update and hold. The source need not be in the catalogue."""
    result = running.Result(source_id, declared.municipality_code, declared.url)
    try:
        collected = collecting.collect(source_id, declared, client or new_client(), dry=True)
        result.kind, result.counts, result.problems = collected.kind, collected.counts, collected.problems
        result.reports = [_report(file_id, examined) for file_id, examined in collected.examined.items()]
        for name in collected.ready:
            package = model.Package.get(name)
            exists = package is not None and package.state == model.State.ACTIVE
            result.datasets[name] = "updated" if exists else "created"
        result.state = "changed" if collected.ready else "unchanged"
    except FetchError as error:
        result.problems.append(Problem(error.code, error.values))
        result.state = "failing"
    except MappingError as error:
        result.problems.append(Problem("mapping-wrong", {"url": declared.url, "detail": str(error)}))
        result.state = "failing"
    except Exception as error:
        log.error("preview of %s failed: %s", declared.url, traceback.format_exc())
        result.problems.append(Problem("unexpected", {"detail": type(error).__name__}))
        result.state = "failing"
    finally:
        model.Session.rollback()  # not removed: a page goes on with its user
    return result


def merge() -> dict[str, Any]:
    """Bring the merged tables up to date; the balance of each by dataset."""
    return {balance["dataset"]: balance for balance in consolidation.consolidate()}


def tidy() -> int:
    """Take out of the archive what is past its retention; files that cannot be removed stop nothing."""
    return _stopping_nothing("the archive could not be pruned", retention.prune)


def tell() -> int:
    """Send the mails that somebody has to act on; a mail server that does not answer stops nothing."""
    return _stopping_nothing("mails could not be sent", telling.after_round)


def _stopping_nothing(failed: str, step: Callable[[], int]) -> int:
    try:
        return step()
    except Exception:
        log.error("%s: %s", failed, traceback.format_exc())
        model.Session.rollback()
        return 0
