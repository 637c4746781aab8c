"""Files that their source no longer names: moved, gone for a while, gone for good, or all gone at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import decisions, guards, problems, publishing
from ckanext.kagoshima.harvesting.model import Event, SourceFile, now
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.sources import Declared


def settle(
    source_id: str, declared: Declared, rows: list[SourceFile], seen: set[str], known: set[str], *, dry: bool = False
) -> list[Problem]:
    """Note what of `rows` was not `seen` in this run, and withdraw what has been gone for longer than the grace time.

    `known`: ids of the files that counted before this run. When most of them vanish at once nothing is withdrawn
    before a person has decided.
    """
    gone = [row for row in rows if row.id in known and row.id not in seen]
    present = [row for row in rows if row.id in seen]
    gone = [row for row in gone if not _has_moved(row, present)]
    found: list[Problem] = []
    mass = guards.mass_delete(len(known), len(gone)) or bool(gone and not seen)
    for row in gone:
        if row.missing_since is None:
            row.missing_since = now()
    if mass:
        problem = Problem("mass-delete", {"url": declared.url, "count": len(known), "gone": len(gone)})
        outcome = decisions.hold_source(
            source_id, declared.municipality_code, sorted(row.url for row in gone), problem, dry=dry
        )
        if outcome == "held":
            return [problem]
        if outcome == "rejected":
            return []
    days = config.harvest("grace_days")
    for row in gone:
        row.state = "missing"
        over = mass or row.missing_since <= now() - timedelta(days=days)
        since = row.missing_since.date().isoformat()
        if over and row.published_sha256:
            if not dry:
                withdraw(row, "released" if mass else "grace-over")
        else:
            found.append(Problem("vanished", {"url": row.url, "since": since, "days": days}, "info"))
    return found


def withdraw(row: SourceFile, cause: str, actor: str = "", reason: str = "") -> None:
    """End the publication of a file. Nothing is purged: it comes back when its source names it again."""
    publishing.withdraw(row.package_name, [row.resource_id])
    row.state = "withdrawn"
    since = (row.missing_since or now()).date().isoformat()
    detail = {"resource": row.resource_id, "url": row.url, "since": since}
    code, dataset = row.municipality_code, row.dataset
    decisions.record("withdraw", row.id, actor=actor, code=code, dataset=dataset, cause=cause, reason=reason, detail=detail)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`resource`: its id; `why`: that the file is gone and since when, in Japanese and English, for the public."""

    resource: str
    at: datetime
    why: str


def withdrawals(resources: Iterable[str]) -> list[Withdrawal]:
    """When and why resources were withdrawn, the oldest first."""
    resource = Event.detail["resource"].astext
    query = model.Session.query(Event.at, Event.detail).filter(Event.kind == "withdraw", resource.in_(list(resources)))
    return [
        Withdrawal(detail["resource"], at, problems.both(Problem("withdrawn", detail)))
        for at, detail in query.order_by(Event.id)
    ]


def moved_from(row: SourceFile, rows: Iterable[SourceFile]) -> SourceFile | None:
    """The vanished file of the same source whose bytes are now at `row`'s address."""
    if row.published_sha256:
        return None
    return next(
        (other for other in rows if other is not row and other.missing_since is not None and _same_content(other, row)), None
    )


def _has_moved(gone: SourceFile, present: list[SourceFile]) -> bool:
    if any(_same_content(gone, row) for row in present if not row.published_sha256):
        if gone.missing_since is None:
            gone.missing_since = now()
        return True
    return False


def _same_content(gone: SourceFile, row: SourceFile) -> bool:
    return bool(gone.published_sha256) and gone.published_sha256 == row.sha256
