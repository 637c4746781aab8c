"""How a publisher's file is to be read: column mappings and repairs that persons confirmed, the same on every route.

Both are rows of the append-only event table: a ``mapping`` holds for a source and the fingerprint of one header, a ``recipe``
for a publisher and a standard dataset; of several the latest counts.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml
from ckan import model

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.checking.judge import judge
from ckanext.kagoshima.harvesting.model import Event, SourceFile
from ckanext.kagoshima.harvesting.sources import Declared
from recommended_datasets import mapping as mappings
from recommended_datasets import recipe as recipes
from recommended_datasets.mapping import Mapping
from recommended_datasets.recipe import Recipe
from recommended_datasets.repair import Repair
from recommended_datasets.validation import Validation


@dataclass(frozen=True, slots=True)
class Reading:
    """`mappings`: the latest first; `recipes`: by standard dataset. `mark` changes whenever one of them does."""

    mappings: tuple[Mapping, ...] = ()
    recipes: dict[str, Recipe] = field(default_factory=dict)
    mark: str = ""


NOTHING = Reading()


@dataclass(frozen=True, slots=True)
class Judged:
    """The core's verdict on a file as persons said it is to be read. `checked`: of `recommended_datasets.checking`; `repairs`:
    steps of the recipe that were applied; `conflicts`: those that a person must look at; `unfit`: there are mappings, and the
    header is none of theirs; `mapped`: one was confirmed for this header; `original`: the table before the recipe."""

    checked: Any
    original: Any = None
    repairs: tuple[Repair, ...] = ()
    conflicts: tuple[recipes.Conflict, ...] = ()
    unfit: bool = False
    mapped: bool = False


def of_source(source_id: str, declared: Declared) -> Reading:
    """What was confirmed for a source: in its sources file, and later by persons."""
    texts = [*_latest("mapping", source_id), *([declared.mapping] if declared.mapping else [])]
    return _reading(texts, _recipes(declared.municipality_code))


def of_resource(resource_id: str, code: str) -> Reading:
    """The same for a resource of the catalogue, wherever its file came from. `code`: its publisher's."""
    texts: list[str] = []
    query = model.Session.query(SourceFile.source_id).filter(
        SourceFile.resource_id == resource_id, SourceFile.published_sha256 != ""
    )
    for (source_id,) in query.distinct():
        source = HarvestSource.get(source_id)
        declared = Declared.of(source) if source is not None else None
        texts += [*_latest("mapping", source_id), *([declared.mapping] if declared and declared.mapping else [])]
    return _reading(texts, _recipes(code))


def judged(
    data: bytes,
    name: str,
    reading: Reading,
    *,
    dataset: str | None = None,
    municipality_code: str | None = None,
    stated: bool = False,
) -> Judged:
    """The verdict on `data`. What the header says comes first, and `dataset` is for headers that say nothing, unless the
    catalogue itself has `stated` what it is.

    `KeyError` where `dataset` is no standard.
    """
    checked: Any = None
    unfit = False
    for mapping in reading.mappings:
        found = _judge(data, name, dataset, municipality_code, mapping, stated)
        if found.table is not None and mapping.fits(found.table.header):
            checked = found
            break
        unfit = found.table is not None
    mapped = checked is not None
    if checked is None:
        checked = _judge(data, name, dataset, municipality_code, None, stated)
    else:
        unfit = False
    definition = checked.definition
    recipe = reading.recipes.get(definition.id) if definition is not None else None
    if recipe is None or checked.table is None or definition is None:
        return Judged(checked, checked.table, unfit=unfit, mapped=mapped)
    played = recipes.replay(recipe, checked.table, definition, checked.columns)
    original = checked.table
    if played.applied:
        checked = _again(checked, played.table)
    return Judged(checked, original, played.applied, played.conflicts, unfit, mapped)


def checked_as(code: str, dataset: str, mark: str) -> str:
    """What beside the bytes decides a verdict: publisher, dataset, and how persons said that it is to be read."""
    return f"{code}:{dataset}:{mark}" if mark else f"{code}:{dataset}"


def proposal(data: bytes, name: str, dataset: str, code: str) -> str:
    """A mapping for a person to confirm, as YAML; empty where there is no table."""
    checked = judge(data, name, dataset=dataset, municipality_code=code)
    if checked.table is None:
        return ""
    proposed = mappings.propose_mapping(checked.table, catalogue.load().standard(dataset))
    return mappings.dump(dataclasses.replace(proposed, scores={}))


def parse_mapping(text: str) -> Mapping:
    """
    :raises MappingError: it is no mapping, or names what is not there
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise mappings.MappingError(f"YAMLとして読めません / not YAML: {error}") from None
    dataset = raw.get("dataset") if isinstance(raw, dict) else ""
    try:
        definition = catalogue.load().get(dataset, raw.get("edition") or "standard") if dataset else None
    except KeyError:
        raise mappings.MappingError(f"標準データセット「{dataset}」はありません / no such dataset") from None
    return mappings.parse(raw, "mapping", definition)


def _judge(
    data: bytes, name: str, dataset: str | None, code: str | None, mapping: Mapping | None, stated: bool
) -> Any:
    wanted = mapping.dataset if mapping is not None and mapping.dataset else None
    wanted = dataset if stated and dataset else wanted
    checked = judge(data, name, dataset=wanted, municipality_code=code, mapping=mapping)
    if checked.report.dataset is None and dataset and checked.table is not None:
        checked = judge(data, name, dataset=dataset, municipality_code=code, mapping=mapping)
    return checked


def _again(checked: Any, table: Any) -> Any:
    """The verdict on `table`, the repaired one of the file that `checked` judged."""
    validation = Validation(
        checked.definition,
        municipality_code=checked.municipality_code,
        columns=checked.columns,
        catalog=catalogue.load(),
        constants=checked.constants,
    )
    validation.feed(table)
    return dataclasses.replace(checked, report=validation.finish(), table=table, read=validation.read)


def _latest(kind: str, subject: str) -> list[str]:
    """The texts that hold: of each cause (header, dataset) the last one, the newest first."""
    query = model.Session.query(Event).filter(Event.kind == kind, Event.subject == subject).order_by(Event.id.desc())
    found: dict[str, str] = {}
    for event in query:
        found.setdefault(event.cause, (event.detail or {}).get("text", ""))
    return [text for text in found.values() if text]


def _recipes(code: str) -> list[str]:
    return _latest("recipe", f"recipe {code}") if code else []


def _reading(texts: Iterable[str], steps: Iterable[str]) -> Reading:
    texts, steps = list(texts), list(steps)
    if not texts and not steps:
        return NOTHING
    loaded = [recipes.load(text) for text in steps]
    mark = hashlib.sha256("\0".join([*texts, *steps]).encode()).hexdigest()[:16]
    return Reading(tuple(parse_mapping(text) for text in texts), {one.dataset: one for one in loaded}, mark)
