"""Proposed repairs, one per cell, each with its reason; and how they are applied.

``safe``: the canonical value is beyond doubt. ``review``: a person decides. A cell that cannot be read is kept as it is; no
row and no unknown column is ever dropped; repairing twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recommended_datasets import rules_file
from recommended_datasets.definition import Definition
from recommended_datasets.report import ColumnMatch
from recommended_datasets.table import Table
from recommended_datasets.values_columns import UNKNOWN, Column, TableReader, swapped_rows
from recommended_datasets.values_parsed import Kind, Parsed, fold, trim

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Repair:
    """One proposed change. `record` counts data rows from 1 (0 = the file or its header), `line` is the physical line."""

    record: int
    line: int
    field: str
    column: str
    old: str
    new: str
    code: str
    """The issue that it mends; a key of `messages.yaml`."""
    kind: Kind
    index: int = -1
    """The column's place in the file, from 0; -1 for the file as a whole."""


def match(
    table: Table, definition: Definition, columns: Sequence[ColumnMatch] | None, catalog: Catalog | None = None
) -> tuple[ColumnMatch, ...]:
    """`columns`, or how the definition understands the file's header."""
    if columns is not None:
        return tuple(columns)
    from recommended_datasets.matching import match_columns

    return match_columns(table, definition, catalog=catalog)


def propose_repairs(
    table: Table,
    definition: Definition,
    columns: Sequence[ColumnMatch] | None = None,
    municipality_code: str | None = None,
    *,
    catalog: Catalog | None = None,
) -> list[Repair]:
    """Every repair of header, layout and cells, in the order of the file. Nothing is changed here."""
    columns = match(table, definition, columns, catalog)
    found = _of_the_file(table, definition, columns)
    found += cell_repairs(table, read_settled(table, definition, columns))
    return sorted(found, key=lambda repair: (repair.record, repair.index))


def _of_the_file(table: Table, definition: Definition, columns: Sequence[ColumnMatch]) -> list[Repair]:
    line = table.header_line
    found: list[Repair] = []
    if table.encoding not in rules_file.UTF8:
        found.append(Repair(0, 0, "", "", table.encoding, "utf-8-sig", "encoding-not-utf8", "safe"))
    for issue in rules_file.layout(table.notes):
        found.append(Repair(0, issue.line, "", "", issue.value, "", issue.code, "safe"))
    for column in columns:
        if column.field and column.how != "exact":
            name = definition.field(column.field).name
            if column.column != name:
                found.append(
                    Repair(0, line, column.field, column.column, column.column, name, "header-name", "safe", column.index)
                )
    matched = [column.field for column in columns]
    known = [of.id for of in definition.fields if of.id in set(matched)]
    if matched[: len(known)] != known:
        found.append(Repair(0, line, "", "", "", "", "column-order", "safe"))
    return found


def read_settled(
    table: Table, definition: Definition, columns: Sequence[ColumnMatch], constants: Mapping[str, str] | None = None
) -> dict[str, Column]:
    """field id → column, with a latitude and longitude that are swapped in every row put right (a safe repair)."""
    found = TableReader(definition, columns, constants).read(table)
    swaps = swapped_rows(found)
    if not swaps:
        return found
    latitude, longitude = found["latitude"], found["longitude"]
    both = sum(1 for pair in zip(latitude.texts, longitude.texts, strict=True) if all(pair))
    whole = len(swaps) > 1 and len(swaps) == both
    for row in swaps:
        for column, other in ((latitude, longitude), (longitude, latitude)):
            text = trim(fold(other.texts[row]))
            values = (("expected", text),)
            if whole:
                column.changed[row] = Parsed(text, "coordinates-swapped", "warning", values, "safe")
            else:
                column.changed[row] = Parsed(None, "coordinate-swapped", "error", values, "review")
    return found


def cell_repairs(table: Table, columns: Mapping[str, Column], kinds: Iterable[Kind] = ("safe", "review")) -> list[Repair]:
    """The repairs of cells that the types propose."""
    wanted = set(kinds)
    found: list[Repair] = []
    for column in columns.values():
        if column.index < 0:
            continue
        for row, parsed in column.changed.items():
            if parsed.kind not in wanted or parsed is UNKNOWN:
                continue
            new = parsed.text if parsed.kind == "safe" else dict(parsed.values).get("expected")
            if new is None or new == column.texts[row]:
                continue
            where = (table.record(row), table.lines[row], column.field.id, column.header)
            found.append(Repair(*where, column.texts[row], new, str(parsed.code), parsed.kind, column.index))
    return found


def apply(table: Table, repairs: Iterable[Repair]) -> Table:
    """The table with these cells and headers changed; a repair whose old value is no longer there is passed over."""
    header = list(table.header)
    cells: dict[int, list[str]] = {}
    mended: set[tuple[int, int]] = set()
    for repair in repairs:
        if not 0 <= repair.index < len(header):
            continue
        if repair.record == 0:
            if header[repair.index] == repair.old:
                header[repair.index] = repair.new
            continue
        row = repair.record - table.first_record
        column = cells.setdefault(repair.index, list(table.columns[repair.index]))
        if 0 <= row < len(column) and column[row] == repair.old:
            column[row] = repair.new
            mended.add((repair.index, row))
    columns = tuple(cells.get(index, column) for index, column in enumerate(table.columns))
    changed = table.with_columns(tuple(header), columns)
    return replace(changed, unreadable=table.unreadable - mended)
