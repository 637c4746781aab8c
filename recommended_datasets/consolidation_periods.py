"""Standards whose new file says nothing of older rows: `snapshot` (one more date of a survey) and `append` (one more month).

A publisher who writes each new period over the last one under one address does not take the old ones back. So the rows of
other periods stay in the merged table; a period that the new file has is replaced by what it says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from recommended_datasets.consolidation import Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import ROW_ID

Period = tuple[str | None, ...]


def period_fields(definition: Definition) -> tuple[str, ...]:
    """The fields that say of which period a row is."""
    return tuple(field.id for field in definition.fields if field.type == "date")


def with_earlier(
    contribution: Contribution, before: Mapping[str, Sequence[str | None]], definition: Definition
) -> tuple[Contribution, frozenset[str]]:
    """The contribution of a file with the rows of periods that the file has no more, and the ids of those rows.

    Its balance stays that of the file. Nothing is added where the standard is `replace`, where the file is of one stated
    period (its next version corrects that period), or where the whole file is withheld or gives no row at all.

    :param before: the file's rows in the last version of the table, column by column, with their row ids
    """
    count = len(before.get(ROW_ID.id, ()))
    nothing = contribution, frozenset[str]()
    if definition.change == "replace" or contribution.source.period or not count or not contribution.balance.accepted:
        return nothing
    fields = period_fields(definition)
    if not fields:
        fields = tuple(field.id for field in definition.fields)
    now = set(_periods(contribution.columns, fields, len(contribution.columns[ROW_ID.id])))
    kept = [row for row, period in enumerate(_periods(before, fields, count)) if period not in now]
    if not kept:
        return nothing
    blank: list[str | None] = [""] * count
    columns = {
        name: [*cells, *(before.get(name, blank)[row] for row in kept)] for name, cells in contribution.columns.items()
    }
    ids = frozenset(before[ROW_ID.id][row] or "" for row in kept)
    return dataclasses.replace(contribution, columns=columns), ids


def _periods(columns: Mapping[str, Sequence[str | None]], fields: Sequence[str], count: int) -> list[Period]:
    blank: list[str | None] = [""] * count
    return list(zip(*(columns.get(field, blank) for field in fields), strict=True))
