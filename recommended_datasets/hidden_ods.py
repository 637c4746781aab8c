"""`look_ods`: what an .ods hides, read from content.xml and meta.xml (OpenDocument 1.3)."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, fromstring

from recommended_datasets.hidden import HiddenSheet, Look, Span
from recommended_datasets.sensitive_finding import cell_name
from recommended_datasets.table import ReadError
from recommended_datasets.workbook_guard import entries, guard, stream

_LIMIT = 1_048_576


def look_ods(data: bytes) -> Look:
    """Sheets in their order, with everything found. Raises `ReadError`."""
    guard(data)
    parts = {e.filename: b"".join(stream(data, e)) for e in entries(data) if e.filename in ("content.xml", "meta.xml")}
    try:
        content = fromstring(parts.get("content.xml", b"<none/>"))
        meta = fromstring(parts.get("meta.xml", b"<none/>"))
    except (ParseError, LookupError, ValueError) as error:
        raise ReadError("broken-workbook", reason=str(error)) from error
    view = Look()
    unseen = {
        _get(style, "name")
        for style in content.iter()
        if _local(style) == "style" and any(_get(p, "display") == "false" for p in style if _local(p) == "table-properties")
    }
    for table in content.iter():
        if _local(table) == "table" and _get(table, "name"):
            view.sheets.append(_sheet(table, unseen))
        elif _local(table) == "named-range":
            view.extras.append(("defined-name", _get(table, "name"), _get(table, "cell-range-address"), "info"))
        elif _local(table) == "table-source":
            view.extras.append(("external-link", "", _get(table, "href"), "warning"))
    for element in meta.iter():
        if _local(element) in ("initial-creator", "creator", "printed-by") and element.text:
            view.extras.append(("author-property", _local(element), element.text, "info"))
    return view


def _sheet(table: Element, unseen: set[str]) -> HiddenSheet:
    sheet = HiddenSheet(_get(table, "name"), "hidden" if _get(table, "style-name") in unseen else "visible")
    column = row = 0
    for element in table.iter():
        name = _local(element)
        if name == "table-column":
            times = _times(element, "number-columns-repeated")
            if _get(element, "visibility") in ("collapse", "filter"):
                sheet.columns.append((column, min(column + times, _LIMIT) - 1))
            column += times
        elif name == "table-row":
            times = _times(element, "number-rows-repeated")
            visibility = _get(element, "visibility")
            if visibility in ("collapse", "filter"):
                _extend(sheet.rows, (row, min(row + times, _LIMIT) - 1))
                sheet.filtered = sheet.filtered or visibility == "filter"
            _comments(element, row, sheet)
            row += times
    return sheet


def _extend(spans: list[Span], span: Span) -> None:
    if spans and spans[-1][1] == span[0] - 1:
        spans[-1] = (spans[-1][0], span[1])
    else:
        spans.append(span)


def _comments(row_element: Element, row: int, sheet: HiddenSheet) -> None:
    column = 0
    for cell in row_element:
        for note in cell:
            if _local(note) == "annotation":
                text = "\n".join("".join(p.itertext()) for p in note if _local(p) == "p")
                sheet.comments.append((cell_name(row, column), text))
        column += _times(cell, "number-columns-repeated")


def _times(element: Element, name: str) -> int:
    text = _get(element, name)
    return min(int(text[:8]), _LIMIT) if text.isdecimal() else 1


def _get(element: Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""  # pyright: ignore[reportUnnecessaryIsInstance]
