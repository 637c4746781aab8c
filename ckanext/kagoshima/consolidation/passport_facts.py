"""What a passport tells of a row besides where it stands: the repairs that were made in it and what was said about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recommended_datasets.repair import Repair
from recommended_datasets.report import Issue


def by_line(repairs: Iterable[Repair], issues: Iterable[Issue]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Physical line → ``{"repairs": […], "issues": […]}``, of the lines that have any."""
    found: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for repair in repairs:
        told = {
            "field": repair.field,
            "column": repair.column,
            "before": repair.old,
            "after": repair.new,
            "code": repair.code,
        }
        found.setdefault(repair.line, {"repairs": [], "issues": []})["repairs"].append(told)
    for issue in issues:
        if issue.line and issue.record:
            found.setdefault(issue.line, {"repairs": [], "issues": []})["issues"].append(_issue(issue))
    return found


def _issue(issue: Issue) -> dict[str, Any]:
    from recommended_datasets.messages import message

    return {
        "code": issue.code,
        "severity": issue.severity,
        "field": issue.field,
        "column": issue.column,
        "value": issue.value,
        "message": message(issue, "ja"),
    }
