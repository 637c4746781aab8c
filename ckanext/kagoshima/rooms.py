"""The rooms of the house and how the hall finds what each of them offers.

A room is a package `ckanext.kagoshima.<room>`; what it offers to CKAN is what the `__all__` of its `action`, `auth`,
`validators`, `helpers`, `views` and `cli` modules lists. A room needs only those modules that it uses.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

ROOMS = ("organizations", "resources", "checking", "harvesting", "consolidation", "search", "feeds", "operations")


def gather(part: str) -> dict[str, Any]:
    """``{name: object}`` of every public name in the `part` modules (``"action"``, ``"cli"`` …) of all rooms.

    :raises ValueError: two rooms offer the same name.
    """
    found: dict[str, Any] = {}
    for room in ROOMS:
        path = f"ckanext.kagoshima.{room}.{part}"
        if find_spec(path) is None:
            continue
        module = import_module(path)
        for name in module.__all__:
            if name in found:
                raise ValueError(f"{path}: {name} is offered by another room already")
            found[name] = getattr(module, name)
    return found
