"""`Issue` and `Report`: what was found in one file. Wording is in `messages.yaml`, never here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from recommended_datasets.table import Table

Severity = Literal["error", "warning", "info"]
Status = Literal["success", "failure", "error"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem. `record` counts data rows from 1 (0 = the file), `line` is the physical line from 1 on which the
    record begins, `cell_line` the cell's own where it differs; `field` is the id, `column` the header as in the file."""

    code: str
    severity: Severity
    record: int = 0
    line: int = 0
    field: str = ""
    column: str = ""
    value: str = ""
    cell_line: int = 0
    values: tuple[tuple[str, str], ...] = ()
    """What fills the message's placeholders beside the above: ``(("expected", "462012"),)``."""


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """How one column of the file was understood. `index` is its place in the header, from 0."""

    index: int
    column: str
    field: str | None
    how: Literal["exact", "synonym", "mapping", "none"]
    conflict: str = ""
    """For a column without a field: the field it also means, which a nearer column of the file has."""


@dataclass(frozen=True, slots=True)
class Report:
    """All issues of one file, counted in full; `issues` holds at most a bounded number of examples per code and column."""

    status: Status
    rule_set: str
    dataset: str | None = None
    edition: str | None = None
    encoding: str = ""
    header_line: int = 0
    row_count: int = 0
    accepted_count: int = 0
    issues: tuple[Issue, ...] = ()
    issue_counts: dict[str, int] = field(default_factory=dict[str, int])
    columns: tuple[ColumnMatch, ...] = ()
    nearest: tuple[tuple[str, float], ...] = ()
    """For a file of no standard: the nearest datasets and the share of their columns."""
    notes: tuple[object, ...] = ()
    sha256: str = ""
    cut: dict[str, int] = field(default_factory=dict[str, int])
    """``code/field`` → how many there are, where not all of them are in `issues`."""


def render(
    report: Report,
    format: Literal["text", "json", "csv", "html"] = "text",  # noqa: A002 - the name that interfaces.md uses
    lang: Literal["ja", "en"] = "ja",
    *,
    table: Table | None = None,
    name: str = "",
) -> str:
    """The report as text, JSON, CSV or a self-contained HTML page. `table` and `name` are for the page, which marks the
    file's cells."""
    if format == "html":
        from recommended_datasets.report_html import as_html

        return as_html(report, lang, table=table, name=name)
    from recommended_datasets import report_text

    return {"text": report_text.as_text, "json": report_text.as_json, "csv": report_text.as_csv}[format](report, lang)
