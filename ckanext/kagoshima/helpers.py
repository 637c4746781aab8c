"""What templates ask for. All names begin with ``kagoshima_``."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.kagoshima.checking import catalogue, judge

__all__ = [
    "kagoshima_dataset_choices",
    "kagoshima_dataset_title",
    "kagoshima_edition_title",
    "kagoshima_language",
    "kagoshima_status_words",
]


def kagoshima_language() -> str:
    """``ja`` or ``en``, the language of the page."""
    return judge.language()


def kagoshima_dataset_title(dataset: str) -> str:
    """The title of a recommended dataset in the page's language."""
    return catalogue.title(dataset, judge.language())


def kagoshima_dataset_choices(field: Any = None) -> list[dict[str, Any]]:
    """The recommended datasets as choices of a form."""
    return [{"value": one["id"], "label": one["title"]} for one in catalogue.summaries()]


def kagoshima_edition_title(edition: str) -> str:
    """An edition in words."""
    if not edition:
        return ""
    name, _, columns = edition.partition("-")
    words = {
        "standard": tk._("Municipal standard open dataset"),
        "recommended": tk._("Recommended dataset (former edition)"),
    }.get(name, edition)
    return f"{words} ({tk._('%s columns') % columns})" if columns else words


def kagoshima_status_words(status: str) -> str:
    """A verdict in words."""
    return {
        "success": tk._("No errors"),
        "failure": tk._("Errors found"),
        "error": tk._("Could not be read"),
    }.get(status, tk._("Not checked"))
