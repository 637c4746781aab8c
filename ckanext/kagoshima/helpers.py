"""What templates ask for. All names begin with ``kagoshima_``."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.kagoshima import words
from ckanext.kagoshima.checking import catalogue, judge, pages, reports
from ckanext.kagoshima.checking.model import StoredReport
from ckanext.kagoshima.harvesting.helpers import kagoshima_missing_rows

__all__ = [
    "kagoshima_dataset_choices",
    "kagoshima_dataset_title",
    "kagoshima_edition_title",
    "kagoshima_encoding",
    "kagoshima_facet_label",
    "kagoshima_language",
    "kagoshima_mark_words",
    "kagoshima_match_words",
    "kagoshima_missing_rows",
    "kagoshima_report",
    "kagoshima_severity_words",
    "kagoshima_status_words",
    "kagoshima_summary",
    "kagoshima_type_words",
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


def kagoshima_edition_title(edition: str | None) -> str:
    """An edition in words."""
    if not edition:
        return ""
    name, _, columns = edition.partition("-")
    text = words.of("edition", name)
    return f"{text} ({tk._('%s columns') % columns})" if columns else text


def kagoshima_status_words(status: str | None) -> str:
    """A verdict in words."""
    return words.of("status", status or "none")


def kagoshima_severity_words(severity: str) -> str:
    return words.of("severity", severity)


def kagoshima_match_words(how: str) -> str:
    """How a column was understood, in words."""
    return words.of("match", how)


def kagoshima_mark_words(mark: str | None) -> str:
    """A requirement mark of the standard: ◎ required, ○ recommended, blank optional; unknown where no source showed it."""
    return words.of("mark", mark if mark is not None else "unknown")


def kagoshima_type_words(type_: str) -> str:
    """A column's type in words."""
    return words.of("type", type_)


def kagoshima_encoding(encoding: str | None) -> str:
    """An encoding as people know it."""
    return words.ENCODINGS.get(encoding or "", encoding or "")


def kagoshima_report(resource_id: str) -> dict[str, Any] | None:
    """The report of a resource's file as pages show it; None where it was not checked."""
    row = StoredReport.of(resource_id)
    return None if row is None else pages.view(reports.from_json(row.report), judge.language())


def kagoshima_facet_label(name: str, value: str, label: str) -> str:
    """A value of a facet in words."""
    if name == "recommended_dataset":
        return kagoshima_dataset_title(value)
    if name == "vocab_validation_status":
        return kagoshima_status_words(value)
    return label


def kagoshima_summary() -> dict[str, Any]:
    """The numbers of the home page, with labels in the page's language."""
    found = tk.get_action("kagoshima_summary_show")({}, {})
    for table in found["merged"]:
        table["label"] = kagoshima_dataset_title(table["dataset"]) if table["dataset"] else table["title"]
    found["examples"] = words.examples()
    return found
