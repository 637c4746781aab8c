"""`normalise`: a table as canonical columns of its definition — what conversion, merge and outputs work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recommended_datasets import rules, rules_place
from recommended_datasets.definition import Definition
from recommended_datasets.repair import Repair, cell_repairs, match, read_settled
from recommended_datasets.report import ColumnMatch
from recommended_datasets.table import Table

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog
    from recommended_datasets.checking import Checked
    from recommended_datasets.recipe import Conflict, Recipe
    from recommended_datasets.values_columns import Column


@dataclass(frozen=True, slots=True)
class Normalised:
    """Canonical texts after the safe repairs, column by column; every list has one item per row of the table."""

    columns: dict[str, list[str | None]]
    """field id → texts; "" = blank, None = cannot be read (unknown, never blank). Only fields that the file (or the
    mapping) gives."""
    unknown: dict[tuple[int, str], str]
    """(row from 0, field id) → the text as written, for every None above."""
    repairs: list[Repair]
    """The safe repairs that lie between the file and `columns`, those of a recipe among them."""
    extra: dict[str, list[str]]
    """header → texts of the columns that no field took, in the file's order; a header that stands twice gets ``_2`` …"""
    lines: Sequence[int]
    """The physical line of each row."""
    usable: list[str | None]
    """None = the merge can use the row, else the code of the reason why not (a key of `messages.yaml`)."""
    reasons: dict[int, tuple[tuple[str, str], ...]] = field(default_factory=dict[int, tuple[tuple[str, str], ...]])
    """row → the values that fill the message of its reason."""
    conflicts: tuple[Conflict, ...] = ()
    """Where a recipe met a third value."""

    @property
    def row_count(self) -> int:
        return len(self.usable)


def normalise(
    table: Table,
    definition: Definition,
    columns: Sequence[ColumnMatch] | None = None,
    municipality_code: str | None = None,
    recipe: Recipe | None = None,
    *,
    constants: Mapping[str, str] | None = None,
    polygon: rules_place.Polygon | None = None,
    catalog: Catalog | None = None,
    read: Mapping[str, Column] | None = None,
) -> Normalised:
    """`table` in the terms of `definition`. Rows keep their order and number; none is dropped. Never raises for bad data.

    `read`: the columns as they were read of `table` with these `constants`; not used where they are of another table.
    """
    columns = match(table, definition, columns, catalog)
    of_recipe: list[Repair] = []
    conflicts: tuple[Conflict, ...] = ()
    if recipe is not None:
        from recommended_datasets.recipe import replay

        played = replay(recipe, table, definition, columns)
        table, of_recipe, conflicts = played.table, list(played.applied), played.conflicts
    if read is None or recipe is not None or not _of(table, read):
        read = read_settled(table, definition, columns, constants)
    canonical = {field_id: column.canonical() for field_id, column in read.items()}
    unknown = {
        (row, field_id): column.texts[row]
        for field_id, column in read.items()
        for row, parsed in column.changed.items()
        if parsed.text is None
    }
    usable, reasons = _usable(definition, canonical, table.row_count, municipality_code, polygon)
    repairs = of_recipe + cell_repairs(table, read, ("safe",))
    return Normalised(
        columns=canonical,
        unknown=unknown,
        repairs=sorted(repairs, key=lambda repair: (repair.record, repair.index)),
        extra=_extra(table, columns),
        lines=table.lines,
        usable=usable,
        reasons=reasons,
        conflicts=conflicts,
    )


def normalise_checked(
    checked: Checked, municipality_code: str | None = None, *, catalog: Catalog | None = None
) -> Normalised:
    """A checked file in the terms of its definition: with its mapping's constants, and read once. It has a table and a
    definition; `municipality_code` where it is not the check's own."""
    table, definition = checked.table, checked.definition
    assert table is not None and definition is not None
    code = municipality_code or checked.municipality_code
    constants, read = checked.constants, checked.read
    return normalise(table, definition, checked.columns, code, constants=constants, read=read, catalog=catalog)


def _of(table: Table, read: Mapping[str, Column]) -> bool:
    """Are these the columns of this table?"""
    return all(column.index < 0 or column.texts is table.columns[column.index] for column in read.values())


def _usable(
    definition: Definition,
    canonical: Mapping[str, list[str | None]],
    rows: int,
    publisher: str | None,
    polygon: rules_place.Polygon | None,
) -> tuple[list[str | None], dict[int, tuple[tuple[str, str], ...]]]:
    there = set(canonical)
    checks = [rules.usable_rule(definition, there)]
    if definition.place == "error":
        checks += [rule for rule in rules_place.rules(definition, there, publisher, polygon) if rule.key == "place"]
    usable: list[str | None] = [None] * rows
    reasons: dict[int, tuple[tuple[str, str], ...]] = {}
    for rule in checks:
        texts = zip(*(canonical[field_id] for field_id in rule.fields), strict=True) if rule.fields else ((),) * rows
        for row, values in enumerate(texts):
            found = None if usable[row] else next(iter(rule.check(*values) or ()), None)
            if found:
                usable[row], reasons[row] = found.code, found.values
    return usable, reasons


def _extra(table: Table, columns: Sequence[ColumnMatch]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for column in columns:
        if column.field is None:
            header, number = column.column, 1
            while header in found:
                number += 1
                header = f"{column.column}_{number}"
            found[header] = list(table.columns[column.index])
    return found
