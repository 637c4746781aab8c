"""What templates ask for."""

from __future__ import annotations

from typing import Any

from ckanext.kagoshima.harvesting import missing

__all__ = ["kagoshima_missing_rows"]


def kagoshima_missing_rows(dataset: str = "", package: str = "") -> list[dict[str, Any]]:
    """Rows of safety data that the publisher's newest file lacks."""
    return missing.rows(dataset=dataset, package=package) if dataset or package else []
