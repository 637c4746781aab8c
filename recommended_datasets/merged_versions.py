"""A publisher's rows of a merged table from one run to the next: the same row keeps its id, and what changed is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recommended_datasets import changes, row_identity
from recommended_datasets.consolidation import Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import ROW_ID, stored_columns

Columns = Mapping[str, Sequence[str | None]]
"""Rows column by column, as `Contribution.columns` and a stored frame's ``to_dict(as_series=False)`` have them."""
Cells = tuple[str | None, ...]
_QUIET = frozenset({*changes.READ_FROM, ROW_ID.id})


@dataclass(frozen=True, slots=True)
class Version:
    """A publisher's rows of one merged table after a run, and what led there from the last run."""

    columns: Columns
    """Every one of `stored_columns`, in no particular order of rows (see `outputs.stored_frame_of`)."""
    added: tuple[int, ...] = ()
    """Which of them were not there before."""
    edits: tuple[changes.Change, ...] = ()
    """What else changed: removed, changed, then provenance; each by row id."""
    cause: changes.Cause = "source"
    lines: Mapping[str, str] = field(default_factory=dict[str, str])
    """Row id → the line of today's file on which the row stands. (Its `source_line` is that of the file in which it was
    read first as it is.)"""

    @property
    def rows(self) -> dict[str, dict[str, str | None]]:
        """Row id → row, for few of them."""
        cells = zip(*self.columns.values(), strict=True)
        found = (dict(zip(self.columns, row, strict=True)) for row in cells)
        return {row[ROW_ID.id] or "": row for row in found}

    @property
    def changes(self) -> tuple[changes.Change, ...]:
        """All of them, for few: removed, changed, added, provenance; each by row id."""
        names = list(self.columns)
        fresh = [
            changes.Change(
                "added", self.columns[ROW_ID.id][row] or "", self.cause, {},
                {name: self.columns[name][row] for name in names},
            )
            for row in self.added
        ]  # fmt: skip
        fresh.sort(key=lambda change: change.row_id)
        quiet = [change for change in self.edits if change.kind == "provenance"]
        return (*(change for change in self.edits if change.kind != "provenance"), *fresh, *quiet)


def identify(
    previous: Columns,
    contributions: Sequence[Contribution],
    target: Definition,
    *,
    cause: changes.Cause = "source",
    taken: frozenset[str] = frozenset(),
) -> Version:
    """Give the rows of a publisher's changed files their row ids and say what changed.

    :param previous: the rows of those files in the last version (files that went away included); {} where there was none.
    :param contributions: those files now. A row that moved from one file of the publisher to another keeps its id.
    :param taken: row ids of that publisher that stand in its other files.
    """
    names = [column.id for column in stored_columns(target)]
    if not any(previous.values()):
        return _first(contributions, target, names, cause, taken)
    work = _Work(previous, contributions, target, names, cause, taken)
    return work.version()


def _first(
    contributions: Sequence[Contribution],
    target: Definition,
    names: Sequence[str],
    cause: changes.Cause,
    taken: frozenset[str],
) -> Version:
    """Nothing was there before: every row is added, and nothing has to be compared."""
    columns: dict[str, Sequence[str | None]]
    if len(contributions) == 1:
        columns = dict(contributions[0].columns)
    else:
        columns = {name: [cell for one in contributions for cell in one.columns.get(name, ())] for name in names}
    count = len(next(iter(columns.values()), ()))
    known = row_identity.facts_of_columns(target, columns, count, contents=False)
    ids = _new_ids(columns.get("publisher_code", ()), target, known, taken)
    lines = dict(zip(ids, (line or "" for line in columns.get("source_line", ())), strict=True))
    return Version({**columns, ROW_ID.id: ids}, tuple(range(count)), (), cause, lines)


def _new_ids(
    publishers: Sequence[str | None], target: Definition, known: Sequence[row_identity.Facts], taken: Iterable[str]
) -> list[str]:
    publisher = (publishers[0] or "") if publishers else ""
    return row_identity.new_row_ids(publisher, target.id, known, taken)


