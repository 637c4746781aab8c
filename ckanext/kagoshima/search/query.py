"""What people type, before it goes to Solr."""

from __future__ import annotations

from typing import Any


def parameters(search_params: dict[str, Any]) -> dict[str, Any]:
    return search_params
