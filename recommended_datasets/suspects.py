"""Rows of a merged table that may be one thing. They are kept, shown and asked about; only a person's decision drops one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from recommended_datasets.definition import Definition
from recommended_datasets.row_identity import NEAR_METRES, Facts, facts, identity_fields, metres

Reason = Literal["same-name-near", "same-id", "two-publishers"]


@dataclass(frozen=True, slots=True, order=True)
class Suspect:
    """Two rows, in the order of their row ids, and why they are suspected."""

    row_id: str
    other_row_id: str
    reason: Reason


def comparable(definition: Definition) -> bool:
    """Has the table rows that may be one thing? Periods of statistics are no copies of each other."""
    return definition.change != "snapshot" and "name" in identity_fields(definition)[1]


def pairs(definition: Definition, rows: Iterable[Mapping[str, Any]]) -> list[Suspect]:
    """All suspected pairs among `rows` (stored columns, or typed ones: coordinates may be numbers).

    The same name (folded) within `NEAR_METRES`, or at the same address where a row has no coordinates: ``two-publishers``
    where two publish it (共同設置 among them), else ``same-name-near``. The same id twice in one file: ``same-id``.
    Rows of one file's other periods are no copies of each other.
    """
    if not comparable(definition):
        return []
    rows = list(rows)
    texts = [
        {key: value if value is None or isinstance(value, str) else str(value) for key, value in row.items()} for row in rows
    ]
    known = facts(definition, texts)
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    by_id: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, row in enumerate(known):
        if row.name:
            by_name[row.name].append(index)
        if row.id:
            by_id[texts[index].get("source_resource") or "", row.id].append(index)
    found: dict[tuple[str, str], Suspect] = {}
    for indexes in by_id.values():
        for first, second in _neighbours(indexes):
            _add(found, texts, first, second, "same-id")
    for indexes in by_name.values():
        for first, second in _near(known, indexes):
            same = texts[first].get("publisher_code") == texts[second].get("publisher_code")
            _add(found, texts, first, second, "same-name-near" if same else "two-publishers")
    return sorted(found.values())


def _add(
    found: dict[tuple[str, str], Suspect], rows: list[dict[str, str | None]], first: int, second: int, reason: Reason
) -> None:
    one, other = sorted((rows[first]["row_id"] or "", rows[second]["row_id"] or ""))
    found[one, other] = Suspect(one, other, reason)


def _neighbours(indexes: list[int]) -> Iterable[tuple[int, int]]:
    """Each with the next: enough to show a group, without its square."""
    return zip(indexes, indexes[1:], strict=False)


def _near(known: list[Facts], indexes: list[int]) -> Iterable[tuple[int, int]]:
    """Pairs of rows of one name at one place, found along the latitude so that a common name stays cheap."""
    if len(indexes) < 2:
        return
    placed = sorted((i for i in indexes if known[i].latitude is not None), key=lambda i: known[i].latitude or 0.0)
    band = NEAR_METRES / 110_000
    for place, first in enumerate(placed):
        for second in placed[place + 1 :]:
            if (known[second].latitude or 0.0) - (known[first].latitude or 0.0) > band:
                break
            distance = metres(known[first], known[second])
            if distance is not None and distance <= NEAR_METRES:
                yield first, second
    by_address: dict[str, int] = {}
    for index in indexes:
        address = known[index].address
        if not address:
            continue
        other = by_address.setdefault(address, index)
        if other != index and (known[index].latitude is None or known[other].latitude is None):
            yield other, index
