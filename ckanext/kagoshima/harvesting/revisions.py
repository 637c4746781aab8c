"""What a file's bytes of today mean beside those of the last time: nothing, a new revision, one to hold, one to withhold."""

from __future__ import annotations

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.harvesting import archive, decisions, guards, missing, placing, readings
from ckanext.kagoshima.harvesting.client import Answer
from ckanext.kagoshima.harvesting.collected import Run
from ckanext.kagoshima.harvesting.entries import Entry, file_name
from ckanext.kagoshima.harvesting.examination import Examined, examine
from ckanext.kagoshima.harvesting.model import STALE, SourceFile, now
from ckanext.kagoshima.harvesting.problems import Problem


def failed(run: Run, row: SourceFile, problem: Problem) -> str:
    """Nothing usable came: what is public stays."""
    if row.problem != problem.as_dict():
        row.problem = problem.as_dict()
    if row.state in ("new", "dead-link"):
        row.state = "failing"
    run.collected.problems.append(problem)
    return "failing"


def same(run: Run, row: SourceFile, entry: Entry, answer: Answer, licence: str) -> str:
    """The bytes are those of last time: only what was left undone, or was stated anew, is to do.

    :raises archive.NotArchived: they are needed, and the storage lost them
    """
    if answer.sha256 and (answer.etag, answer.last_modified) != (row.etag, row.last_modified):
        row.etag, row.last_modified = answer.etag, answer.last_modified
    if row.state == "published":
        if row.problem is not None and row.problem["code"] != "recipe-question":
            row.problem = None
        lost = row.sha256 != row.published_sha256 and row.sha256 not in run.archived
        if lost or licence == row.licence and row.reading != STALE:
            return "unchanged"
        return judged(run, row, again(run, row, entry), licence)
    if row.state == "ready":
        run.collected.examined[row.id] = again(run, row, entry)
        return "ready"
    if row.state in ("alias", "conflict"):
        return route(run, row)
    if row.state in ("held", "rejected"):
        return judged(run, row, again(run, row, entry), licence)
    return row.state


def again(run: Run, row: SourceFile, entry: Entry) -> Examined:
    """Look at the archived bytes once more."""
    return examine(archive.read(row.sha256), entry, code=run.code, reading=run.reading)


def changed(run: Run, row: SourceFile, entry: Entry, answer: Answer, licence: str) -> str:
    """Other bytes than last time, or the first ones."""
    examined = examine(answer.body, entry, code=run.code, content_type=answer.content_type, reading=run.reading)
    if examined.personal and not decisions.released_personal(row.id, examined.sha256):
        return _withheld(run, row, entry, answer, examined)
    if decisions.was_purged(examined.sha256):
        row.sha256, row.state = examined.sha256, "quarantined"
        row.problem = Problem("purged", {"url": entry.url}).as_dict()
        return "quarantined"
    if not run.dry:
        archive.store(answer.body, url=entry.url, content_type=answer.content_type, headers=dict(answer.headers))
        run.archived.add(examined.sha256)
    else:
        run.collected.bodies[row.id] = answer.body
    row.last_seen = now()
    if row.sha256 != examined.sha256:
        row.last_changed = now()
    if examined.problem is not None and not row.published_sha256:
        row.sha256 = examined.sha256
        return failed(run, row, examined.problem)
    row.etag, row.last_modified, row.sha256 = answer.etag, answer.last_modified, examined.sha256
    row.semantic_hash, row.rule_set = examined.semantic_hash, catalogue.load().rule_set
    return judged(run, row, examined, licence)


def _withheld(run: Run, row: SourceFile, entry: Entry, answer: Answer, examined: Examined) -> str:
    """Personal data: neither the bytes nor any value is kept; the file is fetched again when somebody releases it."""
    row.etag, row.last_modified, row.sha256 = answer.etag, answer.last_modified, examined.sha256
    kinds = "、".join(sorted({str(found["kind"]) for found in examined.personal}))
    problem = Problem("personal-data", {"url": entry.url, "kinds": kinds, "places": list(examined.personal[:20])})
    row.problem, row.row_count = problem.as_dict(), row.row_count if row.published_sha256 else examined.row_count
    row.dataset = row.dataset or examined.dataset
    row.state = "quarantined"
    run.collected.problems.append(problem)
    decisions.quarantine(row, examined.sha256, problem, dry=run.dry)
    return "quarantined"


def judged(run: Run, row: SourceFile, examined: Examined, licence: str) -> str:
    """Publish, hold, or nothing to do: what has no last good version has nothing to be compared with."""
    row.semantic_hash = examined.semantic_hash
    run.collected.examined[row.id] = examined
    run.collected.problems += examined.questions
    if not row.published_sha256 or row.state == "withdrawn":
        return ready(row)
    unchanged = examined.semantic_hash == row.published_semantic and licence == row.licence
    if unchanged and row.reading == run.reading.mark and examined.problem is None:
        decisions.supersede(row.id)
        if row.state == "held" and not run.dry:
            missing.forget_held(row.id)  # the rows are back
        row.state, row.problem, row.last_good = "published", None, now()
        return "unchanged"
    reasons = [examined.problem] if examined.problem is not None else _compare(run, row, examined, licence)
    if not reasons:
        decisions.supersede(row.id)
        return ready(row)
    outcome = decisions.hold(row, examined, reasons, dry=run.dry)
    if outcome == "released":
        return ready(row)
    row.state, row.problem = outcome, reasons[0].as_dict()
    if outcome == "held" and not run.dry and examined.problem is None:
        missing.note(row, row.published_sha256, examined.sha256, held=True)
    run.collected.problems += reasons if outcome == "held" else []
    return outcome


def _compare(run: Run, row: SourceFile, examined: Examined, licence: str) -> list[Problem]:
    known = () if examined.mapped else tuple(row.header or ())  # a confirmed header has lost nothing unseen
    before = guards.Revision(row.url, row.dataset, row.row_count, known, row.licence)
    after = guards.Revision(
        row.url, examined.dataset, examined.row_count, examined.header, licence, examined.format, examined.ends_early
    )
    if examined.unfit:
        # With a new header everything else is a consequence: one question, with a proposal for its answer.
        body = run.collected.bodies.get(row.id) or archive.read(examined.sha256)
        dataset = row.dataset or (run.reading.mappings[0].dataset if run.reading.mappings else "")
        proposed = readings.proposal(body, file_name(row.url), dataset, run.code) if dataset else ""
        return [Problem("header-changed", {"url": row.url, "proposal": proposed})]
    volatile = bool(row.dataset) and catalogue.load().standard(row.dataset).volatile
    return guards.compare(before, after, run.thresholds, volatile=volatile)


def ready(row: SourceFile) -> str:
    row.state, row.problem = "ready", None
    return "ready"


def route(run: Run, row: SourceFile) -> str:
    """An alias or conflict whose own bytes are the same: did the authoritative one change, or go, or was it decided?"""
    state, authority = placing.routes(row)
    if state == "ready":
        return ready(row)
    problem = placing.beside(row, state, authority)
    if problem is not None:
        run.collected.problems.append(problem)
    return state
