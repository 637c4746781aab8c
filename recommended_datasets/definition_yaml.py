"""Definitions written back as YAML files, as the package's own are: the facts, then one line for each column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from recommended_datasets.definition import Definition, Field


def plain_field(f: Field) -> dict[str, Any]:
    """A column as the plain data of a definition's YAML file; what is left out is the default."""
    blank = Field(f.id, f.name, f.type)
    item: dict[str, Any] = {"id": f.id, "name": f.name, "type": f.type}
    for key in Field.__dataclass_fields__:
        value: Any = getattr(f, key)
        if key not in item and value != getattr(blank, key):
            item[key] = dict(value) if key == "options" else _listed(value)
    return item


def plain(definition: Definition) -> dict[str, Any]:
    """A definition as the plain data of its YAML file."""
    blank = Definition(definition.id, definition.edition, {}, ())
    item: dict[str, Any] = {"id": definition.id, "edition": definition.edition, "title": dict(definition.title)}
    for key in Definition.__dataclass_fields__:
        value: Any = getattr(definition, key)
        if key.startswith("_") or key in item or key in ("fields", "origin") or value == getattr(blank, key):
            continue
        if key in ("usable", "distinctive"):
            item[key] = [list(group) for group in value]
        else:
            item[key] = _listed(value)
    return item


def _listed(value: object) -> object:
    """A tuple as a list, as YAML has it."""
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def as_yaml(update: Mapping[str, Any]) -> str:
    """The YAML file of a definition: its facts, then one line for each column, as the package's own files are written."""
    import yaml

    def flow(value: object) -> str:
        return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False).strip()

    lines: list[str] = []
    for key, value in update.items():
        if key == "fields" or value in ([], "", None):
            continue
        text = flow(value).removesuffix("...").strip()
        lines.append(f"{key}: {text}")
    lines.append("fields:")
    lines += [f"- {flow(item)}" for item in update["fields"]]
    return "\n".join(lines) + "\n"
