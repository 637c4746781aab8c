"""One file's contribution to a merged table: accepted, rejected, duplicate and withheld rows, each counted exactly once.

``rows_in = accepted + rejected + duplicates + withheld`` is asserted in code for every file. A wrong cell does not throw a
row away; what cannot be read is unknown (None, the original text beside it), never blank.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import EXTRA, ROW_ID, UNKNOWN, field_columns, source_id

if TYPE_CHECKING:
    from recommended_datasets.table import Table


class BalanceError(AssertionError):
    """Rows were lost or counted twice. A bug, never bad data."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rows a file had and what became of each."""

    rows_in: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    withheld: int = 0

    def __post_init__(self) -> None:
        if self.rows_in != self.accepted + self.rejected + self.duplicates + self.withheld:
            raise BalanceError(f"rows_in ≠ accepted + rejected + duplicates + withheld: {self}")

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.rows_in + other.rows_in,
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.duplicates + other.duplicates,
            self.withheld + other.withheld,
        )

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("rows_in", "accepted", "rejected", "duplicates", "withheld")}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file comes from; stands beside each of its rows."""

    publisher_code: str
    publisher_name: str = ""
    dataset: str = ""
    """The catalogue dataset's name (``462012-evacuation-space``)."""
    resource: str = ""
    """The catalogue resource's id, or the file's name outside a catalogue."""
    url: str = ""
    sha256: str = ""
    licence: str = ""
    edition: str = ""
    part: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that is in the file but not in the merged table."""

    record: int
    line: int
    reason: str
    """A key of `messages.yaml`: ``row-unusable``, ``duplicate-row``, ``duplicate-confirmed`` …"""
    text: str = ""
    """The row as in the file, as JSON ``{header: cell}``; always "" for a withheld row."""
    repeats: int = 0
    """For a duplicate: the line it repeats."""
    values: tuple[tuple[str, str], ...] = ()
    """What fills the reason's message."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one file gives to the merged table. `rows` are in file order and have every stored column (see
    `merged_columns.stored_columns`) but the row id; `row_ids` is filled by `identified`."""

    source: Source
    balance: Balance
    rows: tuple[dict[str, str | None], ...] = ()
    rejected: tuple[Dropped, ...] = ()
    duplicates: tuple[Dropped, ...] = ()
    withheld: Mapping[str, int] = field(default_factory=dict[str, int])
    """Reason → number of rows. Never their values."""
    foreign_codes: int = 0
    """Rows whose publisher column named another body; the source's publisher stands."""


