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
from recommended_datasets.merged_columns import EXTRA, ROW_ID, STATUS, UNKNOWN, field_columns, source_id

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
    """What one file gives to the merged table, column by column: a list for each of `merged_columns.stored_columns`, all
    as long as there are accepted rows, in file order. The row ids in it are "" until `merged_versions.identify`."""

    source: Source
    balance: Balance
    columns: Mapping[str, Sequence[str | None]] = field(default_factory=dict[str, Sequence[str | None]])
    rejected: tuple[Dropped, ...] = ()
    duplicates: tuple[Dropped, ...] = ()
    withheld: Mapping[str, int] = field(default_factory=dict[str, int])
    """Reason → number of rows. Never their values."""
    foreign_codes: int = 0
    """Rows whose publisher column named another body; the source's publisher stands."""

    @property
    def rows(self) -> tuple[dict[str, str | None], ...]:
        """The accepted rows one by one, for few of them."""
        cells = zip(*self.columns.values(), strict=True)
        return tuple(dict(zip(self.columns, row, strict=True)) for row in cells)


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
    keys = [column for f in target.fields if f.key and (column := normalised.columns.get(f.id)) is not None]
    first_seen: dict[tuple[str, ...], int] = {}
    accepted: list[int] = []
    rejected: list[Dropped] = []
    duplicates: list[Dropped] = []
    reasons: Counter[str] = Counter()
    for row, cells in enumerate(zip(*table.columns, strict=True) if table.columns else ((),) * count):
        if row in withheld_rows:
            reasons[withheld_rows[row]] += 1
            continue
        reason = normalised.usable[row]
        if reason is not None:
            values = normalised.reasons.get(row, ())
            rejected.append(Dropped(table.record(row), table.lines[row], reason, _as_json(table, row), values=values))
            continue
        earlier = first_seen.setdefault(cells, row)
        if earlier != row and (target.copies == "never" or any(column[row] for column in keys)):
            repeated = table.lines[earlier]
            values = (("first_line", str(repeated)),)
            line, record = table.lines[row], table.record(row)
            duplicates.append(Dropped(record, line, "duplicate-row", _as_json(table, row), repeated, values))
            continue
        if row in drop:
            duplicates.append(Dropped(table.record(row), table.lines[row], drop[row], _as_json(table, row)))
            continue
        accepted.append(row)
    columns, foreign = _merged_columns(table, normalised, target, source, accepted)
    return Contribution(
        source,
        Balance(count, len(accepted), len(rejected), len(duplicates), sum(reasons.values())),
        columns,
        tuple(rejected),
        tuple(duplicates),
        dict(reasons),
        foreign,
    )


def _as_json(table: Table, row: int) -> str:
    cells = {
        header or f"({index + 1})": column[row]
        for index, (header, column) in enumerate(zip(table.header, table.columns, strict=True))
    }
    return json.dumps({header: cell for header, cell in cells.items() if cell}, ensure_ascii=False)


def stored_columns_of(
    table: Table, normalised: NormalisedRows, target: Definition, source: Source, rows: list[int]
) -> dict[str, Sequence[str | None]]:
    """These rows of a file in `merged_columns.stored_columns`, whatever a merge would think of them."""
    return _merged_columns(table, normalised, target, source, rows)[0]


def _merged_columns(
    table: Table, normalised: NormalisedRows, target: Definition, source: Source, accepted: list[int]
) -> tuple[dict[str, Sequence[str | None]], int]:
    """The accepted rows in the stored columns. A column that the file does not have reads as blank, but as unknown where a
    blank would say "no": nobody said so."""
    whole = len(accepted) == table.row_count
    merged: dict[str, Sequence[str | None]] = {}
    for f in (column.field for column in field_columns(target)):
        if f is None:
            continue
        column = normalised.columns.get(f.id)
        if column is None:
            merged[f.id] = [None if f.blank == "no" else ""] * len(accepted)
        else:
            merged[f.id] = column if whole else [column[row] for row in accepted]
    unknown: dict[int, dict[str, str]] = {}
    for (row, field_id), original in normalised.unknown.items():
        unknown.setdefault(row, {})[source_id(field_id)] = original
    foreign = 0
    if "municipality_code" in merged:
        for row, stated in zip(accepted, merged["municipality_code"], strict=True):
            if stated and stated != source.publisher_code:
                unknown.setdefault(row, {})[source_id("municipality_code")] = stated
                foreign += 1
        merged["municipality_code"] = [source.publisher_code] * len(accepted)
    merged[EXTRA.id] = _extra(_extra_columns(normalised, target), accepted)
    provenance = {
        ROW_ID.id: "",
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
        STATUS.id: "",
    }
    merged |= {name: [text] * len(accepted) for name, text in provenance.items()}
    merged["source_line"] = [str(table.lines[row]) for row in accepted]
    merged[UNKNOWN.id] = [
        json.dumps(unknown[row], ensure_ascii=False, sort_keys=True) if row in unknown else "" for row in accepted
    ]
    return merged, foreign


def _extra(columns: list[tuple[str, Sequence[str | None]]], accepted: list[int]) -> list[str]:
    if not columns:
        return [""] * len(accepted)
    found: list[str] = []
    for row in accepted:
        further = {header: column[row] for header, column in columns if column[row]}
        found.append(json.dumps(further, ensure_ascii=False) if further else "")
    return found


def _extra_columns(normalised: NormalisedRows, target: Definition) -> list[tuple[str, Sequence[str | None]]]:
    """What the standard edition has no column for: the publisher's own columns, and fields of another edition."""
    found: list[tuple[str, Sequence[str | None]]] = list(normalised.extra.items())
    taken = {header for header, _ in found}
    for field_id, column in normalised.columns.items():
        if field_id not in target and field_id not in taken:
            found.append((field_id, column))
    return found
