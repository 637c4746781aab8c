"""Definitions, checks and reports through the API."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import types

from ckanext.kagoshima.checking import catalogue, judge, reports
from ckanext.kagoshima.checking.model import StoredReport
from recommended_datasets.report_text import as_dict

__all__ = [
    "kagoshima_check",
    "kagoshima_definition_list",
    "kagoshima_definition_show",
    "kagoshima_report_show",
]


@tk.side_effect_free
def kagoshima_definition_list(context: types.Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """The recommended datasets: id, titles, editions, how far their columns are known."""
    tk.check_access("kagoshima_definition_list", context, data_dict)
    return catalogue.summaries()


@tk.side_effect_free
def kagoshima_definition_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """One recommended dataset.

    :param id: its id, e.g. ``evacuation_space``
    :param edition: an edition of it (optional, default: the newest)
    """
    tk.check_access("kagoshima_definition_show", context, data_dict)
    dataset = tk.get_or_bust(data_dict, "id")
    try:
        return catalogue.description(dataset, data_dict.get("edition"))
    except KeyError as error:
        raise tk.ObjectNotFound(tk._("No such recommended dataset: %s") % dataset) from error


@tk.side_effect_free
def kagoshima_check(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Judge a file without publishing or keeping anything.

    :param upload: the file, or
    :param url: its address
    :param dataset: the recommended dataset that it is (optional, default: found out)
    :param edition: (optional)
    :param municipality_code: its publisher's six digits (optional)
    :param lang: ``ja`` or ``en``, the language of the messages (optional, default: the page's)
    """
    tk.check_access("kagoshima_check", context, data_dict)
    data, name = judge.received(data_dict)
    checked = judge.judge(
        data,
        name,
        dataset=data_dict.get("dataset") or None,
        edition=data_dict.get("edition") or None,
        municipality_code=data_dict.get("municipality_code") or None,
    )
    return as_dict(checked.report, judge.language(data_dict.get("lang")))


@tk.side_effect_free
def kagoshima_report_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """The report of a resource's file.

    :param id: the resource's id
    :param lang: ``ja`` or ``en`` (optional, default: the page's)
    """
    resource_id = tk.get_or_bust(data_dict, "id")
    tk.check_access("kagoshima_report_show", context, {"id": resource_id})
    row = StoredReport.of(resource_id)
    if row is None:
        raise tk.ObjectNotFound(tk._("This file has not been checked."))
    report = reports.from_json(row.report)
    shown = as_dict(report, judge.language(data_dict.get("lang")))
    return {**shown, "resource_id": resource_id, "sha256": row.sha256, "checked": row.checked.isoformat()}
