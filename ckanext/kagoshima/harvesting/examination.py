"""What a collected body is: format, standard, rows, hashes, and whether it may be looked at at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.checking.judge import judge
from ckanext.kagoshima.harvesting import contents, readings
from ckanext.kagoshima.harvesting.entries import Entry, file_name
from ckanext.kagoshima.harvesting.problems import Problem
from recommended_datasets import sensitive, values
from recommended_datasets.report import Report
from recommended_datasets.table import ReadError, Table

_STAMP = re.compile(r"^(?:データ)?(?:最終)?(?:更新|作成|出力|抽出|取得)(?:年月日|日時|日付|日)$")
_MODULUS = 1 << 256
_BROKEN = ("short-record", "encoding-error", "unclosed-quote")


@dataclass(frozen=True, slots=True)
class Examined:
    """`problem`: why it cannot be published at first sight. `personal`: kinds of personal data found, never their values.
    `header` and `row_count` only for tables. `date`: the one date that a periodic table is about."""

    sha256: str
    semantic_hash: str
    format: str
    report: Report | None = None
    dataset: str | None = None
    edition: str | None = None
    header: tuple[str, ...] = ()
    row_count: int | None = None
    date: str = ""
    gtfs: bool = False
    problem: Problem | None = None
    personal: tuple[dict[str, Any], ...] = field(default=())
    questions: tuple[Problem, ...] = ()
    """Accepted repairs that no longer fit: for a person, while the file itself goes public."""
    unfit: bool = False
    """There are confirmed column mappings, and the header is none of theirs."""
    mapped: bool = False
    """A person confirmed what the columns under this header are."""
    reading: str = ""
    """`readings.Reading.mark` of what it was read with."""
    ends_early: bool = False
    """A text file whose last row stops in its middle: the rest may not have come."""


def examine(
    body: bytes, entry: Entry, *, code: str, content_type: str = "", reading: readings.Reading = readings.NOTHING
) -> Examined:
    """Look at `body`, which came from `entry` of publisher `code`. Nothing is kept."""
    sha256 = hashlib.sha256(body).hexdigest()
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        report = judge(body, file_name(entry.url), municipality_code=code).report
        kind = contents.kind_of(body, entry.url, entry.format)
        return Examined(sha256, sha256, kind, report, problem=Problem("empty-file", {"url": entry.url}))
    if contents.looks_like_html(body, content_type):
        report = judge(body, file_name(entry.url), municipality_code=code).report
        return Examined(sha256, sha256, "HTML", report, problem=Problem("html-not-csv", {"url": entry.url}))
    kind = contents.kind_of(body, entry.url, entry.format)
    if not contents.is_table(kind):
        return Examined(sha256, sha256, "ZIP" if kind == "GTFS" else kind, gtfs=kind == "GTFS")
    judged = readings.judged(body, file_name(entry.url), reading, dataset=entry.dataset or None, municipality_code=code)
    checked = judged.checked
    report: Report = checked.report
    table: Table | None = checked.table
    if report.status == "error" or table is None:
        code_ = report.issues[0].code if report.issues else "unreadable"
        problem = Problem("unreadable", {"url": entry.url, "detail": code_})
        return Examined(sha256, sha256, kind, report, problem=problem, personal=_personal(body, None, None))
    definition = checked.definition
    problem = Problem("no-rows", {"url": entry.url}) if not table.row_count else None
    if definition is None and "encoding-error" in report.issue_counts and "\ufffd" in "".join(table.header):
        # No encoding gives even the header: whatever was read is not what was written.
        problem = Problem("unreadable", {"url": entry.url, "detail": "encoding"})
    return Examined(
        sha256=sha256,
        semantic_hash=semantic_hash(table),
        format=kind,
        report=report,
        dataset=report.dataset,
        edition=report.edition,
        header=tuple(table.header),
        row_count=table.row_count,
        date=_date(table, checked.columns, definition) if definition is not None and definition.change != "replace" else "",
        problem=problem,
        personal=_personal(body, judged.original, definition),
        questions=tuple(_question(entry.url, conflict) for conflict in judged.conflicts),
        unfit=judged.unfit,
        mapped=judged.mapped,
        reading=reading.mark,
        ends_early=_ends_early(body, table, report),
    )


def _ends_early(body: bytes, table: Table, report: Report) -> bool:
    if body.endswith((b"\n", b"\r")) or not table.row_count or contents.is_workbook(body):
        return False
    last = table.lines[-1]
    return any(issue.line >= last and issue.code in _BROKEN for issue in report.issues)


def _question(url: str, conflict: Any) -> Problem:
    key = "、".join(text for _field, text in conflict.step.key)
    values = {"url": url, "line": conflict.line or "?", "key": key, "field": conflict.step.field, "detail": conflict.code}
    return Problem("recipe-question", values)


def semantic_hash(table: Table) -> str:
    """A hash of what a table says. Encoding, BOM, line ends, the order of rows and columns, titles above the header,
    and columns that only stamp every row with one date do not change it."""
    columns = sorted(
        (header, index)
        for index, header in enumerate(table.header)
        if not (_STAMP.match(header.strip()) and len(set(table.columns[index])) <= 1)
    )
    cells = [table.columns[index] for _header, index in columns]
    total = 0
    for row in zip(*cells, strict=True):
        digest = hashlib.sha256("\x1f".join(str(cell).strip() for cell in row).encode("utf-8", "surrogatepass")).digest()
        total = (total + int.from_bytes(digest, "big")) % _MODULUS
    head = "\x1f".join(header.strip() for header, _index in columns)
    return hashlib.sha256(f"{head}\x1e{table.row_count}\x1e{total:064x}".encode("utf-8", "surrogatepass")).hexdigest()


def _date(table: Table, columns: Any, definition: Any) -> str:
    """The date that all rows share in the first date column, ISO; empty where they differ or it cannot be read."""
    for match in columns:
        if match.field and match.field in definition and definition.field(match.field).type == "date":
            found = {str(cell).strip() for cell in table.columns[match.index]} - {""}
            if len(found) != 1:
                return ""
            parsed = values.parse(definition.field(match.field), found.pop())
            return parsed.text or ""
    return ""


def _personal(body: bytes, table: Table | None, definition: Any) -> tuple[dict[str, Any], ...]:
    """Where personal data stands, as kind, line and column; a workbook is scanned whole (hidden sheets, comments)."""
    try:
        findings = sensitive.scan(body if contents.is_workbook(body) or table is None else table, definition)
    except ReadError:
        return ()
    blocking = [finding for finding in findings if finding.holds]
    return tuple({"kind": f.code, "line": f.line, "column": f.column} for f in blocking[:100])


def periodic(dataset: str) -> bool:
    """Whether the standard keeps every period of this dataset."""
    return catalogue.load().standard(dataset).change != "replace"
