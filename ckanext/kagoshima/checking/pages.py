"""A report as the pages show it: the sentence for the clerk, and what to mend, grouped."""

from __future__ import annotations

from typing import Any, Literal, cast

from ckanext.kagoshima.checking import catalogue
from recommended_datasets import messages
from recommended_datasets.report import Report
from recommended_datasets.report_groups import groups, severity_counts, summary, tally

PLACES = 20


def view(report: Report, lang: str) -> dict[str, Any]:
    """``{"status", "sentence", "tally", "groups": [{"severity", "column", "count", "sentence", "todo", "places"}], …}``

    `places` are at most twenty examples, each with record, line and value.
    """
    language = cast('Literal["ja", "en"]', lang)
    return {
        "status": report.status,
        "sentence": summary(report, language),
        "tally": tally(report, language),
        "counts": severity_counts(report),
        "dataset": report.dataset,
        "dataset_title": catalogue.title(report.dataset, lang) if report.dataset else "",
        "edition": report.edition,
        "encoding": report.encoding,
        "header_line": report.header_line,
        "row_count": report.row_count,
        "accepted_count": report.accepted_count,
        "rule_set": report.rule_set,
        "nearest": [(dataset, catalogue.title(dataset, lang), share) for dataset, share in report.nearest[:3]],
        "groups": [
            {
                "code": group.code,
                "severity": group.severity,
                "column": group.column,
                "count": group.count,
                "scope": group.scope,
                "sentence": messages.sentence(group.first, language),
                "todo": messages.todo(group.first, language),
                "places": [
                    {"record": one.record, "line": one.cell_line or one.line, "value": one.value}
                    for one in group.issues[:PLACES]
                    if one.line
                ],
            }
            for group in groups(report)
        ],
        "columns": [
            {"column": match.column, "field": match.field, "how": match.how} for match in report.columns
        ],
    }
