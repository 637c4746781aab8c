"""Merged tables through the API."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, types

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import (
    balance,
    datastore_tables,
    feed,
    jobs,
    passport,
    query,
    row_json,
    rows,
    sources,
    suspecting,
)
from ckanext.kagoshima.consolidation.problems import Problem
from recommended_datasets.search_grams import query_grams, tsquery

__all__ = [
    "datastore_search",
    "kagoshima_change_list",
    "kagoshima_consolidate",
    "kagoshima_consolidation_list",
    "kagoshima_consolidation_show",
    "kagoshima_row_search",
    "kagoshima_row_show",
    "kagoshima_suspect_decide",
    "kagoshima_suspect_list",
]


def known(dataset: str) -> str:
    """`dataset` if it is a recommended dataset.

    :raises tk.ObjectNotFound: it is not
    """
    try:
        catalogue.load().standard(dataset)
    except KeyError as error:
        raise tk.ObjectNotFound(tk._("No such recommended dataset: %s") % dataset) from error
    return dataset


@tk.side_effect_free
def kagoshima_consolidation_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """What became of every row of a merged table's sources, by publisher and file.

    In each entry ``rows_in = accepted + rejected + duplicates + withheld``.

    :param dataset: id of the recommended dataset, e.g. ``evacuation_space``
    """
    tk.check_access("kagoshima_consolidation_show", context, data_dict)
    return balance.of_dataset(known(tk.get_or_bust(data_dict, "dataset")))


@tk.side_effect_free
def kagoshima_consolidation_list(context: types.Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """The merged tables there are: id, titles, balance."""
    tk.check_access("kagoshima_consolidation_list", context, data_dict)
    found: list[dict[str, Any]] = []
    for dataset in sources.datasets():
        entry = balance.of_dataset(dataset)
        if entry["run"] is not None:
            publishers = sum(one["accepted"] > 0 for one in entry.pop("municipalities"))
            found.append({**entry, "publishers": publishers, "title": dict(catalogue.load().standard(dataset).title)})
    return found


def kagoshima_consolidate(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Bring a merged table up to date now and return its balance. Does nothing where nothing changed.

    :param dataset: id of the recommended dataset
    """
    tk.check_access("kagoshima_consolidate", context, data_dict)
    return jobs.consolidate([known(tk.get_or_bust(data_dict, "dataset"))])[0]


@tk.side_effect_free
def kagoshima_row_search(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Rows of a merged table, as ``/data/v1/<dataset>/rows``.

    :param dataset: id of the recommended dataset; all other parameters as there
    """
    tk.check_access("kagoshima_row_search", context, data_dict)
    definition = catalogue.load().standard(known(tk.get_or_bust(data_dict, "dataset")))
    said = {name: [str(value)] for name, value in data_dict.items() if name != "dataset"}
    try:
        asked = query.read(definition, said)
    except Problem as problem:
        raise tk.ValidationError({problem.code: [problem.message]}) from problem
    page = rows.search(asked)
    shown = row_json.all_shown(page.rows, asked.columns)
    return {"rows": shown, "total": page.total, "next_cursor": page.next_cursor}


@tk.side_effect_free
def kagoshima_row_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """One row of a merged table with its passport.

    :param dataset: id of the recommended dataset
    :param row_id: the row's id; of a row that has another id now, the new one is answered
    """
    tk.check_access("kagoshima_row_show", context, data_dict)
    dataset = known(tk.get_or_bust(data_dict, "dataset"))
    row_id = tk.get_or_bust(data_dict, "row_id")
    try:
        return passport.of_row(dataset, row_id)
    except passport.Redirected as moved:
        return passport.of_row(dataset, moved.row_id)


@tk.side_effect_free
def kagoshima_change_list(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Changes of a merged table, as ``/data/v1/<dataset>/changes``.

    :param dataset: id of the recommended dataset
    :param since: a time, or the `next_cursor` of the last answer (optional)
    :param municipality: of one publisher (optional)
    :param limit: (optional)
    """
    tk.check_access("kagoshima_change_list", context, data_dict)
    dataset = known(tk.get_or_bust(data_dict, "dataset"))
    said = {name: str(value) for name, value in data_dict.items() if name != "dataset"}
    try:
        return feed.page(feed.request(dataset, said))
    except Problem as problem:
        raise tk.ValidationError({problem.code: [problem.message]}) from problem


@tk.side_effect_free
def kagoshima_suspect_list(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Pairs of rows of a merged table that may be one thing.

    :param dataset: id of the recommended dataset
    :param limit: (optional, default 100, at most 1000)
    :param offset: (optional)
    """
    tk.check_access("kagoshima_suspect_list", context, data_dict)
    definition = catalogue.load().standard(known(tk.get_or_bust(data_dict, "dataset")))
    try:
        limit, offset = int(data_dict.get("limit", 100)), int(data_dict.get("offset", 0))
    except (TypeError, ValueError) as error:
        raise tk.ValidationError({"limit": [tk._("limit and offset are whole numbers.")]}) from error
    if not (1 <= limit <= 1000 and 0 <= offset < 2**31):
        raise tk.ValidationError({"limit": [tk._("limit and offset are whole numbers.")]})
    count, found = suspecting.listed(definition, limit, offset)
    return {"count": count, "results": found}


def kagoshima_suspect_decide(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Decide about a suspected pair. Only this drops a row; it is listed in ``duplicates.csv`` then.

    :param dataset: id of the recommended dataset
    :param row_id: one row of the pair
    :param other_row_id: the other
    :param drop: the row to leave out; left out itself: they are two things
    :param why: the reason, public
    """
    tk.check_access("kagoshima_suspect_decide", context, data_dict)
    dataset = known(tk.get_or_bust(data_dict, "dataset"))
    row_id, other, why = tk.get_or_bust(data_dict, ["row_id", "other_row_id", "why"])
    drop = data_dict.get("drop") or None
    if not str(why).strip():
        raise tk.ValidationError({"why": [tk._("Say why.")]})
    if drop not in (None, row_id, other):
        raise tk.ValidationError({"drop": [tk._("drop is one of the two rows.")]})
    definition = catalogue.load().standard(dataset)
    try:
        found = suspecting.decide(definition, row_id, other, drop=drop, why=str(why), user=context.get("user") or "")
    except (KeyError, ValueError) as error:
        raise tk.ObjectNotFound(tk._("There is no such pair.")) from error
    state = found.state
    model.Session.commit()
    jobs.enqueue(dataset)
    return {"dataset": dataset, "row_id": row_id, "other_row_id": other, "state": state}


@tk.chained_action
@tk.side_effect_free
def datastore_search(original_action: Any, context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """CKAN's own, with `q` cut into the pairs of letters that the full text of our tables holds."""
    words = data_dict.get("q")
    if isinstance(words, str) and words and datastore_tables.mark(str(data_dict.get("resource_id"))) is not None:
        grams = query_grams(words)
        if grams:
            data_dict = {**data_dict, "q": tsquery(grams), "language": "simple", "plain": False}
    return original_action(context, data_dict)
