"""Accepted repairs as a file (YAML) that can be applied again to the next version of the source.

A step is played while the source still has the old value, dropped when it has the new one, and a conflict — a question, never
an overwrite — when it has a third.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recommended_datasets.definition import Definition
from recommended_datasets.repair import Repair, apply
from recommended_datasets.report import ColumnMatch
from recommended_datasets.table import Table
from recommended_datasets.values_parsed import trim

_KEYS = ("municipality_code", "id")
_NAMES = ("name", "address")


class RecipeError(ValueError):
    """A recipe file is wrong; the text names the step and says what to do, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Step:
    """One accepted repair. `key` are the texts that name the row: ``(("id", "0012"),)`` or name and address."""

    key: tuple[tuple[str, str], ...]
    field: str
    old: str
    new: str
    reason: str = ""
    who: str = ""
    when: str = ""
    """ISO 8601 date or time."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Accepted repairs of one dataset of one publisher."""

    dataset: str
    steps: tuple[Step, ...] = ()
    municipality_code: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A step whose row now has a third value, stands more than once, or is gone (`record` 0)."""

    step: Step
    code: str
    """``recipe-third-value``, ``recipe-row-gone``, ``recipe-row-twice``, ``recipe-column-gone``."""
    record: int = 0
    line: int = 0
    value: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """`table` with the steps applied; `dropped` are steps that the publisher has done at the source."""

    table: Table
    applied: tuple[Repair, ...]
    dropped: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]


def record(
    table: Table,
    definition: Definition,
    columns: Sequence[ColumnMatch],
    repairs: Iterable[Repair],
    *,
    municipality_code: str = "",
    who: str = "",
    when: str = "",
) -> Recipe:
    """The recipe of these accepted cell repairs of `table` (repairs of header and layout are made anew every time)."""
    index = {str(match.field): match.index for match in columns if match.field}
    steps: list[Step] = []
    for repair in repairs:
        if repair.record:
            row = repair.record - table.first_record
            key = _key(table, definition, index, row, repair.field)
            steps.append(Step(key, repair.field, repair.old, repair.new, repair.code, who, when))
    return Recipe(definition.id, tuple(steps), municipality_code)


def _key_fields(definition: Definition, index: dict[str, int], without: str) -> tuple[str, ...]:
    """What names a row: the key column (with the publisher's code), else name and address — never the repaired field."""
    keys = [field.id for field in definition.fields if field.key and field.id in index and field.id != without]
    return tuple(keys) or tuple(field for field in _NAMES if field in index and field != without)


def _key(table: Table, definition: Definition, index: dict[str, int], row: int, without: str) -> tuple[tuple[str, str], ...]:
    fields = _key_fields(definition, index, without)
    key = tuple((field, trim(table.columns[index[field]][row])) for field in fields)
    if all(text for _, text in key) and key:
        return key
    fields = tuple(field for field in _NAMES if field in index and field != without)
    return tuple((field, trim(table.columns[index[field]][row])) for field in fields)


def replay(recipe: Recipe, table: Table, definition: Definition, columns: Sequence[ColumnMatch]) -> Played:
    """Apply the recipe to a (newer) version of the file."""
    index = {str(match.field): match.index for match in columns if match.field}
    headers = {match.index: match.column for match in columns}
    finders: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}
    applied: list[Repair] = []
    dropped: list[Step] = []
    conflicts: list[Conflict] = []
    for step in recipe.steps:
        fields = tuple(field for field, _ in step.key)
        if step.field not in index or not fields or any(field not in index for field in fields):
            conflicts.append(Conflict(step, "recipe-column-gone"))
            continue
        if fields not in finders:
            finders[fields] = _rows_by_key(table, [index[field] for field in fields])
        rows = finders[fields].get(tuple(text for _, text in step.key), [])
        place = index[step.field]
        if not rows:
            conflicts.append(Conflict(step, "recipe-row-gone"))
            continue
        texts = {table.columns[place][row] for row in rows}
        if len(rows) > 1 and len(texts) > 1:
            conflicts.append(Conflict(step, "recipe-row-twice", table.record(rows[0]), table.lines[rows[0]]))
            continue
        text = texts.pop()
        if text == step.new:
            dropped.append(step)
        elif text == step.old:
            for row in rows:
                where = (table.record(row), table.lines[row], step.field, headers[place])
                applied.append(Repair(*where, step.old, step.new, step.reason or "recipe", "safe", place))
        else:
            conflicts.append(Conflict(step, "recipe-third-value", table.record(rows[0]), table.lines[rows[0]], text))
    return Played(apply(table, applied), tuple(applied), tuple(dropped), tuple(conflicts))


def _rows_by_key(table: Table, places: Sequence[int]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for row in range(table.row_count):
        found.setdefault(tuple(trim(table.columns[place][row]) for place in places), []).append(row)
    return found


def merge(recipe: Recipe, newer: Recipe) -> Recipe:
    """Both recipes as one; a newer step about the same cell replaces the older."""
    steps = {(step.key, step.field): step for step in (*recipe.steps, *newer.steps)}
    return replace(newer, steps=tuple(steps.values()), municipality_code=newer.municipality_code or recipe.municipality_code)


def dump(recipe: Recipe) -> str:
    """The recipe as YAML."""
    import yaml

    steps = [
        {"key": dict(s.key), "field": s.field, "old": s.old, "new": s.new, "reason": s.reason, "who": s.who, "when": s.when}
        for s in recipe.steps
    ]
    data: dict[str, object] = {"dataset": recipe.dataset, "municipality_code": recipe.municipality_code, "repairs": steps}
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=200)


def load(source: str | Path) -> Recipe:
    """A recipe from its YAML text or file; `RecipeError` names the step that is wrong."""
    import yaml

    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    try:
        data: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise RecipeError(f"レシピを YAML として読めません: {error} / the recipe is not YAML") from None
    if not _is_recipe(data):
        raise RecipeError("レシピに dataset と repairs を書いてください / a recipe needs dataset and repairs")
    return Recipe(
        data["dataset"],
        tuple(_step(n, item) for n, item in enumerate(data["repairs"], 1)),
        str(data.get("municipality_code") or ""),
    )


def _is_mapping(data: Any) -> bool:
    return isinstance(data, dict) and bool(data)  # pyright: ignore[reportUnknownArgumentType]


def _is_recipe(data: Any) -> bool:
    return _is_mapping(data) and isinstance(data.get("dataset"), str) and isinstance(data.get("repairs"), list)


def _step(number: int, item: Any) -> Step:
    if not _is_mapping(item) or not _is_mapping(item.get("key")):
        raise RecipeError(f"{number}番目の修正に key がありません / repair {number} has no key")
    if any(name not in item for name in ("field", "old", "new")):
        raise RecipeError(
            f"{number}番目の修正に field・old・new のどれかがありません / repair {number} lacks field, old or new"
        )
    key = tuple((str(field), str(text)) for field, text in item["key"].items())
    rest = {name: str(item.get(name) or "") for name in ("reason", "who", "when")}
    return Step(key, str(item["field"]), str(item["old"]), str(item["new"]), **rest)
