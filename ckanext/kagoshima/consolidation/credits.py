"""出典 for rows of a merged table (see `recommended_datasets.attribution`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.consolidation import naming
from ckanext.kagoshima.consolidation.model import MergeFile
from recommended_datasets import attribution
from recommended_datasets.attribution import Credit
from recommended_datasets.definition import Definition


def editor() -> str:
    """Who put the tables together: the prefecture."""
    group = model.Group.get(config.prefecture_code())
    return (group.title or group.name) if group is not None else config.prefecture_code()


def of_rows(rows: Iterable[dict[str, Any]], definition: Definition) -> tuple[Credit, ...]:
    """Exactly the publishers of these rows."""
    title = definition.title["ja"]
    return attribution.credits(
        (
            row["publisher_code"],
            row["publisher_name"] or "",
            title,
            row["source_licence"] or "",
            naming.address(f"/dataset/{row['source_dataset']}"),
        )
        for row in rows
    )


def of_dataset(definition: Definition, publisher: str | None = None) -> tuple[Credit, ...]:
    """All publishers whose rows are in the merged table, or the one of this code."""
    return of_rows(
        (
            {
                "publisher_code": file.publisher_code,
                "publisher_name": file.publisher_name,
                "source_licence": file.source["licence"],
                "source_dataset": file.source["dataset"],
            }
            for file in MergeFile.of_dataset(definition.id)
            if file.accepted and publisher in (None, file.publisher_code)
        ),
        definition,
    )


def text(found: Iterable[Credit]) -> str:
    return attribution.text(found, editor())


def as_(form: str, found: Iterable[Credit]) -> Any:
    """As ``text``, ``html`` or ``json``."""
    if form == "json":
        return attribution.data(found)
    return attribution.html(found, editor()) if form == "html" else attribution.text(found, editor())
