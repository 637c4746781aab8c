"""The state of the installation, for monitoring."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model, types
from ckan.lib import jobs

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue

__all__ = ["kagoshima_status_show"]


@tk.side_effect_free
def kagoshima_status_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Versions, rule set, how many jobs wait, and when a source was last visited (ISO 8601, UTC; null:
    never). CKAN's own version only where ``ckan.hide_version`` is off."""
    tk.check_access("kagoshima_status_show", context, data_dict)
    versions = {} if tk.config["ckan.hide_version"] else {"ckan_version": tk.ckan.__version__}
    return {
        "version": version("ckanext-kagoshima"),
        **versions,
        "rule_set": catalogue.load().rule_set,
        "queues": {name: jobs.get_queue(name).count for name in (config.QUEUE, jobs.DEFAULT_QUEUE_NAME)},
        "last_harvest": _last_harvest(),
    }


def _last_harvest() -> str | None:
    import sqlalchemy as sa

    from ckanext.kagoshima.harvesting.model import SourceState

    last = model.Session.query(sa.func.max(SourceState.last_tried)).scalar()
    return last.isoformat() if last is not None else None
