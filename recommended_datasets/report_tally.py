"""Counting issues in full while keeping a bounded number of examples; equal issues on all rows become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from recommended_datasets.report import Issue

EXAMPLES = 10_000
"""Examples kept per code and column."""
TOTAL = 100_000
"""Examples kept in all, but for the first of each code and column."""
ALL_ROWS = 5
"""From so many rows on, an issue that every row has is one issue about the column."""


class Tallied(NamedTuple):
    """What `Tally.finish` gives: issues, code → count, and `Report.cut`."""

    issues: tuple[Issue, ...]
    counts: dict[str, int]
    cut: dict[str, int]


def kind(issue: Issue) -> tuple[str, str]:
    """Code and column: issues of one kind are counted together."""
    return issue.code, issue.field or issue.column


class Tally:
    """Issues of one file. `add` in the order of records within a code and column.

    What is kept depends on the counts alone, not on the order in which issues of different kinds come: where all kept issues
    would be more than `total`, fewer are kept of each kind, half as many each time.
    """

    def __init__(self, examples: int, total: int | None = None) -> None:
        self._examples, self._kept = examples, 0
        self._total = TOTAL if total is None else total
        self._found: dict[tuple[str, str], list[Issue]] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, issue: Issue) -> None:
        """Count the issue; keep it while there is room."""
        key = kind(issue)
        self._counts[key] = self._counts.get(key, 0) + 1
        kept = self._found.setdefault(key, [])
        if len(kept) < self._examples:
            kept.append(issue)
            self._kept += 1
            while self._kept > self._total and self._examples > 1:
                self._keep_fewer()

    def _keep_fewer(self) -> None:
        self._examples //= 2
        for kept in self._found.values():
            del kept[self._examples:]
        self._kept = sum(map(len, self._found.values()))

    def count(self, key: tuple[str, str], number: int) -> None:
        """Count issues of a code and column of which there are more than enough already."""
        self._counts[key] = self._counts.get(key, 0) + number

    def extend(self, issues: Iterable[Issue]) -> None:
        for issue in issues:
            self.add(issue)

    def finish(self, rows: int, filled: dict[str, int], order: dict[str, int]) -> Tallied:
        """All kept issues in the order of the file, and the full counts.

        `filled[field]` is the number of cells with text in a column: an issue on all of them is one issue with record 0 and
        the value ``count``. `order[field]` is the column's place.
        """
        counts: dict[str, int] = {}
        cut: dict[str, int] = {}
        issues: list[Issue] = []
        for (code, field), kept in self._found.items():
            count = self._counts[code, field]
            whole = filled.get(field, 0) if kept[0].value else rows
            if count >= ALL_ROWS and count == whole and kept[0].record and kept[0].field:
                first = kept[0]
                values = (
                    *first.values,
                    ("count", str(count)),
                    ("line", str(first.line)),
                    *((("every", "row"),) if count == rows else ()),
                )
                issues.append(replace(first, record=0, line=0, cell_line=0, values=values))
                count = 1
            else:
                issues.extend(kept)
                if count > len(kept):
                    cut[f"{code}/{field}"] = count
            counts[code] = counts.get(code, 0) + count
        last = len(order)
        issues.sort(key=lambda issue: (issue.record, issue.line, order.get(issue.field, last), issue.code))
        return Tallied(tuple(issues), dict(sorted(counts.items())), cut)
