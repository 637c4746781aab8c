"""Merged tables through the API."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import types

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import balance, jobs, sources

__all__ = ["kagoshima_consolidate", "kagoshima_consolidation_list", "kagoshima_consolidation_show"]


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
            publishers = len(entry.pop("municipalities"))
            found.append({**entry, "publishers": publishers, "title": dict(catalogue.load().standard(dataset).title)})
    return found


def kagoshima_consolidate(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Bring a merged table up to date now and return its balance. Does nothing where nothing changed.

    :param dataset: id of the recommended dataset
    """
    tk.check_access("kagoshima_consolidate", context, data_dict)
    return jobs.consolidate([known(tk.get_or_bust(data_dict, "dataset"))])[0]
