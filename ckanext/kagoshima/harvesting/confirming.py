"""What persons confirm of a source: how its columns are read, which repairs hold, and which of two routes is right. Each is an
event; nothing that was confirmed before is changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.checking import jobs as checking
from ckanext.kagoshima.harvesting import decisions, placing, readings, running
from ckanext.kagoshima.harvesting.connecting import new_client
from ckanext.kagoshima.harvesting.model import STALE, SourceFile
from ckanext.kagoshima.harvesting.sources import Declared
from recommended_datasets.mapping import MappingError
from recommended_datasets.recipe import RecipeError
from recommended_datasets.recipe import load as load_recipe


def mapping(source: HarvestSource, text: str, actor: str, reason: str) -> running.Result:
    """Keep a column mapping for the source and the header it names, and read the source anew with it.

    :raises tk.ValidationError: it is no mapping
    """
    try:
        parsed = readings.parse_mapping(text)
    except MappingError as error:
        raise tk.ValidationError({"mapping": [str(error)]}) from error
    if not parsed.dataset or not parsed.header:
        words = "dataset と header（見出しの指紋）を書いてください / dataset and header are needed"
        raise tk.ValidationError({"mapping": [words]})
    decisions.record(
        "mapping", source.id, actor=actor, code=Declared.of(source).municipality_code, dataset=parsed.dataset,
        cause=parsed.header, reason=reason, detail={"text": text},
    )  # fmt: skip
    _stale(SourceFile.of_source(source.id))
    return running.harvest(source, new_client(retries=0, timeout=60))


def recipe(code: str, text: str, actor: str, reason: str) -> dict[str, Any]:
    """Keep accepted repairs of one standard dataset of one publisher, and read its files anew with them.

    :raises tk.ValidationError: it is no recipe
    """
    try:
        parsed = load_recipe(text)
        catalogue.load().standard(parsed.dataset)
    except (RecipeError, KeyError) as error:
        raise tk.ValidationError({"recipe": [str(error)]}) from error
    decisions.record(
        "recipe", f"recipe {code}", actor=actor, code=code, dataset=parsed.dataset,
        cause=parsed.dataset, reason=reason, detail={"text": text},
    )  # fmt: skip
    rows = model.Session.query(SourceFile).filter(
        SourceFile.municipality_code == code, SourceFile.dataset == parsed.dataset, SourceFile.state == "published"
    )
    ids = _stale(rows)
    done = {name: running.publish_ready(code, files) for name, files in ids.items()}
    for resource in _uploaded(code, parsed.dataset, done):
        checking.enqueue(resource)
    return {"municipality_code": code, "dataset": parsed.dataset, "repairs": len(parsed.steps), "datasets": done}


def route(row: SourceFile, actor: str, reason: str) -> dict[str, Any]:
    """Make the file the authoritative one of all routes to the same rows.

    :raises tk.ValidationError: it is no route that can be chosen
    """
    if row.state not in ("conflict", "alias", "published") or not row.resource_id:
        raise tk.ValidationError({"file_id": [tk._("This file has no rows that could be chosen.")]})
    decisions.record(
        "route", row.resource_id, actor=actor, code=row.municipality_code, dataset=row.dataset,
        cause=row.semantic_hash, reason=reason, detail={"file": row.id},
    )  # fmt: skip
    was = row.state
    if was != "published":
        row.state, row.problem, row.authority = "ready", None, None
    model.Session.commit()
    if was != "published":
        running.publish_ready(row.municipality_code, [row.id])
    for other in model.Session.query(SourceFile).filter(
        SourceFile.resource_id == row.resource_id, SourceFile.id != row.id, SourceFile.state.in_(("conflict", "alias"))
    ):
        placing.beside(other, *placing.routes(other))
    model.Session.commit()
    return {"file_id": row.id, "resource_id": row.resource_id, "state": row.state}


def _stale(rows: Iterable[SourceFile]) -> dict[str, list[str]]:
    """Mark public files so that they are read anew; ids of those that wait for it now, by dataset. Commits."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.state == "published":
            row.reading = STALE
            if row.sha256 == row.published_sha256:
                row.state = "ready"
                found.setdefault(row.package_name, []).append(row.id)
    model.Session.commit()
    return found


def _uploaded(code: str, dataset: str, harvested: Iterable[str]) -> list[str]:
    """Ids of the files that the publisher uploaded itself."""
    query = (
        model.Session.query(model.Resource.id)
        .join(model.Package, model.Package.id == model.Resource.package_id)
        .filter(model.Package.state == "active", model.Resource.state == "active", model.Resource.url_type == "upload")
        .filter(model.Package.extras["recommended_dataset"].astext == dataset)
        .filter(model.Package.extras["municipality_code"].astext == code)
        .filter(model.Package.name.notin_(list(harvested)))
    )
    return [identifier for (identifier,) in query]
