"""Sources and held revisions through the API."""

from __future__ import annotations

import uuid
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, types

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima.harvesting import (
    auth,
    confirming,
    connecting,
    deciding,
    missing,
    nightly,
    problems,
    purging,
    reporting,
    sources,
)
from ckanext.kagoshima.harvesting.model import Event, Held, SourceFile
from recommended_datasets import municipality

__all__ = [
    "kagoshima_content_purge",
    "kagoshima_event_list",
    "kagoshima_held_list",
    "kagoshima_held_reject",
    "kagoshima_held_release",
    "kagoshima_mapping_confirm",
    "kagoshima_missing_row_confirm",
    "kagoshima_missing_row_list",
    "kagoshima_recipe_accept",
    "kagoshima_route_choose",
    "kagoshima_source_harvest",
    "kagoshima_source_list",
    "kagoshima_source_preview",
    "kagoshima_source_show",
]


@tk.side_effect_free
def kagoshima_held_list(context: types.Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """What waits for a decision, the oldest first: of the publishers that the caller looks after.

    :param municipality_code: only this publisher's (optional)
    :param state: ``open`` (default), ``released``, ``rejected``, ``superseded`` or ``all``
    """
    tk.check_access("kagoshima_held_list", context, data_dict)
    state = data_dict.get("state") or "open"
    query = model.Session.query(Held).order_by(Held.since)
    if state != "all":
        query = query.filter(Held.state == state)
    if data_dict.get("municipality_code"):
        query = query.filter(Held.municipality_code == data_dict["municipality_code"])
    return [deciding.describe(held) for held in query if auth.looks_after(context, held.municipality_code)]


def kagoshima_held_release(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Make a held revision public.

    :param id: the held revision's
    :param reason: why, in a sentence; kept for ever
    """
    return _decide(context, data_dict, "kagoshima_held_release", deciding.release)


def kagoshima_held_reject(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Keep the last good version and do not ask about this content again.

    :param id: the held revision's
    :param reason: why, in a sentence; kept for ever
    """
    return _decide(context, data_dict, "kagoshima_held_reject", deciding.reject)


def _decide(context: types.Context, data_dict: dict[str, Any], name: str, decide: Any) -> dict[str, Any]:
    identifier = tk.get_or_bust(data_dict, "id")
    tk.check_access(name, context, {"id": identifier})
    return decide(deciding.find(identifier), context.get("user", ""), _reason(data_dict))


def _reason(data_dict: dict[str, Any]) -> str:
    reason = str(data_dict.get("reason") or "").strip()
    if not reason:
        raise tk.ValidationError({"reason": [tk._("Write the reason in a sentence.")]})
    return reason


def kagoshima_mapping_confirm(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Keep a column mapping for a source and one header, and harvest the source with it.

    :param id: the source's id
    :param mapping: the mapping as YAML, with `dataset` and `header` (as the held revision proposes it)
    :param reason: why, in a sentence; kept for ever
    """
    identifier, text = tk.get_or_bust(data_dict, ["id", "mapping"])
    tk.check_access("kagoshima_mapping_confirm", context, {"id": identifier})
    source = HarvestSource.get(identifier)
    if source is None:
        raise tk.ObjectNotFound(tk._("No such source."))
    return reporting.plain(confirming.mapping(source, text, context.get("user", ""), _reason(data_dict)))


def kagoshima_recipe_accept(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Keep accepted repairs of a publisher's dataset; they are applied at each harvest until the source has them.

    :param municipality_code: the publisher's
    :param recipe: as YAML (`recommended-datasets repair --save-recipe`)
    :param reason: why, in a sentence; kept for ever
    """
    code, text = tk.get_or_bust(data_dict, ["municipality_code", "recipe"])
    tk.check_access("kagoshima_recipe_accept", context, {"municipality_code": code})
    return confirming.recipe(code, text, context.get("user", ""), _reason(data_dict))


def kagoshima_route_choose(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Make a file the right one of several routes to the same rows; it is public at once, the others are not.

    :param file_id: of `kagoshima_source_show`
    :param reason: why, in a sentence; kept for ever
    """
    identifier = tk.get_or_bust(data_dict, "file_id")
    tk.check_access("kagoshima_route_choose", context, {"file_id": identifier})
    row = model.Session.get(SourceFile, identifier)
    if row is None:
        raise tk.ObjectNotFound(tk._("No such file."))
    return confirming.route(row, context.get("user", ""), _reason(data_dict))


def kagoshima_source_harvest(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Harvest a source soon, in the background.

    :param id: the source's id
    """
    identifier = tk.get_or_bust(data_dict, "id")
    tk.check_access("kagoshima_source_harvest", context, {"id": identifier})
    if HarvestSource.get(identifier) is None:
        raise tk.ObjectNotFound(tk._("No such source."))
    job = nightly.enqueue(identifier)
    return {"id": identifier, "job": job}


def kagoshima_source_preview(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """What a harvest of a source that is not yet saved would create, update and hold. Writes nothing.

    :param url: its address
    :param municipality_code: its publisher
    :param kind: ``csv``, ``list``, ``html``, ``ckan`` or ``dcat`` (optional, default: found out)
    :param dataset: the standard dataset that it is (optional)
    :param licence: as the publisher states it (optional)
    """
    code = tk.get_or_bust(data_dict, "municipality_code")
    url = tk.get_or_bust(data_dict, "url")
    tk.check_access("kagoshima_source_preview", context, {"municipality_code": code})
    if municipality.complete(code) is None and model.Group.get(code) is None:
        raise tk.ValidationError({"municipality_code": [tk._("No such publisher.")]})
    kind = data_dict.get("kind") or ""
    if kind and kind not in sources.KINDS:
        raise tk.ValidationError({"kind": [", ".join(sources.KINDS)]})
    declared = sources.Declared(
        code, url, kind, data_dict.get("dataset") or "", licence=data_dict.get("licence") or "", priority=sources.ALSO_PRIORITY
    )
    known = sources.find(declared)
    client = connecting.new_client(retries=0, timeout=60)
    result = nightly.preview_source(known.id if known is not None else f"preview-{uuid.uuid4()}", declared, client)
    return reporting.plain(result)


@tk.side_effect_free
def kagoshima_source_list(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """The sources that the caller looks after, with their states.

    :param municipality_code: only this publisher's (optional)
    :param state: only those in this state (optional)
    :param limit: (optional, default 100, at most 1000)
    :param offset: (optional)
    """
    tk.check_access("kagoshima_source_list", context, data_dict)
    limit = min(int(data_dict.get("limit") or 100), 1000)
    offset = max(int(data_dict.get("offset") or 0), 0)
    return reporting.sources_page(
        allowed=auth.codes_looked_after(context),
        municipality_code=data_dict.get("municipality_code") or "",
        state=data_dict.get("state") or "",
        limit=limit,
        offset=offset,
    )


@tk.side_effect_free
def kagoshima_source_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """One source: its state in words, what to do, its files, what is held, and its timeline.

    :param id: the source's id
    """
    identifier = tk.get_or_bust(data_dict, "id")
    tk.check_access("kagoshima_source_show", context, {"id": identifier})
    source = HarvestSource.get(identifier)
    if source is None:
        raise tk.ObjectNotFound(tk._("No such source."))
    return reporting.source_detail(source)


@tk.side_effect_free
def kagoshima_event_list(context: types.Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Decisions and occurrences, the newest first.

    :param municipality_code: (optional)
    :param kind: (optional)
    :param limit: (optional, default 100, at most 1000)
    """
    tk.check_access("kagoshima_event_list", context, data_dict)
    query = model.Session.query(Event).order_by(Event.id.desc())
    allowed = auth.codes_looked_after(context)
    if allowed is not None:
        query = query.filter(Event.municipality_code.in_(allowed))
    for key in ("municipality_code", "kind"):
        if data_dict.get(key):
            query = query.filter(getattr(Event, key) == data_dict[key])
    return [reporting.event(one) for one in query.limit(min(int(data_dict.get("limit") or 100), 1000))]


@tk.side_effect_free
def kagoshima_missing_row_list(context: types.Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of safety data that the publisher's newest file lacks (確認中).

    :param dataset: a standard dataset, or
    :param package: a catalogue dataset's name
    """
    tk.check_access("kagoshima_missing_row_list", context, data_dict)
    return missing.rows(dataset=data_dict.get("dataset") or "", package=data_dict.get("package") or "")


def kagoshima_missing_row_confirm(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """End the mark of a row: a person knows that the place is gone.

    :param file_id: of `kagoshima_missing_row_list`
    :param key: of `kagoshima_missing_row_list`
    :param reason: why, in a sentence; kept for ever
    """
    file_id, key = tk.get_or_bust(data_dict, ["file_id", "key"])
    tk.check_access("kagoshima_missing_row_confirm", context, {"file_id": file_id})
    if not missing.confirm(file_id, [key], context.get("user", ""), _reason(data_dict)):
        raise tk.ObjectNotFound(tk._("No such row."))
    return {"file_id": file_id, "key": key}


def kagoshima_content_purge(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Remove a content from everywhere: archive, catalogue, DataStore, merged tables, index, feeds.

    :param sha256: of the file's bytes
    :param reason: why, in a sentence; kept for ever
    """
    sha256 = tk.get_or_bust(data_dict, "sha256")
    tk.check_access("kagoshima_content_purge", context, {"sha256": sha256})
    done = purging.purge(sha256, context.get("user", ""), _reason(data_dict))
    if not any(done.values()):
        raise tk.ObjectNotFound(problems.messages()["not-archived"]["ja"])
    return done
