"""Issues of a report grouped for reading: the same code in the same column is one entry — one cell, many, or all rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recommended_datasets.messages import Lang, label
from recommended_datasets.report import Issue, Report, Severity

Scope = Literal["one", "many", "all"]
_OF_THE_HEADER = frozenset({"header-name", "unknown-column", "missing-column"})
"""Issues about single columns that read better as one entry that names the columns."""
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Group:
    """Equal issues of one column. `count` is the full number of cells or rows, `issues` the examples that were kept."""

    code: str
    severity: Severity
    field: str
    column: str
    count: int
    scope: Scope
    issues: tuple[Issue, ...]

    @property
    def places(self) -> list[tuple[Issue, str]]:
        """Each example with what is shown of it: the column and its right name, or the cell's value."""
        if self.code in _OF_THE_HEADER:
            names = [(issue, dict(issue.values).get("expected", "")) for issue in self.issues]
            return [(issue, f"{issue.column} → {name}" if name else issue.column) for issue, name in names]
        return [(issue, issue.value) for issue in self.issues]

    @property
    def first(self) -> Issue:
        return self.issues[0]


def groups(report: Report) -> list[Group]:
    """Worst first, then in the order of the file."""
    found: dict[tuple[str, str, str], list[Issue]] = {}
    for issue in report.issues:
        place = "" if issue.code in _OF_THE_HEADER else issue.field or issue.column
        found.setdefault((issue.severity, issue.code, place), []).append(issue)
    made: list[Group] = []
    for (severity, code, field), issues in found.items():
        first = issues[0]
        whole = dict(first.values).get("count") if first.record == 0 and first.column else None
        count = int(whole) if whole else report.cut.get(f"{code}/{field}", len(issues))
        scope: Scope = "all" if whole else "one" if count == 1 else "many"
        several = code in _OF_THE_HEADER and len(issues) > 1
        where = ("", "") if several else (first.field, first.column)
        made.append(Group(code, severity, *where, count, scope, tuple(issues)))  # type: ignore[arg-type]
    return sorted(made, key=lambda group: _RANK[group.severity])


def severity_counts(report: Report) -> dict[Severity, int]:
    """Issues per severity, counted in full (one issue about all rows counts once)."""
    counts: dict[Severity, int] = {"error": 0, "warning": 0, "info": 0}
    for group in groups(report):
        counts[group.severity] += 1 if group.scope == "all" else group.count
    return counts


def summary(report: Report, lang: Lang = "ja") -> str:
    """The sentence that a clerk needs: can it be published, and do all rows enter the merged data?"""
    if report.status == "error":
        return label("unreadable", lang)
    if report.dataset is None:
        return label("no-standard", lang)
    if not report.row_count:
        return label("no-rows", lang)
    out = report.row_count - report.accepted_count
    name = "all-accepted" if not out else "none-accepted" if not report.accepted_count else "some-accepted"
    return label(name, lang, rows=report.row_count, out=out)


def tally(report: Report, lang: Lang = "ja") -> str:
    """How many errors, warnings and notes there are."""
    counts = severity_counts(report)
    if not any(counts.values()):
        return label("clean", lang)
    return label("counts", lang, errors=counts["error"], warnings=counts["warning"], infos=counts["info"])


def dataset(report: Report, lang: Lang = "ja") -> str:
    """Title, id and edition of the dataset that the file was judged by; "–" for a file of no standard."""
    if report.dataset is None:
        return "–"
    from recommended_datasets.catalog import load

    try:
        title = load().get(report.dataset, report.edition or "standard").title.get(lang, "")
    except KeyError:  # a definition of somebody's own folder
        title = ""
    return f"{title} ({report.dataset}, {report.edition})".strip()
