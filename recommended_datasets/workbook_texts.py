"""Texts of a workbook's XML and its shared strings; `NotPlain` where python-calamine has to read them."""

from __future__ import annotations

import re
from collections.abc import Iterable

OTHER_ENCODING = re.compile(rb"<\?xml[^>]*\sencoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)
_ENTITY = re.compile("&(?:(amp|lt|gt|quot|apos);)?")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")

_ONE_ITEM = 8 << 20
_ITEM_END = "</si>"
_STRINGS_HEAD = re.compile(r"(?:<\?xml[^<>]*\?>)?\s*<sst(?: [^<>]*)?>")
_STRINGS_TAIL = re.compile(r"</sst>\s*")
_READING = re.compile(r"<rPh(?: [^<>]*)?><t(?: xml:space=\"preserve\")?>[^<]*</t></rPh>|<phoneticPr [^<>]*/>")
_TEXT = r'<t(?: xml:space="(preserve)")?>([^<]*)</t>'
_ITEM = re.compile(rf"<si>{_TEXT}</si>")
# A run's properties end before the next run: without that, runs that do not end cost the square of their number.
_RUN = re.compile(rf"<r>(?:<rPr>(?:<(?!r>)[^<>]*>)*?</rPr>)?{_TEXT}</r>")
_AROUND, _KEPT = len("<si><t></t></si>"), len(' xml:space="preserve"')


class NotPlain(Exception):
    """Something that python-calamine has to read."""


def refuse_odd(text: str) -> None:
    """Excel's own escapes (_x000D_) and carriage returns are for python-calamine."""
    if "\r" in text or ("_" in text and "_x" in text and _ESCAPED.search(text)):
        raise NotPlain


def without_entities(text: str) -> str:
    return _ENTITY.sub(_entity, text) if "&" in text else text


def _entity(hit: re.Match[str]) -> str:
    if not hit[1]:
        raise NotPlain
    return _ENTITIES[hit[1]]


def shared_texts(pieces: Iterable[bytes]) -> list[str]:
    """The texts of xl/sharedStrings.xml, without their readings (furigana). Raises `NotPlain`."""
    texts: list[str] = []
    rest = b""
    begun = False
    for piece in pieces:
        window = rest + piece
        end = window.rfind(_ITEM_END.encode()) + len(_ITEM_END)
        if end < len(_ITEM_END):
            if len(window) > _ONE_ITEM:
                raise NotPlain
            rest = window
            continue
        rest, window = window[end:], window[:end]
        text = _decoded(window)
        if not begun:
            head = _STRINGS_HEAD.match(text)
            if head is None or OTHER_ENCODING.match(window):
                raise NotPlain
            text, begun = text[head.end() :], True
        texts += _items(text)
    if not begun or not _STRINGS_TAIL.fullmatch(_decoded(rest)):
        raise NotPlain
    return texts


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotPlain from None


def _items(text: str) -> list[str]:
    """The texts of whole items, one after another."""
    refuse_odd(text)
    if "<rPh" in text or "<phoneticPr" in text:
        text = _READING.sub("", text)
    found: list[tuple[str, str]] = _ITEM.findall(text)
    kept = sum(1 for preserve, _ in found if preserve)
    if sum(len(one) for _, one in found) + _AROUND * len(found) + _KEPT * kept == len(text):
        return [_shown(*one) for one in found]
    texts: list[str] = []
    for item in text.split(_ITEM_END)[:-1]:
        whole = _ITEM.fullmatch(item + _ITEM_END)
        runs: list[tuple[str, str]] = [(whole[1], whole[2])] if whole else _RUN.findall(item)
        if not item.startswith("<si>") or (not whole and _RUN.sub("", item) != "<si>"):
            raise NotPlain
        texts.append("".join(_shown(*run) for run in runs))
    return texts


def _shown(kept: str | None, text: str) -> str:
    text = without_entities(text)
    return text if kept else text.strip(" \t\n")