@dataclass(slots=True)
class _Work:
    """The rows of the last version and of this one, as tuples in the order of `names`."""

    previous: Columns
    contributions: Sequence[Contribution]
    target: Definition
    names: Sequence[str]
    cause: changes.Cause
    taken: frozenset[str]
    rows: list[Cells] = field(default_factory=list[Cells])
    edits: list[changes.Change] = field(default_factory=list[changes.Change])
    lines: dict[str, str] = field(default_factory=dict[str, str])

    def version(self) -> Version:
        count = len(next(iter(self.previous.values())))
        blank = [""] * count
        old = list(zip(*(self.previous.get(name, blank) for name in self.names), strict=True))
        old_facts = row_identity.facts_of_columns(self.target, self.previous, count)
        of_file: dict[str, list[int]] = {}
        for index, resource in enumerate(self.previous["source_resource"]):
            of_file.setdefault(resource or "", []).append(index)
        free_old: list[int] = []
        free_new: list[Cells] = []
        free_facts: list[row_identity.Facts] = []
        for one in self.contributions:
            new = list(zip(*(one.columns[name] for name in self.names), strict=True)) if one.columns else []
            facts = row_identity.facts_of_columns(self.target, one.columns, len(new))
            own = of_file.pop(one.source.resource, [])
            matching = row_identity.match([old_facts[index] for index in own], facts)
            for index, other in matching.pairs.items():
                self._settle(old[own[other]], new[index], matching.ids_trusted)
            free_old.extend(own[index] for index in matching.removed)
            free_new.extend(new[index] for index in matching.added)
            free_facts.extend(facts[index] for index in matching.added)
        for own in of_file.values():
            free_old.extend(own)
        if self.target.change == "snapshot":
            across = row_identity.Matching(added=tuple(range(len(free_new))), removed=tuple(range(len(free_old))))
        else:
            across = row_identity.match([old_facts[index] for index in free_old], free_facts)
        for index, other in across.pairs.items():
            self._settle(old[free_old[other]], free_new[index], across.ids_trusted)
        place = self.names.index(ROW_ID.id)
        for index in across.removed:
            gone = old[free_old[index]]
            before = dict(zip(self.names, gone, strict=True))
            self.edits.append(changes.Change("removed", gone[place] or "", self.cause, before, {}))
        settled = len(self.rows)
        fresh = [free_new[index] for index in across.added]
        publishers = [row[self.names.index("publisher_code")] for row in fresh[:1]]
        in_use = self.taken | {row_id for row_id in self.previous[ROW_ID.id] if row_id}
        ids = _new_ids(publishers, self.target, [free_facts[index] for index in across.added], in_use)
        self.rows += [(*row[:place], row_id, *row[place + 1 :]) for row, row_id in zip(fresh, ids, strict=True)]
        order = ("removed", "changed", "provenance")
        self.edits.sort(key=lambda change: (order.index(change.kind), change.row_id))
        cells = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.names)
        columns = dict(zip(self.names, cells, strict=True))
        line = self.names.index("source_line")
        self.lines.update((row_id, row[line] or "") for row_id, row in zip(ids, fresh, strict=True))
        return Version(columns, tuple(range(settled, len(self.rows))), tuple(self.edits), self.cause, self.lines)

    def _settle(self, old: Cells, new: Cells, trusted: bool) -> None:
        """Keep the row of a pair under its id, and tell what differs."""
        self.lines[old[self.names.index(ROW_ID.id)] or ""] = new[self.names.index("source_line")] or ""
        differs = any(a != b and name not in _QUIET for name, a, b in zip(self.names, old, new, strict=True))
        if not differs:
            self.rows.append(old)
            return
        id_field, _ = row_identity.identity_fields(self.target)
        before = dict(zip(self.names, old, strict=True))
        after = {**dict(zip(self.names, new, strict=True)), ROW_ID.id: before[ROW_ID.id]}
        row_id = before[ROW_ID.id] or ""
        change, kept = changes.compare(row_id, before, after, self.cause, id_field="" if trusted else id_field)
        self.rows.append(tuple(kept.get(name, "") for name in self.names))
        if change is not None:
            self.edits.append(change)


def sort_key(row: Mapping[str, str | None], id_field: str) -> tuple[str, str, int, str, str]:
    """The order of a merged table, a function of what its rows say: publisher, file, id (2 before 10), row id."""
    number = (row.get(id_field) if id_field else "") or ""
    return (row.get("publisher_code") or "", row.get("source_resource") or "", len(number), number, row.get("row_id") or "")
