"""Two versions of a merged table → what was added, removed and changed; and back: old copy + changes = new table.

A row is a mapping from column id to its text exactly as the merged CSV has it before marks (``""`` blank, None unknown, the
original text then in `unknown`). Four kinds of change: ``added``, ``removed``, ``changed`` (what the row says), and
``provenance`` (it says the same, but stands under another running number, licence or file). The first three are news; the
fourth is what a copy needs to stay exact. A column that a version does not have yet reads as blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Row = Mapping[str, str | None]
Kind = Literal["added", "removed", "changed", "provenance"]
Cause = Literal["source", "rule_set", "decision"]

READ_FROM = ("source_sha256", "source_line", "source_url", "source_edition")
"""Where the content was read: kept as it was while the content stays the same, so that a re-published file in which one row
changed is one change and not as many as it has rows. The archived file of that sha256 still has the row on that line."""
LABELS = (
    "publisher_code",
    "publisher_name",
    "source_dataset",
    "source_resource",
    "source_part",
    "source_period",
    "source_licence",
)
"""What stands beside the content and may change without it."""


class ChangeError(ValueError):
    """The changes do not fit the copy they are applied to."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row's change. `before` and `after` hold whole rows for removed and added, else only the cells that differ."""

    kind: Kind
    row_id: str
    cause: Cause
    before: Row
    after: Row


def compare(row_id: str, old: Row, new: Row, cause: Cause, *, id_field: str = "") -> tuple[Change | None, Row]:
    """``(change, row to keep)`` for one row in two versions.

    `id_field` names a key that is only a running number in this version: its change alone is no news.
    """
    differing = [column for column in dict.fromkeys((*new, *old)) if old.get(column, "") != new.get(column, "")]
    quiet = {*LABELS, id_field}
    told = [column for column in differing if column not in READ_FROM]
    if not told:
        return None, old
    if any(column not in quiet for column in told):
        kind: Kind = "changed"
        kept = dict(new)
    else:
        kind = "provenance"
        kept = {**new, **{column: old.get(column, "") for column in READ_FROM if column in new}}
        if id_field in told:
            kept.update({column: new[column] for column in READ_FROM if column in new})
    cells = [column for column in dict.fromkeys((*kept, *old)) if old.get(column, "") != kept.get(column, "")]
    before = {column: old.get(column, "") for column in cells}
    return Change(kind, row_id, cause, before, {column: kept.get(column, "") for column in cells}), kept


def apply(rows: Mapping[str, Row], changes: Iterable[Change]) -> dict[str, Row]:
    """The table after `changes`, in order.

    :raises ChangeError: a change does not fit (added twice, not there, or another state than it starts from).
    """
    table = dict(rows)
    for change in changes:
        if change.kind == "added":
            if change.row_id in table:
                raise ChangeError(f"{change.row_id}: すでにあります / is there already")
            table[change.row_id] = change.after
            continue
        row = table.get(change.row_id)
        if row is None:
            raise ChangeError(f"{change.row_id}: ありません / is not there")
        if any(row.get(column, "") != value for column, value in change.before.items()):
            raise ChangeError(f"{change.row_id}: 別の状態からの差分です / the change starts from another state")
        if change.kind == "removed":
            del table[change.row_id]
        else:
            table[change.row_id] = {**row, **change.after}
    return table


def inverse(change: Change) -> Change:
    """The change that takes this one back."""
    kind: Kind = {"added": "removed", "removed": "added"}.get(change.kind, change.kind)  # type: ignore[assignment]
    return Change(kind, change.row_id, change.cause, change.after, change.before)
