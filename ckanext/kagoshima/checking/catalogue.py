"""The definitions as the catalogue shows them: plain data for the API and the pages."""

from __future__ import annotations

import dataclasses
from typing import Any

from ckanext.kagoshima import config
from recommended_datasets import catalog
from recommended_datasets.definition import Definition


def load() -> catalog.Catalog:
    """The package's definitions and those of the configured folders."""
    return catalog.load(config.definition_folders())


def summaries() -> list[dict[str, Any]]:
    """One entry per dataset, in the order of the standard's numbers."""
    found = load()
    by_id: dict[str, list[Definition]] = {}
    for definition in found.all():
        by_id.setdefault(definition.id, []).append(definition)
    return [_summary(found.standard(dataset), editions) for dataset, editions in by_id.items()]


def _summary(standard: Definition, editions: list[Definition]) -> dict[str, Any]:
    return {
        "id": standard.id,
        "title": dict(standard.title),
        "number": standard.number,
        "evidence": standard.evidence,
        "change": standard.change,
        "safety": standard.safety,
        "editions": [
            {"edition": edition.edition, "columns": len(edition.fields), "evidence": edition.evidence}
            for edition in editions
        ],
    }


def description(dataset: str, edition: str | None = None) -> dict[str, Any]:
    """One definition with its fields, and what editions there are.

    :raises KeyError: no such dataset or edition
    """
    found = load()
    definition = found.get(dataset, edition) if edition else found.standard(dataset)
    fields = [
        {key: value for key, value in dataclasses.asdict(field).items() if key != "options"}
        for field in definition.fields
    ]
    return {
        **_summary(definition, [found.get(dataset, name) for name in _names(found, dataset)]),
        "edition": definition.edition,
        "file_name": definition.file_name,
        "version": definition.version,
        "valid_from": definition.valid_from,
        "usable": [list(group) for group in definition.usable],
        "sources": list(definition.sources),
        "fields": fields,
    }


def _names(found: catalog.Catalog, dataset: str) -> list[str]:
    return [getattr(edition, "edition", edition) for edition in found.editions(dataset)]


def title(dataset: str, lang: str) -> str:
    """The title of a dataset in `lang`; the id itself where nobody knows it."""
    try:
        titles = load().standard(dataset).title
    except KeyError:
        return dataset
    return titles.get(lang) or titles.get("ja") or dataset
