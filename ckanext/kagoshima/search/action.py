"""The catalogue in numbers."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import types

from ckanext.kagoshima.search import summary

__all__ = ["kagoshima_summary_show"]


@tk.side_effect_free
def kagoshima_summary_show(context: types.Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """What is in the catalogue: publishers, datasets, merged tables with their rows, and the publishers by region."""
    tk.check_access("kagoshima_summary_show", context, data_dict)
    return summary.show()
