"""Organisations from the list of publishers: one idempotent function.

What staff changed by hand stays: of each field the value that the last synchronisation wrote is kept beside the
organisation (`synced`), and only a field that still has that value follows the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from recommended_datasets.municipality import Municipality


@dataclass
class Synced:
    """Codes of the organisations by what happened to them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return sorted(self.created + self.updated + self.unchanged)


def sync(publishers: Iterable[Municipality]) -> Synced:
    """Create the organisation of each publisher, or bring it up to date. Parents come before their children.

    A second run with the same list writes nothing.
    """
    result = Synced()
    publishers = list(publishers)
    codes = {publisher.code for publisher in publishers}
    for publisher in sorted(publishers, key=lambda one: (one.parent in codes, one.code)):
        wanted = _fields(publisher)
        parent = publisher.parent if publisher.parent in codes else ""
        group = model.Group.get(publisher.code)
        if group is None:
            groups = [{"name": parent}] if parent else []
            data = {**wanted, "name": publisher.code, "groups": groups, "synced": _remembered(wanted, parent)}
            tk.get_action("organization_create")(_context(), data)
            result.created.append(publisher.code)
        elif _bring_up_to_date(group, wanted, parent):
            result.updated.append(publisher.code)
        else:
            result.unchanged.append(publisher.code)
    return result


def _bring_up_to_date(group: Any, wanted: dict[str, str], parent: str) -> bool:
    """Write what the list changed since the last time and staff did not; False where there is nothing to write."""
    current: dict[str, Any] = {**(group.extras or {}), "title": group.title}
    before: dict[str, str] = json.loads(current.get("synced") or "{}")
    remembered = _remembered(wanted, parent)
    if group.state != model.State.ACTIVE or remembered == current.get("synced"):
        return False
    changes: dict[str, Any] = {
        key: value
        for key, value in wanted.items()
        if (current.get(key) or "") != value and (current.get(key) or "") == before.get(key, "")
    }
    if parent and "parent" not in before and not group.get_parent_groups("organization"):
        changes["groups"] = [{"name": parent}]
    tk.get_action("organization_patch")(_context(), {"id": group.name, **changes, "synced": remembered})
    return True


def _remembered(wanted: dict[str, str], parent: str) -> str:
    return json.dumps({**wanted, "parent": parent}, ensure_ascii=False, sort_keys=True)


def _fields(publisher: Municipality) -> dict[str, str]:
    return {
        "title": publisher.name,
        "municipality_code": publisher.code,
        "kind": publisher.kind,
        "kana": publisher.kana,
        "region": publisher.region,
        "former_names": "、".join(name for name, _ in publisher.former),
        "islands": "、".join(publisher.islands),
        "members": ",".join(publisher.members),
        "latitude": "" if publisher.lat is None else str(publisher.lat),
        "longitude": "" if publisher.lng is None else str(publisher.lng),
        "url": publisher.url,
    }


def _context() -> Any:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
