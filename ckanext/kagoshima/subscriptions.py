"""What happens after a save. The one place where a write to the catalogue, by whoever, leads to a check of its files.

A page, the API and a harvester all end in `package_create` or `package_update`; a save that changed nothing is passed over.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, types

from ckanext.kagoshima.checking import jobs as checking
from ckanext.kagoshima.consolidation import jobs as merging
from ckanext.kagoshima.consolidation import municipal
from ckanext.kagoshima.consolidation.naming import merged_name
from ckanext.kagoshima.signals import report_changed


def get_subscriptions() -> types.SignalMapping:
    return {
        tk.signals.action_succeeded: [
            {"sender": "package_create", "receiver": dataset_created},
            {"sender": "package_update", "receiver": dataset_updated},
            {"sender": "package_delete", "receiver": dataset_deleted},
        ],
        report_changed: [municipal.enqueue],
    }


def dataset_created(action: str, context: types.Context, data_dict: dict[str, Any], result: Any) -> None:
    _check_files(_id(result))
    _merge(_id(result))


def dataset_updated(action: str, context: types.Context, data_dict: dict[str, Any], result: Any) -> None:
    changed = context.get("changed_entities") or {}
    if changed.get("packages"):
        _check_files(_id(result))
        _merge(_id(result))


def dataset_deleted(action: str, context: types.Context, data_dict: dict[str, Any], result: Any) -> None:
    _merge(data_dict["id"])


def _id(result: Any) -> str:
    return result["id"] if isinstance(result, dict) else str(result)


def _check_files(package_id: str) -> None:
    package = model.Package.get(package_id)
    if package is None or package.state != model.State.ACTIVE:
        return
    for resource in package.resources:
        if checking.is_stale(resource):
            checking.enqueue(resource.id)


def _merge(package_id: str) -> None:
    """A file, a licence or the whole dataset changed: the merged table of its standard is looked at soon."""
    package = model.Package.get(package_id)
    dataset = package.extras.get("recommended_dataset") if package is not None else None
    if package is not None and dataset and package.name != merged_name(dataset):
        merging.enqueue(dataset)
