"""Rules over several columns of one row, built from a definition's data: order, together, sum, usable, name × code.

A `RowRule` is stateless: it sees the canonical texts of its fields ("" blank, None unknown) and answers with what it found.
Rules that remember rows (unique key, duplicates) are in `rules_keys`, places and coordinates in `rules_place`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from recommended_datasets import municipality
from recommended_datasets.definition import Definition
from recommended_datasets.report import Severity
from recommended_datasets.values_parsed import squeeze

Values = Sequence[str | None]


class Found(NamedTuple):
    """One finding in a row: the field whose cell is marked, and the issue's code, severity and values."""

    field: str
    code: str
    severity: Severity
    values: tuple[tuple[str, str], ...] = ()


Check = Callable[..., Iterable[Found] | None]
"""A row's canonical texts → what was found, None or nothing where all is well."""


class RowRule(NamedTuple):
    """`check` gets the row's canonical texts of `fields` in order. `key` names the rule for the fast lane's masks."""

    key: str
    fields: tuple[str, ...]
    check: Check


def build(definition: Definition, present: Iterable[str]) -> list[RowRule]:
    """The definition's own rules over the columns that the file has; `KeyError` for a rule that is not known."""
    there = set(present)
    found: list[RowRule] = []
    for rule in definition.rules:
        made = _BUILDERS[str(rule["rule"])](definition, rule, there)
        if made:
            found.append(made)
    for name_fields, code_field in NAMED:
        if code_field in there and there.issuperset(name_fields):
            found.append(_name_and_code(definition, name_fields, code_field))
    return found


def _severity(definition: Definition, rule: dict[str, object]) -> Severity:
    if definition.evidence != "seen":
        return "info"
    return rule.get("severity", "error")  # type: ignore[return-value]


def _names(definition: Definition, fields: Iterable[str]) -> str:
    return "、".join(definition.field(field).name for field in fields)


def _order(definition: Definition, rule: dict[str, object], there: set[str]) -> RowRule | None:
    first, last = (str(field) for field in rule["fields"])  # type: ignore[union-attr]
    if first not in there or last not in there:
        return None
    severity = _severity(definition, rule)
    first_name = definition.field(first).name

    def check(start: str | None, end: str | None) -> list[Found] | None:
        if not start or not end:
            return None
        width = min(len(start), len(end))
        if start[:width] <= end[:width]:
            return None
        return [Found(last, "start-after-end", severity, (("start", start), ("start_name", first_name)))]

    return RowRule(f"order:{first},{last}", (first, last), check)


def _together(definition: Definition, rule: dict[str, object], there: set[str]) -> RowRule | None:
    fields = tuple(str(field) for field in rule["fields"])  # type: ignore[union-attr]
    if not there.issuperset(fields):
        return None
    severity = _severity(definition, rule)

    def check(*texts: str | None) -> list[Found] | None:
        if "" not in texts or not any(texts):
            return None
        others = "、".join(definition.field(field).name for field, text in zip(fields, texts, strict=True) if text)
        blank = [field for field, text in zip(fields, texts, strict=True) if text == ""]
        return [Found(field, "together-missing", severity, (("other", others),)) for field in blank]

    return RowRule("together:" + ",".join(fields), fields, check)


def _sum(definition: Definition, rule: dict[str, object], there: set[str]) -> RowRule | None:
    total, parts = str(rule["total"]), tuple(str(field) for field in rule["parts"])  # type: ignore[union-attr]
    if total not in there or not there.issuperset(parts):
        return None
    severity = _severity(definition, rule)
    names = (
        _names(definition, parts)
        if len(parts) <= 4
        else f"{definition.field(parts[0]).name}〜{definition.field(parts[-1]).name}"
    )

    def check(whole: str | None, *texts: str | None) -> list[Found] | None:
        if not whole or None in texts or not any(texts):
            return None  # a part that is not known leaves the total open
        try:
            added = sum(float(text) for text in texts if text)
            stated = float(whole)
        except ValueError:
            return None
        # Blank parts may be nought or unknown: then only a sum above the total contradicts it.
        if added == stated or ("" in texts and added < stated):
            return None
        return [Found(total, "total-mismatch", severity, (("expected", f"{added:.10g}"), ("parts", names)))]

    return RowRule(f"sum:{total}", (total, *parts), check)


_BUILDERS: dict[str, Callable[[Definition, dict[str, object], set[str]], RowRule | None]] = {
    "order": _order,
    "together": _together,
    "sum": _sum,
}

NAMED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("municipality_name",), "municipality_code"),
    (("prefecture_name", "city_name"), "municipality_code"),
    (("prefecture", "city"), "location_code"),
)
"""Columns that name the body whose code stands in another column."""


def _name_and_code(definition: Definition, name_fields: tuple[str, ...], code_field: str) -> RowRule:
    marked = name_fields[-1]
    code_name = definition.field(code_field).name

    @lru_cache(maxsize=4096)
    def check(code: str | None, *names: str | None) -> list[Found] | None:
        if not code or not any(names) or None in names:
            return None
        body = municipality.by_code(code)
        if body is None or agrees(body, [name for name in names if name]):
            return None
        field = next(field for field, name in reversed(list(zip(name_fields, names, strict=True))) if name)
        return [
            Found(field, "name-code-mismatch", "warning", (("code", code), ("code_name", code_name), ("expected", body.name)))
        ]

    return RowRule(f"name-code:{marked}", (code_field, *name_fields), check)


def agrees(body: municipality.Municipality, names: Sequence[str]) -> bool:
    """Do the written names fit the body? A city's own, former or county-prefixed name; a prefecture's beside any city."""
    joined = squeeze("".join(names))
    if body.name in joined or any(name in joined for name, _ in body.former):
        return True
    parent = municipality.by_code(body.parent) if body.parent else None
    # The prefecture's name alone says nothing against a city's code; a department may write its parent's name.
    return parent is not None and (joined == parent.name or (body.kind not in ("municipality",) and parent.name in joined))


def usable_rule(definition: Definition, there: set[str]) -> RowRule:
    """What makes a row usable (`Definition.usable`): the rule answers with one finding for a row that is not."""
    clauses = [[alternative.split("+") for alternative in clause] for clause in definition.usable]
    fields = tuple(dict.fromkeys(field for clause in clauses for group in clause for field in group if field in there))
    place = {field: index for index, field in enumerate(fields)}
    # Each alternative as positions; one with a column that the file lacks can never hold.
    ready = [
        (clause, [[place[field] for field in group] for group in clause if all(field in place for field in group)])
        for clause in clauses
    ]

    def check(*texts: str | None) -> list[Found] | None:
        for clause, groups in ready:
            if not any(_filled(texts, group) for group in groups):
                return [Found(clause[0][0], "row-unusable", "error", (("missing", _clause(definition, clause)),))]
        return None

    return RowRule("usable", fields, check)


def _filled(texts: Values, group: list[int]) -> bool:
    """A cell that cannot be read is there (unknown, never blank); only a pair, a point on the map, must be readable."""
    if len(group) == 1:
        return texts[group[0]] != ""
    return all(texts[position] for position in group)


def as_if_placed(fields: Sequence[str], texts: Values) -> list[str | None]:
    """The texts with coordinates that are there: what a row would be if its column proves to be swapped."""
    return ["0" if field in ("latitude", "longitude") else text for field, text in zip(fields, texts, strict=True)]


def _clause(definition: Definition, clause: list[list[str]]) -> str:
    named = ["と".join(definition.field(field).name for field in group if field in definition) for group in clause]
    return " / ".join(name for name in dict.fromkeys(named) if name)
