"""Guards: is a new revision of a file so unlike the last good one that a person should look first? Pure functions."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from ckanext.kagoshima.harvesting.problems import Problem


@dataclass(frozen=True, slots=True)
class Revision:
    """What the guards compare. `row_count` is None for what is no table."""

    url: str
    dataset: str | None = None
    row_count: int | None = None
    header: tuple[str, ...] = ()
    licence: str = ""
    format: str = ""
    ends_early: bool = False
    """The last row stops in its middle."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A file shrank where it lost this share of its rows *and* at least this many."""

    shrink_share: float = 0.3
    shrink_rows: int = 5


def compare(before: Revision, after: Revision, thresholds: Thresholds, *, volatile: bool = False) -> list[Problem]:
    """Why `after` should wait for a person, the gravest first; empty where it may go public. `volatile`: rows of this dataset
    come and go by nature."""
    found: list[Problem] = []
    if before.dataset != after.dataset and before.dataset is not None:
        values = {"url": after.url, "before": before.dataset, "after": after.dataset or "標準なし"}
        found.append(Problem("other-standard", values))
    if before.row_count is not None and after.row_count is None:
        found.append(Problem("no-longer-a-table", {"url": after.url, "format": after.format}))
    lost_columns = [name for name in before.header if name.strip() and name not in after.header]
    if lost_columns and after.row_count is not None and not found:
        values = {"url": after.url, "columns": "、".join(lost_columns[:10]), "count": len(lost_columns)}
        found.append(Problem("columns-lost", values))
    if before.row_count is not None and after.row_count is not None and not volatile:
        lost = before.row_count - after.row_count
        if lost >= thresholds.shrink_rows and lost >= before.row_count * thresholds.shrink_share:
            values = {"url": after.url, "before": before.row_count, "after": after.row_count}
            found.append(Problem("rows-shrunk", values))
    if after.ends_early and (after.row_count or 0) < (before.row_count or 0) and not found:
        found.append(Problem("ends-early", {"url": after.url, "before": before.row_count, "after": after.row_count}))
    if licence_changed(before.licence, after.licence):
        found.append(Problem("licence-changed", {"url": after.url, "before": before.licence, "after": after.licence}))
    return found


def licence_changed(before: str, after: str) -> bool:
    """Whether a stated licence became another one, or none. A first statement is no change."""
    return bool(before) and before != after


def mass_delete(known: int, gone: int, *, share: float = 0.5, least: int = 3) -> bool:
    """Whether `gone` of `known` files vanishing at once is rather a broken page than a decision."""
    return gone >= least and gone >= known * share


def cause(subject: str, content: str, reasons: list[Problem]) -> str:
    """What a decision holds for: the same file, the same content, the same reasons."""
    codes = sorted({reason.code for reason in reasons})
    return hashlib.sha256(json.dumps([subject, content, codes]).encode()).hexdigest()
