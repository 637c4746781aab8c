"""Who may read merged tables (everybody) and who may decide about them (the prefecture's staff)."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, types

from ckanext.kagoshima import config

__all__ = [
    "kagoshima_change_list",
    "kagoshima_consolidate",
    "kagoshima_consolidation_list",
    "kagoshima_consolidation_show",
    "kagoshima_row_search",
    "kagoshima_row_show",
    "kagoshima_suspect_decide",
    "kagoshima_suspect_list",
]


@tk.auth_allow_anonymous_access
def kagoshima_consolidation_show(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return {"success": True}


kagoshima_consolidation_list = kagoshima_consolidation_show
kagoshima_row_search = kagoshima_consolidation_show
kagoshima_row_show = kagoshima_consolidation_show
kagoshima_change_list = kagoshima_consolidation_show
kagoshima_suspect_list = kagoshima_consolidation_show


def of_prefecture(context: types.Context) -> types.AuthResult:
    """Editors and administrators of the prefecture's organisation."""
    user = context.get("user") or ""
    if user and authz.has_user_permission_for_group_or_org(config.prefecture_code(), user, "update_dataset"):
        return {"success": True}
    return {"success": False, "msg": tk._("Only the prefecture's staff may do this.")}


def kagoshima_consolidate(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return of_prefecture(context)


kagoshima_suspect_decide = kagoshima_consolidate
