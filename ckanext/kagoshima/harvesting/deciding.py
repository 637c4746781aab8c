"""Release and reject: what a person decides about a held revision, carried out at once."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import archive, decisions, missing, running, vanishing
from ckanext.kagoshima.harvesting.client import FetchError
from ckanext.kagoshima.harvesting.connecting import new_client
from ckanext.kagoshima.harvesting.model import Held, SourceFile, now
from ckanext.kagoshima.harvesting.problems import Problem, both, text
from recommended_datasets import municipality

PERSONAL = "personal-data"
MASS_DELETE = "mass-delete"
SHRUNK = "rows-shrunk"
SITE_RENEWED = "site-renewed"


def find(identifier: str) -> Held:
    """
    :raises tk.ObjectNotFound: there is no such held revision
    """
    held = model.Session.get(Held, identifier)
    if held is None:
        raise tk.ObjectNotFound(tk._("No such held revision."))
    return held


def codes(held: Held) -> list[str]:
    return [reason["code"] for reason in held.reasons]


def release(held: Held, actor: str, reason: str) -> dict[str, Any]:
    """Make the held revision public: what it replaces is replaced now, and the same is not held again.

    :raises tk.ValidationError: it was decided already, or its content is no longer there
    """
    _must_be_open(held)
    row = model.Session.get(SourceFile, held.file_id) if held.file_id else None
    if PERSONAL in codes(held) and row is not None:
        _fetch_again(row, held)
    _close(held, "released", actor, reason)
    if row is None:
        if SITE_RENEWED in codes(held):
            _move(held)
        else:
            _withdraw_vanished(held, actor, reason)
        model.Session.commit()
        return describe(held)
    row.state, row.problem = "ready", None
    _identify(row)
    # Who releases a file because it shrank says that the rows which it lacks are gone.
    gone = missing.waiting(row.id) if SHRUNK in codes(held) else []
    model.Session.commit()
    running.publish_ready(row.municipality_code, [row.id])
    missing.confirm(row.id, gone, actor, reason)
    return describe(held)


def reject(held: Held, actor: str, reason: str) -> dict[str, Any]:
    """Keep the last good version; this content is not asked about again.

    :raises tk.ValidationError: it was decided already
    """
    _must_be_open(held)
    _close(held, "rejected", actor, reason)
    row = model.Session.get(SourceFile, held.file_id) if held.file_id else None
    if row is not None and row.state == "held":
        row.state = "rejected"
        missing.forget_held(row.id)
    if row is None and SITE_RENEWED in codes(held):
        for _old, new in _moves(held):
            new.state = "rejected"
    model.Session.commit()
    return describe(held)


def describe(held: Held) -> dict[str, Any]:
    """A held revision as plain data, with its words in both languages; never with a value of the file."""
    reasons = [Problem.from_dict(reason) for reason in held.reasons]
    row = model.Session.get(SourceFile, held.file_id) if held.file_id else None
    publisher = municipality.by_code(held.municipality_code, config.definition_folders())
    return {
        "id": held.id,
        "source": held.source_id,
        "municipality_code": held.municipality_code,
        "publisher": publisher.name if publisher is not None else held.municipality_code,
        "dataset": held.dataset,
        "package": held.package_name,
        "url": row.url if row is not None else str(held.reasons[0].get("values", {}).get("url", "")),
        "reason": reasons[0].code,
        "reasons": [
            {"code": one.code, "ja": text(one, "ja"), "en": text(one, "en"), "message": both(one), "values": one.values}
            for one in reasons
        ],
        "since": held.since.isoformat(),
        "sha256": held.sha256,
        "state": held.state,
        "decided": held.decided.isoformat() if held.decided else None,
    }


def _must_be_open(held: Held) -> None:
    if held.state != "open":
        raise tk.ValidationError({"id": [tk._("This revision was decided already.")]})


def _close(held: Held, state: str, actor: str, reason: str) -> None:
    held.state, held.decided = state, now()
    decisions.record(
        "release" if state == "released" else "reject",
        held.file_id or held.source_id,
        actor=actor,
        code=held.municipality_code,
        dataset=held.dataset,
        cause=held.cause,
        reason=reason,
        detail={"held": held.id, "codes": codes(held), "sha256": held.sha256},
    )
    model.Session.flush()


def _fetch_again(row: SourceFile, held: Held) -> None:
    """Of a quarantined file nothing was kept: it is fetched anew, and must still be what the person looked at."""
    try:
        answer = new_client(retries=0, timeout=60).get(row.url)
    except FetchError as error:
        raise tk.ValidationError({"id": [both(Problem(error.code, error.values))]}) from error
    if answer.sha256 != held.sha256:
        raise tk.ValidationError({"id": [tk._("The file has changed since it was held. Harvest it again.")]})
    archive.store(answer.body, url=row.url, content_type=answer.content_type, headers=dict(answer.headers))
    row.sha256 = answer.sha256


def _identify(row: SourceFile) -> None:
    if row.resource_id:
        return
    from ckanext.harvest.model import HarvestSource
    from ckanext.kagoshima.harvesting import placing
    from ckanext.kagoshima.harvesting.sources import Declared

    placing.identify(row, Declared.of(HarvestSource.get(row.source_id)))


def _withdraw_vanished(held: Held, actor: str, reason: str) -> None:
    urls = {url for found in held.reasons for url in found.get("urls", ())}
    for row in SourceFile.of_source(held.source_id):
        if row.url in urls and row.missing_since is not None and row.published_sha256:
            vanishing.withdraw(row, MASS_DELETE, actor, reason)


def _moves(held: Held) -> list[tuple[SourceFile, SourceFile]]:
    """The files of a renewed site as (at its old address, at its new one)."""
    rows = {row.url: row for row in SourceFile.of_source(held.source_id)}
    pairs = (pair.split(" ", 1) for found in held.reasons for pair in found.get("urls", ()))
    return [(rows[old], rows[new]) for old, new in pairs if old in rows and new in rows]


def _move(held: Held) -> None:
    """Every file of a renewed site keeps its place under its new address."""
    from ckanext.kagoshima.harvesting import placing

    by_dataset: dict[str, list[str]] = {}
    for old, new in _moves(held):
        if old.published_sha256 != new.sha256:
            continue  # another revision came since
        identity = placing.identity_of(old)
        new.package_name, new.resource_key, new.resource_id = identity.name, identity.key, identity.resource_id
        new.part, new.period, new.dataset = identity.part, identity.period, old.dataset
        new.state, new.problem, old.state = "ready", None, "moved"
        by_dataset.setdefault(identity.name, []).append(new.id)
    model.Session.commit()
    for files in by_dataset.values():
        running.publish_ready(held.municipality_code, files)
