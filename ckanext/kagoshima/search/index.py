"""The document of a dataset in Solr."""

from __future__ import annotations

from typing import Any


def document(pkg_dict: dict[str, Any]) -> dict[str, Any]:
    return pkg_dict
