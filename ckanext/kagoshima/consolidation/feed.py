"""The changes of a merged table, in the order they happened: pages of a cursor without gaps, and the table at a past time.

The sequence number of a change is the cursor. Runs of one table never overlap (`sources.locked`), so numbers within a table
become visible in their order.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import naming
from ckanext.kagoshima.consolidation.model import MergeChange, MergeRun, now
from ckanext.kagoshima.consolidation.problems import Problem
from ckanext.kagoshima.harvesting import vanishing
from recommended_datasets.merged_columns import stored_columns

MOST = 1000
USUAL = 200


@dataclass(frozen=True)
class Request:
    """`since`: changes after this sequence number, or at and after this time. `publisher`: of one municipality."""

    dataset: str
    since: int = 0
    since_time: datetime.datetime | None = None
    publisher: str = ""
    limit: int = USUAL
    provenance: bool = True


def request(dataset: str, arguments: dict[str, str]) -> Request:
    """
    :raises Problem: what is wrong, for the sender
    """
    for name in arguments:
        if name not in ("since", "cursor", "municipality", "limit", "lang"):
            raise Problem("unknown-parameter", name=name, known="since, cursor, municipality, limit")
    limit = arguments.get("limit", str(USUAL))
    if not (limit.isascii() and limit.isdigit()) or not 1 <= int(limit[:9]) <= MOST:
        raise Problem("bad-limit", value=limit, most=MOST)
    since, since_time = 0, None
    text = arguments.get("cursor", arguments.get("since", ""))
    if text.isascii() and text.isdigit() and len(text) < 19:
        since = int(text)
        if len(text) == 8 and "cursor" not in arguments and text[:2] in ("19", "20"):
            since, since_time = 0, time_of("since", text)
    elif "cursor" in arguments:
        raise Problem("bad-cursor")
    elif "since" in arguments:
        since_time = time_of("since", text)
    found = Request(dataset, since, since_time, arguments.get("municipality", ""), int(limit))
    within_retention(found)
    return found


def time_of(name: str, text: str) -> datetime.datetime:
    """A date (its beginning) or a time, in Japan where it names no zone.

    :raises Problem: it is neither
    """
    try:
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError as error:
        raise Problem("bad-value", name=name, value=text) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
    return found


def within_retention(asked: Request) -> None:
    """
    :raises Problem: changes after what was asked for are not kept any more
    """
    mine = MergeChange.dataset == asked.dataset
    first = model.Session.query(MergeChange).filter(mine).order_by(MergeChange.seq).first()
    if first is None or not _forgotten(asked.dataset, first):
        return
    if asked.since_time is not None:
        gone = asked.since_time < first.at
    else:
        gone = asked.since < first.seq - 1
    if gone:
        raise Problem("gone", start=naming.address(naming.file_path(asked.dataset, f"{asked.dataset}.csv")))


def _forgotten(dataset: str, first: MergeChange) -> bool:
    """Were there changes before the first that is kept?"""
    told = MergeRun.added + MergeRun.removed + MergeRun.changed > 0
    query = model.Session.query(MergeRun.id).filter(MergeRun.dataset == dataset, told).order_by(MergeRun.number)
    oldest = query.first()
    return oldest is not None and oldest[0] != first.run_id


def forget(dataset: str, days: int) -> int:
    """Take away the changes older than `days` (0: none); those of the last run stay. The caller commits. Returns how many."""
    last = MergeRun.last(dataset)
    if not days or last is None:
        return 0
    query = model.Session.query(MergeChange).filter(
        MergeChange.dataset == dataset,
        MergeChange.at < now() - datetime.timedelta(days=days),
        MergeChange.run_id != last.id,
    )
    return query.delete(synchronize_session=False)


def page(asked: Request) -> dict[str, Any]:
    """``changes`` (added, removed, changed; with a ``reason`` where the file was withdrawn), ``provenance`` (quiet updates
    that keep a copy exact), ``next_cursor`` (always there: where to go on, now or later) and ``more``."""
    query = model.Session.query(MergeChange).filter(MergeChange.dataset == asked.dataset)
    if asked.publisher:
        query = query.filter(MergeChange.publisher_code == asked.publisher)
    if asked.since_time is not None:
        query = query.filter(MergeChange.at >= asked.since_time)
    else:
        query = query.filter(MergeChange.seq > asked.since)
    found = query.order_by(MergeChange.seq).limit(asked.limit + 1).all()
    more, found = len(found) > asked.limit, found[: asked.limit]
    why = _withdrawn(asked.dataset, found)
    entries = [{**entry(change), **({"reason": why[change.seq]} if change.seq in why else {})} for change in found]
    if found:
        last = found[-1].seq
    elif asked.since_time is not None:
        last = model.Session.query(sa.func.max(MergeChange.seq)).filter(MergeChange.dataset == asked.dataset).scalar() or 0
    else:
        last = asked.since
    return {
        "dataset": asked.dataset,
        "changes": [one for one in entries if one["kind"] != "provenance"],
        "provenance": [one for one in entries if one["kind"] == "provenance"],
        "next_cursor": str(last),
        "more": more,
    }


def _withdrawn(dataset: str, changes: list[MergeChange]) -> dict[int, str]:
    """Why rows left with their whole file, by the sequence numbers of those changes: the first run after a withdrawal took
    them out."""
    removed = [one for one in changes if one.kind == "removed" and one.cause == "source" and one.before]
    found: dict[int, str] = {}
    for withdrawal in vanishing.withdrawals({one.before.get("source_resource", "") for one in removed}) if removed else ():
        after = model.Session.query(MergeRun.id).filter(MergeRun.dataset == dataset, MergeRun.at >= withdrawal.at)
        run = after.order_by(MergeRun.number).limit(1).scalar()
        for one in removed:
            if one.run_id == run and one.before.get("source_resource") == withdrawal.resource:
                found[one.seq] = withdrawal.why
    return found


@lru_cache(maxsize=64)
def _blank(dataset: str, rule_set: str) -> dict[str, str]:
    return {column.id: "" for column in stored_columns(catalogue.load().standard(dataset))}


def entry(change: MergeChange) -> dict[str, Any]:
    """A change as JSON. Blank cells of an added row are not stored; here they are."""
    after = change.after
    if change.kind == "added" and after is not None:
        after = {**_blank(change.dataset, catalogue.load().rule_set), **after}
    return {
        "seq": change.seq,
        "at": change.at.isoformat(),
        "kind": change.kind,
        "cause": change.cause,
        "run": change.run_id,
        "municipality_code": change.publisher_code,
        "row_id": change.row_id,
        "before": change.before,
        "after": after,
        **({"redacted": True} if change.redacted else {}),
    }


def of_row(row_id: str) -> list[MergeChange]:
    """What happened to one row, the oldest first."""
    return model.Session.query(MergeChange).filter(MergeChange.row_id == row_id).order_by(MergeChange.seq).all()


def start_of_newest(dataset: str, publisher: str, count: int = 100) -> int:
    """The cursor after which the newest `count` changes stand."""
    query = model.Session.query(MergeChange.seq).filter(MergeChange.dataset == dataset, MergeChange.kind != "provenance")
    if publisher:
        query = query.filter(MergeChange.publisher_code == publisher)
    found = query.order_by(MergeChange.seq.desc()).limit(count).all()
    return found[-1][0] - 1 if found else 0
