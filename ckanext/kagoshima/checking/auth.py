"""Who may see definitions, checks and reports: everybody, as far as the resource is theirs to see."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import types

__all__ = ["kagoshima_check", "kagoshima_definition_list", "kagoshima_definition_show", "kagoshima_report_show"]


@tk.auth_allow_anonymous_access
def kagoshima_definition_list(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def kagoshima_definition_show(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def kagoshima_check(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return {"success": True}


@tk.auth_allow_anonymous_access
def kagoshima_report_show(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    tk.check_access("resource_show", context, {"id": data_dict["id"]})
    return {"success": True}
