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
            _action("organization_create")(
                _context(),
                {
                    **wanted,
                    "name": publisher.code,
                    "groups": [{"name": parent}] if parent else [],
                    "synced": json.dumps(wanted, ensure_ascii=False, sort_keys=True),
                },
            )
            result.created.append(publisher.code)
        elif _bring_up_to_date(publisher.code, wanted, parent):
            result.updated.append(publisher.code)
        else:
            result.unchanged.append(publisher.code)
    return result


def _bring_up_to_date(code: str, wanted: dict[str, str], parent: str) -> bool:
    current = _action("organization_show")(
        _context(), {"id": code, "include_users": False, "include_datasets": False, "include_followers": False}
    )
    before: dict[str, str] = json.loads(current.get("synced") or "{}")
    changes: dict[str, Any] = {
        key: value
        for key, value in wanted.items()
        if (current.get(key) or "") != value and (current.get(key) or "") == before.get(key, "")
    }
    if parent and not current.get("groups") and "parent" not in before:
        changes["groups"] = [{"name": parent}]
    if current.get("state") != model.State.ACTIVE:
        return False
    remembered = json.dumps(wanted, ensure_ascii=False, sort_keys=True)
    if not changes and remembered == current.get("synced"):
        return False
    _action("organization_patch")(_context(), {"id": code, **changes, "synced": remembered})
    return True


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


def _action(name: str) -> Any:
    return tk.get_action(name)


def _context() -> Any:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
