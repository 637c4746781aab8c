"""A definition as Table Schema (https://specs.frictionlessdata.io/table-schema/), for other people's tools.

The schema says what the standard says of a canonical file; rules that were not seen in a source are left out, and marks by
analogy are no constraints. It names columns by their headers, in the standard's order.
"""

from __future__ import annotations

from typing import Any

from recommended_datasets.definition import Definition, Field

_PATTERNS = {
    "municipality_code": "[0-9]{6}",
    "machiaza_id": "[0-9]{7}|[0-9]{4}-[0-9]{3}",
    "corporate_number": "[0-9]{13}",
    "postal_code": "[0-9]{7}",
    "weekdays": "月?火?水?木?金?土?日?",
    "time": "[0-9]{2}:[0-9]{2}(:[0-9]{2})?",
    "date": "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?",
    "url": "https?://.+",
    "email": "[^@ ]+@[^@ ]+",
}
_NUMBERS = {"integer": "integer", "money": "integer", "number": "number", "latitude": "number", "longitude": "number"}
_NOT_STATED = ("…", "x", "X")
"""Symbols of official statistics: not known, withheld. (``-``, nought, becomes 0 in a canonical file.)"""
_LIMITS = {"latitude": (-90, 90), "longitude": (-180, 180)}


def table_schema(definition: Definition) -> dict[str, Any]:
    """The Table Schema of a definition as plain data for JSON. `ValueError` if its columns are not known."""
    if not definition.fields:
        raise ValueError(f"the columns of {definition.id} ({definition.edition}) are not known")
    schema: dict[str, Any] = {
        "name": definition.id,
        "title": definition.title["ja"],
        "fields": [_field(f) for f in definition.fields],
        "missingValues": ["", *(_NOT_STATED if definition.statistical else ())],
    }
    key = [f.name for f in definition.fields if f.key and f.required]
    if key:
        schema["primaryKey"] = key
    schema["x-edition"] = definition.edition
    schema["x-evidence"] = definition.evidence
    return schema


def _field(f: Field) -> dict[str, Any]:
    certain = f.evidence == "seen"
    numeric = f.type in _NUMBERS and certain
    shown: dict[str, Any] = {"name": f.name, "type": _NUMBERS[f.type] if numeric else "string"}
    if f.description:
        shown["description"] = f.description
    if f.example:
        shown["example"] = f.example
    shown["x-id"] = f.id
    shown["x-type"] = f.type
    constraints = _constraints(f, numeric) if certain else {}
    if constraints:
        shown["constraints"] = constraints
    return shown


def _constraints(f: Field, numeric: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if f.required and f.type != "flag":
        # ◎ on a flag asks for the column; its blank is an answer.
        found["required"] = True
    if f.type in ("flag", "enum") and f.values_certain and f.allowed:
        found["enum"] = [value for value in f.allowed if value]
    if f.type in _PATTERNS and not found.get("enum"):
        found["pattern"] = _PATTERNS[f.type]
    options = dict(f.options)
    if f.type == "code" and options.get("pattern"):
        found["pattern"] = options["pattern"]
    if numeric:
        low, high = _LIMITS.get(f.type, (options.get("min"), options.get("max")))
        for name, limit in (("minimum", low), ("maximum", high)):
            if limit is not None:
                found[name] = float(limit) if _NUMBERS[f.type] == "number" else int(float(limit))
    return found
