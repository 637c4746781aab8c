"""Sources, files and events as plain data: for the API, the pages and the mails."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import deciding, problems
from ckanext.kagoshima.harvesting.model import Event, Held, SourceFile, SourceState
from ckanext.kagoshima.harvesting.problems import Problem
from ckanext.kagoshima.harvesting.sources import TYPE, Declared
from recommended_datasets import municipality

STATES = {
    "new": ("まだ収集していません", "not harvested yet"),
    "unchanged": ("変更なし", "unchanged"),
    "changed": ("更新しました", "updated"),
    "held": ("確認待ちがあります", "something waits for a decision"),
    "quarantined": ("個人情報の疑いで非公開のファイルがあります", "a file is withheld: it may hold personal data"),
    "failing": ("取得できないファイルがあります", "a file or the source cannot be fetched"),
    "conflict": ("別の経路と内容が違うファイルがあります", "a file differs from another route"),
}


FILE_STATES = {
    "new": ("まだ公開していません", "not public yet"),
    "ready": ("公開を待っています", "about to be public"),
    "published": ("公開中", "public"),
    "held": ("保留（前の版を公開中）", "held; the last good version is public"),
    "rejected": ("却下（前の版を公開中）", "rejected; the last good version is public"),
    "quarantined": ("個人情報の疑いで非公開", "withheld: it may hold personal data"),
    "failing": ("取得できません", "cannot be fetched"),
    "dead-link": ("リンク切れ", "dead link"),
    "alias": ("別の経路と同じ内容（統合しません）", "the same rows by another route, not merged"),
    "conflict": ("別の経路と内容が違います（統合しません）", "differs from another route, not merged"),
    "missing": ("一覧からなくなりました（公開中）", "no longer named; still public"),
    "moved": ("別のアドレスへ移りました", "moved to another address"),
    "withdrawn": ("公開を終えました", "withdrawn"),
}
EVENTS = {
    "hold": ("保留", "held"),
    "release": ("公開を決定", "released"),
    "reject": ("却下を決定", "rejected"),
    "confirm": ("なくなったことを確認", "confirmed gone"),
    "withdraw": ("公開終了", "withdrawn"),
    "mapping": ("列の対応を確認", "mapping confirmed"),
    "recipe": ("修正を採用", "repairs accepted"),
    "route": ("正とする経路を決定", "route chosen"),
    "purge": ("完全に削除", "purged"),
    "mail": ("メールで連絡", "told by mail"),
    "prune": ("保管期間が過ぎて削除", "past its retention"),
}


def plain(result: Any) -> dict[str, Any]:
    """A `running.Result` as plain data."""
    return {
        "source": result.source,
        "municipality_code": result.municipality_code,
        "url": result.url,
        "kind": result.kind,
        "state": result.state,
        "datasets": result.datasets,
        "files": result.counts,
        "reports": result.reports,
        "problems": [{**problem.as_dict(), "message": problems.both(problem)} for problem in result.problems],
    }


def sources_page(
    *, allowed: list[str] | None, municipality_code: str = "", state: str = "", limit: int = 100, offset: int = 0
) -> dict[str, Any]:
    """``{"count", "sources": […]}``, those that need somebody first. One query, however many sources there are."""
    gravity = sa.case({"quarantined": 0, "failing": 1, "held": 2, "conflict": 3}, value=SourceState.state, else_=4)
    query = (
        model.Session.query(HarvestSource, SourceState)
        .outerjoin(SourceState, SourceState.source_id == HarvestSource.id)
        .filter(HarvestSource.type == TYPE, HarvestSource.active.is_(True))
    )
    if allowed is not None:
        query = query.filter(SourceState.municipality_code.in_(allowed))
    if municipality_code:
        query = query.filter(SourceState.municipality_code == municipality_code)
    if state:
        query = query.filter(SourceState.state == state)
    count = query.count()
    page = query.order_by(gravity, SourceState.municipality_code, HarvestSource.url).limit(limit).offset(offset).all()
    return {"count": count, "sources": [_source(source, found) for source, found in page]}


def _source(source: HarvestSource, state: SourceState | None) -> dict[str, Any]:
    code = state.municipality_code if state is not None else Declared.of(source).municipality_code
    publisher = municipality.by_code(code, config.definition_folders())
    known = state.state if state is not None else "new"
    problem = Problem.from_dict(state.problem) if state is not None and state.problem else None
    return {
        "id": source.id,
        "url": source.url,
        "municipality_code": code,
        "publisher": publisher.name if publisher is not None else code,
        "kind": state.kind if state is not None else "",
        "state": known,
        "state_ja": STATES.get(known, (known, known))[0],
        "state_en": STATES.get(known, (known, known))[1],
        "last_tried": _iso(state and state.last_tried),
        "last_changed": _iso(state and state.last_changed),
        "last_good": _iso(state and state.last_good),
        "next_run": _iso(state and state.next_run),
        "failures": state.failures if state is not None else 0,
        "problem": problem.code if problem is not None else None,
        "todo_ja": problems.text(problem, "ja") + problems.advice(problem, "ja") if problem is not None else "",
        "todo_en": f"{problems.text(problem, 'en')} {problems.advice(problem, 'en')}" if problem is not None else "",
        "summary": (state.summary if state is not None else None) or {},
        "running": bool(state is not None and state.lease_owner),
    }


def source_detail(source: HarvestSource) -> dict[str, Any]:
    """A source with its files, what is held, and its timeline."""
    state = model.Session.get(SourceState, source.id)
    files = SourceFile.of_source(source.id)
    held = model.Session.query(Held).filter(Held.source_id == source.id).order_by(Held.since.desc()).limit(100)
    subjects = [source.id, *(file.id for file in files)]
    events = model.Session.query(Event).filter(Event.subject.in_(subjects)).order_by(Event.id.desc()).limit(100)
    return {
        **_source(source, state),
        "files": [file(one) for one in files],
        "held": [deciding.describe(one) for one in held],
        "timeline": [event(one) for one in events],
    }


def file(row: SourceFile) -> dict[str, Any]:
    problem = Problem.from_dict(row.problem) if row.problem else None
    return {
        "id": row.id,
        "url": row.url,
        "title": row.entry.get("file_title") or row.entry.get("title") or "",
        "dataset": row.dataset,
        "package": row.package_name,
        "resource_id": row.resource_id,
        "part": row.part,
        "period": row.period,
        "state": row.state,
        "state_ja": FILE_STATES.get(row.state, (row.state, row.state))[0],
        "state_en": FILE_STATES.get(row.state, (row.state, row.state))[1],
        "rows": row.row_count,
        "sha256": row.published_sha256,
        "collected_sha256": row.sha256,
        "licence": row.licence,
        "first_seen": _iso(row.first_seen),
        "last_seen": _iso(row.last_seen),
        "unchanged_since": _iso(row.last_changed),
        "last_good": _iso(row.last_good),
        "missing_since": _iso(row.missing_since),
        "authority": row.authority,
        "problem": problems.both(problem) if problem is not None else "",
        "todo_ja": problems.text(problem, "ja") + problems.advice(problem, "ja") if problem is not None else "",
        "todo_en": f"{problems.text(problem, 'en')} {problems.advice(problem, 'en')}" if problem is not None else "",
    }


def event(one: Event) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "actor": one.actor,
        "kind": one.kind,
        "kind_ja": EVENTS.get(one.kind, (one.kind, one.kind))[0],
        "kind_en": EVENTS.get(one.kind, (one.kind, one.kind))[1],
        "subject": one.subject,
        "municipality_code": one.municipality_code,
        "dataset": one.dataset,
        "cause": one.cause,
        "reason": one.reason,
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
