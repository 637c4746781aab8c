"""A report as text, JSON and CSV; the HTML page is in `report_html`."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any, cast

from recommended_datasets import messages
from recommended_datasets.messages import Lang, label
from recommended_datasets.report import Issue, Report
from recommended_datasets.report_groups import Group, dataset, groups, summary, tally

_SHOWN = 8
_FORMULA = re.compile(r"[=@\t]|[+-](?![0-9.,()+ -]*$)")
CSV_COLUMNS = ("record", "line", "column", "field", "code", "severity", "value", "message")


def as_text(report: Report, lang: Lang = "ja") -> str:
    """For a terminal or a mail that is read where its links cannot be opened."""
    lines = [summary(report, lang), tally(report, lang), ""]
    facts = [
        (label("dataset", lang), dataset(report, lang)),
        (label("encoding", lang), report.encoding),
        (label("header-line", lang), str(report.header_line)),
        (label("rows", lang), str(report.row_count)),
        (label("rule-set", lang), report.rule_set),
    ]
    lines += [f"{name}: {value}" for name, value in facts if value not in ("", "0")]
    if report.nearest:
        lines.append(f"{label('nearest', lang)}: " + ", ".join(f"{name} {share:.0%}" for name, share in report.nearest))
    for group in groups(report):
        lines += ["", f"[{label(group.severity, lang)}] {_where(group, lang)} ({group.code})"]
        lines.append(f"  {messages.sentence(group.first, lang)}")
        todo = messages.todo(group.first, lang)
        if todo:
            lines.append(f"  → {todo}")
        if group.scope == "many":
            lines.append(f"  {label('places', lang)}: {_places(group, lang)}")
    return "\n".join(lines) + "\n"


def _where(group: Group, lang: Lang) -> str:
    column = group.column or (label("row", lang) if group.first.record else "")
    if group.scope == "many":
        place = label("count", lang, count=group.count)
    elif group.first.record == 0 and group.first.line == 0:
        place = label("whole-column" if column else "whole-file", lang)
    else:
        place = label("line", lang, line=group.first.cell_line or group.first.line)
    return f"{column} {place}".strip()


def _places(group: Group, lang: Lang) -> str:
    shown: list[str] = []
    for issue, text in group.places[:_SHOWN]:
        quoted = f"「{messages.one_line(text)[:40]}」" if text else ""
        shown.append((label("line", lang, line=issue.cell_line or issue.line) if issue.record else "") + quoted)
    if group.count > len(shown):
        shown.append(label("more", lang, count=group.count - len(shown)))
    return ("、" if lang == "ja" else ", ").join(shown)


def issue_dict(issue: Issue, lang: Lang = "ja") -> dict[str, Any]:
    """One issue as in the JSON report. `cell_line` only where it is not `line`; `count` where it is about all rows."""
    found: dict[str, Any] = {
        "code": issue.code,
        "severity": issue.severity,
        "record": issue.record,
        "line": issue.line,
        "field": issue.field,
        "column": issue.column,
        "value": issue.value,
        "message": messages.message(issue, lang),
    }
    if issue.cell_line and issue.cell_line != issue.line:
        found["cell_line"] = issue.cell_line
    values = dict(issue.values)
    if values.get("count", "").isdigit():
        found["count"] = int(values["count"])
    if "expected" in values:
        found["expected"] = values["expected"]
    return found


def as_dict(report: Report, lang: Lang = "ja") -> dict[str, Any]:
    """The JSON report as plain data; a file of no standard has ``dataset`` None and ``nearest``."""
    found: dict[str, Any] = {
        "status": report.status,
        "rule_set": report.rule_set,
        "dataset": report.dataset,
        "edition": report.edition,
        "encoding": report.encoding,
        "header_line": report.header_line,
        "row_count": report.row_count,
        "accepted_count": report.accepted_count,
        "summary": summary(report, lang),
        "issues": [issue_dict(issue, lang) for issue in report.issues],
        "issue_counts": report.issue_counts,
        "columns": [{"column": match.column, "field": match.field, "how": match.how} for match in report.columns],
        "sha256": report.sha256,
    }
    if report.dataset is None:
        found["nearest"] = [{"dataset": dataset, "share": share} for dataset, share in report.nearest]
    return found


def as_json(report: Report, lang: Lang = "ja") -> str:
    """A line for each value, and for each entry of a list: json's own indenting takes four times as long."""
    lines = ",\n".join(f' "{name}": {_value(value)}' for name, value in as_dict(report, lang).items())
    return f"{{\n{lines}\n}}\n"


def _value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(_dumps, cast("list[Any]", value))) + "\n ]"
    return _dumps(value)


_dumps = json.JSONEncoder(ensure_ascii=False).encode


def as_csv(report: Report, lang: Lang = "ja") -> str:
    """One line per issue, for a spreadsheet; begins with a BOM. Cells that a spreadsheet would run begin with ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for issue in report.issues:
        text = messages.message(issue, lang)
        row = (issue.record or "", issue.line or "", issue.column, issue.field, issue.code, issue.severity, issue.value, text)
        writer.writerow([f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell for cell in row])
    return "\ufeff" + out.getvalue()