class NormalisedRows(Protocol):
    """What `normalisation.normalise` gives (see there)."""

    @property
    def columns(self) -> Mapping[str, Sequence[str | None]]: ...
    @property
    def unknown(self) -> Mapping[tuple[int, str], str]: ...
    @property
    def extra(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def usable(self) -> Sequence[str | None]: ...
    @property
    def reasons(self) -> Mapping[int, tuple[tuple[str, str], ...]]: ...


def contribute(
    table: Table,
    normalised: NormalisedRows,
    target: Definition,
    source: Source,
    *,
    withheld: str | None = None,
    withheld_rows: Mapping[int, str] | None = None,
    drop: Mapping[int, str] | None = None,
) -> Contribution:
    """Sort the rows of one file, in the columns of `target` (the standard edition).

    :param withheld: why the whole file stays out (its licence), with all of its rows counted and no value shown.
    :param withheld_rows: row index → reason, for single rows (personal data).
    :param drop: row index → reason of a person's decision (a confirmed duplicate).
    """
    count = table.row_count
    if withheld:
        return Contribution(source, Balance(rows_in=count, withheld=count), withheld={withheld: count} if count else {})
    withheld_rows, drop = withheld_rows or {}, drop or {}
    keys = [f.id for f in target.fields if f.key]
    first_seen: dict[int, list[int]] = {}
    accepted: list[int] = []
    rejected: list[Dropped] = []
    duplicates: list[Dropped] = []
    reasons: Counter[str] = Counter()
    for row in range(count):
        if row in withheld_rows:
            reasons[withheld_rows[row]] += 1
            continue
        line, record = table.lines[row], table.record(row)
        reason = normalised.usable[row]
        if reason is not None:
            rejected.append(Dropped(record, line, reason, _as_json(table, row), values=normalised.reasons.get(row, ())))
            continue
        earlier = _earlier_copy(table, row, first_seen)
        if earlier is not None and (target.copies == "never" or any(_cell(normalised, key, row) for key in keys)):
            repeated = table.lines[earlier]
            values = (("first_line", str(repeated)),)
            duplicates.append(Dropped(record, line, "duplicate-row", _as_json(table, row), repeated, values))
            continue
        if row in drop:
            duplicates.append(Dropped(record, line, drop[row], _as_json(table, row)))
            continue
        accepted.append(row)
    rows, foreign = _merged_rows(table, normalised, target, source, accepted)
    return Contribution(
        source,
        Balance(count, len(accepted), len(rejected), len(duplicates), sum(reasons.values())),
        rows,
        tuple(rejected),
        tuple(duplicates),
        dict(reasons),
        foreign,
    )


def _cell(normalised: NormalisedRows, field_id: str, row: int) -> str | None:
    column = normalised.columns.get(field_id)
    return column[row] if column is not None else None


def _earlier_copy(table: Table, row: int, first_seen: dict[int, list[int]]) -> int | None:
    """The earlier row that has exactly the same decoded text in all columns; remembers this one when there is none."""
    cells = table.row(row)
    bucket = first_seen.setdefault(hash(cells), [])
    for earlier in bucket:
        if table.row(earlier) == cells:
            return earlier
    bucket.append(row)
    return None


def _as_json(table: Table, row: int) -> str:
    cells = {
        header or f"({index + 1})": column[row]
        for index, (header, column) in enumerate(zip(table.header, table.columns, strict=True))
    }
    return json.dumps({header: cell for header, cell in cells.items() if cell}, ensure_ascii=False)


def _merged_rows(
    table: Table, normalised: NormalisedRows, target: Definition, source: Source, accepted: list[int]
) -> tuple[tuple[dict[str, str | None], ...], int]:
    """The accepted rows in the stored columns. A column that the file does not have reads as blank, but as unknown where a
    blank would say "no": nobody said so."""
    unknown: dict[int, dict[str, str]] = {}
    for (row, field_id), original in normalised.unknown.items():
        unknown.setdefault(row, {})[source_id(field_id)] = original
    foreign = 0
    columns = [
        (f.id, normalised.columns.get(f.id), None if f.blank == "no" else "")
        for f in (c.field for c in field_columns(target))
        if f
    ]
    extra = _extra_columns(normalised, target)
    provenance: dict[str, str | None] = {
        "publisher_code": source.publisher_code,
        "publisher_name": source.publisher_name,
        "source_dataset": source.dataset,
        "source_resource": source.resource,
        "source_part": source.part,
        "source_period": source.period,
        "source_url": source.url,
        "source_sha256": source.sha256,
        "source_line": "",
        "source_licence": source.licence,
        "source_edition": source.edition,
    }
    rows: list[dict[str, str | None]] = []
    for row in accepted:
        merged = {field_id: (absent if column is None else column[row]) for field_id, column, absent in columns}
        originals = unknown.get(row, {})
        if "municipality_code" in merged:
            stated = merged["municipality_code"]
            if stated and stated != source.publisher_code:
                originals = {**originals, source_id("municipality_code"): stated}
                foreign += 1
            merged["municipality_code"] = source.publisher_code
        further = {header: column[row] for header, column in extra if column[row]}
        merged[EXTRA.id] = json.dumps(further, ensure_ascii=False) if further else ""
        merged[ROW_ID.id] = ""
        merged.update(provenance)
        merged["source_line"] = str(table.lines[row])
        merged[UNKNOWN.id] = json.dumps(originals, ensure_ascii=False, sort_keys=True) if originals else ""
        rows.append(merged)
    return tuple(rows), foreign


def _extra_columns(normalised: NormalisedRows, target: Definition) -> list[tuple[str, Sequence[str | None]]]:
    """What the standard edition has no column for: the publisher's own columns, and fields of another edition."""
    found: list[tuple[str, Sequence[str | None]]] = list(normalised.extra.items())
    taken = {header for header, _ in found}
    for field_id, column in normalised.columns.items():
        if field_id not in target and field_id not in taken:
            found.append((field_id, column))
    return found
