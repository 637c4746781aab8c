"""What is said about a file as a whole: its columns, its encoding, the lines that are no records; and how sure a rule is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from recommended_datasets.definition import Definition, Field
from recommended_datasets.report import ColumnMatch, Issue
from recommended_datasets.table import Table
from recommended_datasets.values_parsed import Parsed

UTF8 = ("", "utf-8", "utf-8-sig")
UNCERTAIN = ("evidence", "partly")
"""Added to the values of an issue whose rule was not read in a source: its message says 定義確認中."""
_TOKYO = re.compile(r"日本測地系(?!20)|旧測地系|(?i:tokyo(?: ?97)? ?datum)|(?i:TD)(?=[)）])")
_OF_VALUES = frozenset({"not-allowed", "flag-unknown"})
_NOT_RECORDS = {
    "title": "title-lines",
    "note": "note-lines",
    "property": "note-lines",
    "band": "band-lines",
    "total": "total-lines",
}


def issues(table: Table, definition: Definition, columns: Sequence[ColumnMatch], constants: Iterable[str] = ()) -> list[Issue]:
    """The issues of header, encoding and layout, from the file's first block."""
    found = [Issue("edition-partly-known", "info")] if definition.evidence != "seen" else []
    if table.encoding not in UTF8:
        found.append(Issue("encoding-not-utf8", "info", value=table.encoding))
    found += _columns(table, definition, columns, set(constants))
    found += _datum(table, columns)
    return found


def _datum(table: Table, columns: Sequence[ColumnMatch]) -> list[Issue]:
    """A header, or a line above it, that names the old Tokyo datum."""
    if not any(match.field == "latitude" for match in columns):
        return []
    for line, text in [
        *((note.line, note.text) for note in table.notes),
        *((table.header_line, text) for text in table.header),
    ]:
        if match := _TOKYO.search(text):
            return [Issue("tokyo-datum-header", "warning", line=line, field="latitude", value=match[0])]
    return []


def layout(notes: Iterable[object]) -> list[Issue]:
    """One issue for each kind of line that was read as no record, with its first line."""
    first: dict[str, Issue] = {}
    counts: dict[str, int] = {}
    for note in notes:
        code = _NOT_RECORDS.get(getattr(note, "kind", ""))
        if code:
            counts[code] = counts.get(code, 0) + 1
            first.setdefault(code, Issue(code, "info", line=getattr(note, "line", 0), value=getattr(note, "text", "")[:200]))
    return [
        Issue(issue.code, issue.severity, line=issue.line, value=issue.value, values=(("count", str(counts[code])),))
        for code, issue in first.items()
    ]


def _columns(table: Table, definition: Definition, columns: Sequence[ColumnMatch], constants: set[str]) -> list[Issue]:
    line = table.header_line
    there = {match.field for match in columns} | constants
    found: list[Issue] = []
    for field in definition.fields:
        if field.id in there or field.mark != "◎":
            continue
        certain = field.required and definition.evidence == "seen"
        found.append(
            Issue(
                "missing-column",
                "error" if certain else "info",
                line=line,
                field=field.id,
                column=field.name,
                values=() if certain else (UNCERTAIN,),
            )
        )
    hoped = [field.name for field in definition.fields if field.mark == "○" and field.id not in there]
    if hoped:
        found.append(Issue("recommended-columns-missing", "info", line=line, values=_listed(hoped)))
    for match in columns:
        if match.field and match.how == "synonym":
            name = definition.field(match.field).name
            found.append(
                Issue("header-name", "info", 0, line, match.field, match.column, match.column, values=(("expected", name),))
            )
        elif match.field is None and match.how == "none" and match.column.strip():
            conflict = getattr(match, "conflict", "")
            if conflict and conflict in definition:
                values = (("name", definition.field(conflict).name),)
                found.append(Issue("column-twice", "warning", 0, line, "", match.column, match.column, values=values))
            else:
                found.append(Issue("unknown-column", "info", 0, line, "", match.column, match.column))
    matched = [match.field for match in columns if match.field]
    standard = [field.id for field in definition.fields if field.id in set(matched)]
    if matched != standard:
        found.append(Issue("column-order", "info", line=line))
    return found


def blanks(definition: Definition, filled: Mapping[str, int], columns: Sequence[ColumnMatch], rows: int) -> list[Issue]:
    """One hint that names all ○ columns in which no row has anything."""
    if not rows:
        return []
    headers = {match.field: match.column for match in columns if match.field}
    empty = [
        headers[field.id]
        for field in definition.fields
        if field.id in headers and hoped_for(field) and not filled.get(field.id, 0)
    ]
    return [Issue("recommended-columns-blank", "info", values=(*_listed(empty), ("rows", str(rows))))] if empty else []


def hoped_for(field: Field) -> bool:
    """A ○ column whose blank says nothing: worth a hint when no row fills it."""
    return field.mark == "○" and field.type != "flag" and field.blank == "unknown"


def _listed(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (("columns", "、".join(names)), ("number", str(len(names))))


def weighed(of: Field, definition: Definition, parsed: Parsed) -> Parsed:
    """A rule that was not read in a source is never an error."""
    if parsed.severity != "error":
        return parsed
    certain = of.evidence == "seen" and definition.evidence == "seen"
    if parsed.code in _OF_VALUES:
        certain = certain and of.values_certain
    return parsed if certain else parsed._replace(severity="info", values=(*parsed.values, UNCERTAIN))


def missing(of: Field, definition: Definition) -> Parsed:
    """What a blank in a ◎ column is: an error where the mark was read in a source, else a hint."""
    if of.required and definition.evidence == "seen":
        return Parsed("", "missing-value", "error")
    return Parsed("", "missing-value", "info", (UNCERTAIN,))
