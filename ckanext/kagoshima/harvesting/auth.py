"""Who may see and decide what about sources: the publisher's own people, and those of the prefecture above it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model, types

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import deciding
from ckanext.kagoshima.harvesting.model import SourceFile
from ckanext.kagoshima.harvesting.sources import Declared

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


def looks_after(context: types.Context, code: str, permission: str = "update_dataset") -> bool:
    """Whether the caller has `permission` in the publisher `code`, its own or, by CKAN's hierarchy, the prefecture's
    above it."""
    if context.get("ignore_auth"):
        return True
    user = context.get("user") or ""
    if authz.is_sysadmin(user):
        return True
    group = model.Group.get(code)
    if group is None or not user:
        return False
    return bool(authz.has_user_permission_for_group_or_org(group.id, user, permission))


def codes_looked_after(context: types.Context) -> list[str] | None:
    """Codes of the publishers that the caller looks after; None: all of them."""
    user = context.get("user") or ""
    if context.get("ignore_auth") or authz.is_sysadmin(user) or looks_after(context, config.prefecture_code()):
        return None
    mine = tk.get_action("organization_list_for_user")({"user": user}, {"permission": "update_dataset"})
    return [one["name"] for one in mine]


def _staff(context: types.Context) -> types.AuthResult:
    """Anybody who looks after some publisher: what is shown is filtered to theirs."""
    allowed = codes_looked_after(context)
    if allowed is None or allowed:
        return {"success": True}
    return {"success": False, "msg": tk._("Only for the staff of publishers.")}


def _of(context: types.Context, code: str, permission: str = "update_dataset") -> types.AuthResult:
    if looks_after(context, code, permission):
        return {"success": True}
    return {"success": False, "msg": tk._("Only for the staff of this publisher and of the prefecture.")}


def kagoshima_held_list(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _staff(context)


def kagoshima_source_list(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _staff(context)


def kagoshima_event_list(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _staff(context)


def kagoshima_held_release(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    held = deciding.find(data_dict["id"])
    # What may harm people is an admin's to release.
    return _of(context, held.municipality_code, "admin" if deciding.PERSONAL in deciding.codes(held) else "update_dataset")


def kagoshima_held_reject(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _of(context, deciding.find(data_dict["id"]).municipality_code)


def kagoshima_source_preview(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _of(context, data_dict["municipality_code"], "create_dataset")


def kagoshima_source_show(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    source = HarvestSource.get(data_dict["id"])
    return _of(context, Declared.of(source).municipality_code if source is not None else "")


def kagoshima_content_purge(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _of(context, config.prefecture_code(), "admin")


@tk.auth_allow_anonymous_access
def kagoshima_missing_row_list(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return {"success": True}


def kagoshima_missing_row_confirm(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    row = model.Session.get(SourceFile, data_dict["file_id"])
    return _of(context, row.municipality_code if row is not None else "")


def kagoshima_mapping_confirm(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return kagoshima_source_show(context, data_dict)


def kagoshima_source_harvest(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return kagoshima_source_show(context, data_dict)


def kagoshima_recipe_accept(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return _of(context, data_dict["municipality_code"])


def kagoshima_route_choose(context: types.Context, data_dict: dict[str, Any]) -> types.AuthResult:
    return kagoshima_missing_row_confirm(context, data_dict)
