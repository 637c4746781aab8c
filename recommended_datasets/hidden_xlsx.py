"""`look_xlsx`: what an .xlsx or .xlsm hides, read from its parts (ECMA-376), each measured by `workbook_guard` first."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

from recommended_datasets.hidden import HiddenSheet, Look, Span
from recommended_datasets.report import Severity
from recommended_datasets.table import ReadError
from recommended_datasets.workbook_guard import entries, guard, stream

_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)>")
_COLUMN = re.compile(rb"<(?:\w+:)?col(?=[\s/>])([^>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
_BUILT_IN = "_xlnm."
_PROPERTIES = {"creator", "lastModifiedBy", "Company", "Manager"}
_SHEET_LIMIT = 16_384


def look_xlsx(data: bytes) -> Look:
    """Sheets in their order, with everything found. Raises `ReadError`."""
    guard(data)
    parts = {entry.filename: b"".join(stream(data, entry)) for entry in entries(data)}
    view = Look()
    for name, state, part in _sheet_parts(parts):
        sheet = HiddenSheet(name, state)
        content = parts.get(part, b"")
        sheet.rows = _merge(_hidden_rows(content))
        sheet.columns = _merge(_hidden_columns(content))
        sheet.filtered = b"filterColumn" in content
        for kind, target in _relations(parts, part):
            if kind == "comments":
                sheet.comments += _comments(parts.get(target, b""))
            elif kind == "threadedComment":
                sheet.comments += _threaded(parts.get(target, b""))
            elif kind == "table" and b"filterColumn" in parts.get(target, b""):
                sheet.filtered = True
        view.sheets.append(sheet)
    view.extras += _workbook_extras(parts)
    for part, content in parts.items():
        if "/drawings/" in part or part.endswith("sharedStrings.xml"):
            view.texts += [(part, text) for text in _texts(content)]
    return view


def _sheet_parts(parts: dict[str, bytes]) -> Iterator[tuple[str, str, str]]:
    book = next((name for name in parts if name.endswith("xl/workbook.xml")), "")
    if not book:
        return
    targets = {relation: target for relation, _, target in _all_relations(parts, book)}
    for element in _parse(parts[book]).iter():
        if _local(element.tag) == "sheet":
            relation = next((v for k, v in element.attrib.items() if _local(k) == "id"), "")
            state = {"hidden": "hidden", "veryHidden": "very-hidden"}.get(element.get("state", ""), "visible")
            yield element.get("name", ""), state, targets.get(relation, "")


def _relations(parts: dict[str, bytes], part: str) -> Iterator[tuple[str, str]]:
    for _, kind, target in _all_relations(parts, part):
        yield kind, target


def _all_relations(parts: dict[str, bytes], part: str) -> Iterator[tuple[str, str, str]]:
    """(id, kind, target part) of a part's relationships."""
    folder, file = posixpath.split(part)
    content = parts.get(f"{folder}/_rels/{file}.rels", b"")
    if not content:
        return
    for element in _parse(content).iter():
        if _local(element.tag) == "Relationship":
            target = element.get("Target", "")
            if element.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, target)).removeprefix("/")
            yield element.get("Id", ""), element.get("Type", "").rpartition("/")[2], target


def _hidden_rows(content: bytes) -> Iterator[int]:
    if b"hidden" not in content and b'ht="0"' not in content:
        return
    row = 0
    for match in _ROW.finditer(content):
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        row = int(attributes[b"r"]) if attributes.get(b"r", b"").isdigit() else row + 1
        if attributes.get(b"hidden") in (b"1", b"true") or attributes.get(b"ht") == b"0":
            yield row - 1


def _hidden_columns(content: bytes) -> Iterator[int]:
    head = content[: content.find(b"sheetData")]
    for match in _COLUMN.finditer(head):
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        if attributes.get(b"hidden") in (b"1", b"true") or attributes.get(b"width") == b"0":
            first, last = (int(attributes.get(k, b"0")[:6] or 0) for k in (b"min", b"max"))
            yield from range(max(first, 1) - 1, min(last, _SHEET_LIMIT))


def _merge(indexes: Iterator[int]) -> list[Span]:
    spans: list[Span] = []
    for index in indexes:
        if spans and spans[-1][1] == index - 1:
            spans[-1] = (spans[-1][0], index)
        else:
            spans.append((index, index))
    return spans


def _comments(content: bytes) -> Iterator[tuple[str, str]]:
    for element in _parse(content).iter():
        if _local(element.tag) == "comment":
            yield element.get("ref", ""), "".join(e.text or "" for e in element.iter() if _local(e.tag) == "t")


def _threaded(content: bytes) -> Iterator[tuple[str, str]]:
    for element in _parse(content).iter():
        if _local(element.tag) == "threadedComment":
            yield element.get("ref", ""), "".join(e.text or "" for e in element.iter() if _local(e.tag) == "text")


def _workbook_extras(parts: dict[str, bytes]) -> Iterator[tuple[str, str, str, Severity]]:
    for part, content in parts.items():
        if part.endswith("xl/workbook.xml"):
            for element in _parse(content).iter():
                if _local(element.tag) == "definedName" and not element.get("name", "").startswith(_BUILT_IN):
                    yield "defined-name", element.get("name", ""), element.text or "", "info"
        elif "/pivotCache/pivotCache" in part and part.endswith(".xml"):
            texts = [v for e in _parse(content).iter() if (v := e.get("v") or e.get("name"))]
            yield "pivot-cache", part, " ".join(texts), "warning"
        elif "/externalLinks/" in part and part.endswith(".xml"):
            targets = " ".join(target for _, _, target in _all_relations(parts, part))
            yield "external-link", part, " ".join([targets, *_texts(content)]), "warning"
        elif part.startswith("docProps/") and part.endswith(".xml"):
            for element in _parse(content).iter():
                name = _local(element.tag)
                if element.text and (name in _PROPERTIES or "custom" in part) and element.text.strip() not in ("openpyxl", ""):
                    yield "author-property", name, element.text, "info"
        elif part.startswith("xl/persons/"):
            for element in _parse(content).iter():
                if element.get("displayName"):
                    yield "author-property", "person", element.get("displayName", ""), "info"
        elif part.endswith("vbaProject.bin"):
            yield "macro", part, "", "warning"
        elif "/embeddings/" in part:
            yield "embedded-file", part, "", "warning"
        elif part.startswith("customXml/item") and "Props" not in part:
            yield "custom-data", part, " ".join(_texts(content)), "info"


def _texts(content: bytes) -> list[str]:
    """Every run of text below one string item, paragraph or value."""
    root = _parse(content)
    found: list[str] = []
    for element in root.iter():
        if _local(element.tag) in ("si", "p", "v", "val"):
            spoken = {id(t) for e in element.iter() if _local(e.tag) == "rPh" for t in e.iter()}  # furigana
            text = "".join(e.text or "" for e in element.iter() if _local(e.tag) in ("t", "v", "val") and id(e) not in spoken)
            if text.strip():
                found.append(text)
    return found


def _parse(content: bytes) -> Element:
    """`guard` has refused DOCTYPE and ENTITY, so there is nothing to expand."""
    if not content:
        return Element("none")
    try:
        return fromstring(content)
    except (ParseError, LookupError, ValueError) as error:
        raise ReadError("broken-workbook", reason=str(error)) from error


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
