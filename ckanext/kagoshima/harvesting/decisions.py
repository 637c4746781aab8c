"""What waits for a person, and what persons decided: held revisions and the append-only events."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from ckan import model

from ckanext.kagoshima.harvesting import guards
from ckanext.kagoshima.harvesting.examination import Examined
from ckanext.kagoshima.harvesting.model import Event, Held, SourceFile, now
from ckanext.kagoshima.harvesting.problems import Problem

QUARANTINE = "personal-data"


def record(
    kind: str,
    subject: str,
    *,
    actor: str = "",
    code: str = "",
    dataset: str | None = None,
    cause: str = "",
    reason: str = "",
    detail: Any = None,
) -> Event:
    """Append an event. `kind`: ``hold``, ``release``, ``reject``, ``withdraw``, ``licence``, ``mapping``, ``purge`` …
    The caller commits."""
    event = Event(
        actor=actor,
        kind=kind,
        subject=subject,
        municipality_code=code,
        dataset=dataset,
        cause=cause,
        reason=reason,
        detail=detail,
    )
    model.Session.add(event)
    return event


def hold(row: SourceFile, examined: Examined, reasons: list[Problem], *, dry: bool = False) -> str:
    """Hold a revision of a file, unless it was decided before: ``held``, ``released`` or ``rejected``."""
    content = examined.sha256 if examined.problem is not None else examined.semantic_hash
    cause = guards.cause(row.id, content, reasons)
    if dry:
        return _decided(cause) or "held"
    return _hold(row.source_id, row, cause, reasons, examined.sha256)


def chosen_route(resource_id: str) -> str | None:
    """The id of the file that a person chose among routes to the same rows; None where nobody did."""
    query = model.Session.query(Event.detail).filter(Event.kind == "route", Event.subject == resource_id)
    found = query.order_by(Event.id.desc()).first()
    return found[0]["file"] if found is not None else None


def hold_source(source_id: str, code: str, gone: list[str], problem: Problem, *, dry: bool = False) -> str:
    """Hold the vanishing of many files of a source: one decision for all of them."""
    cause = guards.cause(source_id, hashlib.sha256("\n".join(gone).encode()).hexdigest(), [problem])
    known = _decided(cause)
    if known:
        return known
    if not dry and _open(cause) is None:
        for older in model.Session.query(Held).filter(
            Held.source_id == source_id, Held.file_id.is_(None), Held.state == "open"
        ):
            older.state, older.decided = "superseded", now()
        reasons = [{**problem.as_dict(), "urls": gone}]
        _add(source_id, None, code, None, "", "", cause, reasons)
    return "held"


def quarantine(row: SourceFile, sha256: str, problem: Problem, *, dry: bool = False) -> None:
    """Note that a file holds personal data. Its places are kept, its values are not."""
    cause = guards.cause(row.id, sha256, [problem])
    if not dry and _open(cause) is None and _decided(cause) is None:
        supersede(row.id)
        _add(row.source_id, row.id, row.municipality_code, row.dataset, row.package_name, sha256, cause, [problem.as_dict()])


def released_personal(file_id: str, sha256: str) -> bool:
    """Whether an admin looked at exactly this content and released it."""
    return _decided(guards.cause(file_id, sha256, [Problem(QUARANTINE)])) == "released"


def was_purged(sha256: str) -> bool:
    """Whether somebody purged this content: it does not come back by the next harvest."""
    return model.Session.query(Event).filter(Event.kind == "purge", Event.subject == sha256).first() is not None


def supersede(file_id: str) -> None:
    """A later revision stands: what was held before it no longer needs a decision."""
    for held in model.Session.query(Held).filter(Held.file_id == file_id, Held.state == "open"):
        held.state, held.decided = "superseded", now()


def _hold(source_id: str, row: SourceFile, cause: str, reasons: list[Problem], sha256: str) -> str:
    known = _decided(cause)
    if known:
        return known
    if _open(cause) is None:
        supersede(row.id)
        plain = [reason.as_dict() for reason in reasons]
        _add(source_id, row.id, row.municipality_code, row.dataset, row.package_name, sha256, cause, plain)
    return "held"


def _add(
    source_id: str,
    file_id: str | None,
    code: str,
    dataset: str | None,
    package: str,
    sha256: str,
    cause: str,
    reasons: list[Any],
) -> None:
    held = Held(
        id=str(uuid.uuid4()),
        source_id=source_id,
        file_id=file_id,
        municipality_code=code,
        dataset=dataset,
        package_name=package,
        sha256=sha256,
        cause=cause,
        reasons=reasons,
    )
    model.Session.add(held)
    record("hold", file_id or source_id, code=code, dataset=dataset, cause=cause, detail={"held": held.id, "reasons": reasons})
    model.Session.flush()


def _open(cause: str) -> Held | None:
    return model.Session.query(Held).filter(Held.cause == cause, Held.state == "open").first()


def _decided(cause: str) -> str | None:
    """How the same cause was decided the last time."""
    query = model.Session.query(Held).filter(Held.cause == cause, Held.state.in_(("released", "rejected")))
    held = query.order_by(Held.decided.desc()).first()
    return held.state if held is not None else None
