"""A publisher's rows of a merged table from one run to the next: the same row keeps its id, and what changed is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recommended_datasets import changes, row_identity
from recommended_datasets.consolidation import Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import ROW_ID


@dataclass(frozen=True, slots=True)
class Version:
    """A publisher's rows of one merged table after a run, and what led there from the last run."""

    rows: dict[str, dict[str, str | None]]
    """Row id → stored columns, in no particular order (see `in_order`)."""
    changes: tuple[changes.Change, ...]


def identify(
    previous: Mapping[str, Mapping[str, str | None]],
    contributions: Sequence[Contribution],
    target: Definition,
    *,
    cause: changes.Cause = "source",
    taken: frozenset[str] = frozenset(),
) -> Version:
    """Give the rows of a publisher's changed files their row ids and say what changed.

    :param previous: row id → row, of those files in the last version (files that went away included).
    :param contributions: those files now. A row that moved from one file of the publisher to another keeps its id.
    :param taken: row ids of that publisher that stand in its other files.
    """
    old_by_file: dict[str, list[str]] = {}
    for row_id, row in previous.items():
        old_by_file.setdefault(row.get("source_resource") or "", []).append(row_id)
    free_old: list[str] = []
    free_new: list[dict[str, str | None]] = []
    rows: dict[str, dict[str, str | None]] = {}
    found: list[changes.Change] = []
    id_field, _ = row_identity.identity_fields(target)

    def settle(row_id: str, row: dict[str, str | None], trusted: bool) -> None:
        row[ROW_ID.id] = row_id
        change, kept = changes.compare(row_id, previous[row_id], row, cause, id_field="" if trusted else id_field)
        rows[row_id] = dict(kept)
        if change is not None:
            found.append(change)

    for contribution in contributions:
        old_ids = old_by_file.pop(contribution.source.resource, [])
        matching = row_identity.match(
            row_identity.facts(target, [previous[row_id] for row_id in old_ids]),
            row_identity.facts(target, contribution.rows),
        )
        for new, old in matching.pairs.items():
            settle(old_ids[old], contribution.rows[new], matching.ids_trusted)
        free_old.extend(old_ids[index] for index in matching.removed)
        free_new.extend(contribution.rows[index] for index in matching.added)
    for old_ids in old_by_file.values():
        free_old.extend(old_ids)
    if target.change == "snapshot":
        across = row_identity.Matching(added=tuple(range(len(free_new))), removed=tuple(range(len(free_old))))
    else:
        across = row_identity.match(
            row_identity.facts(target, [previous[row_id] for row_id in free_old]), row_identity.facts(target, free_new)
        )
    for new, old in across.pairs.items():
        settle(free_old[old], free_new[new], across.ids_trusted)
    for index in across.removed:
        row_id = free_old[index]
        found.append(changes.Change("removed", row_id, cause, dict(previous[row_id]), {}))
    if across.added:
        fresh = [free_new[index] for index in across.added]
        publisher = fresh[0]["publisher_code"] or ""
        in_use = taken | previous.keys()
        ids = row_identity.new_row_ids(publisher, target.id, row_identity.facts(target, fresh), in_use)
        for row_id, row in zip(ids, fresh, strict=True):
            row[ROW_ID.id] = row_id
            rows[row_id] = row
            found.append(changes.Change("added", row_id, cause, {}, dict(row)))
    found.sort(key=lambda change: (("removed", "changed", "added", "provenance").index(change.kind), change.row_id))
    return Version(rows, tuple(found))


def sort_key(row: Mapping[str, str | None], id_field: str) -> tuple[str, str, int, str, str]:
    """The order of a merged table, a function of what its rows say: publisher, file, id (2 before 10), row id."""
    number = (row.get(id_field) if id_field else "") or ""
    return (row.get("publisher_code") or "", row.get("source_resource") or "", len(number), number, row.get("row_id") or "")
