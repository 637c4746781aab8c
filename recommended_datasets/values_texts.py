"""Names, addresses, notes, kana and Latin text: stored as written, checked for letters that were lost on the way."""

from __future__ import annotations

import re
import unicodedata

from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed, compare_key, fold, repaired, trim

_SUSPECT = re.compile(
    "[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff〓\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f?\u200b-\u200f\u202a-\u202e\u2060\ufeff]"
)
_LOST = re.compile("\ufffd")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_QUESTION = re.compile(r"(?<=[^\x00-\x7f])\?(?=[^\x00-\x7f])|^\?(?=[^\x00-\x7f])|\?{2,}")
# Only the half-width one: a program that cannot write a letter writes that; ？ is written by people.
_EDGES = re.compile(r"^[\s\u3000\u200b\ufeff]|[\s\u3000\u200b\ufeff]$")


def _letters(text: str, *, name: bool) -> Parsed | None:
    """An issue where letters were lost: U+FFFD, private use (外字), 〓, control characters, ``?`` inside a name."""
    if not _SUSPECT.search(text):
        return None
    if _LOST.search(text):
        return Parsed(text, "lost-character", "error")
    if match := _PRIVATE.search(text):
        return Parsed(text, "private-character", "warning", (("character", f"U+{ord(match[0]):04X}"),))
    if "〓" in text:
        return Parsed(text, "geta-character", "warning")
    if match := _CONTROL.search(text):
        return Parsed(text, "control-character", "warning", (("character", f"U+{ord(match[0]):04X}"),))
    if name and _QUESTION.search(text):
        return Parsed(text, "question-mark", "warning")
    if _INVISIBLE.search(text):
        plain = _INVISIBLE.sub("", text)
        return repaired(trim(plain), "invisible-character")
    return None


def text(text: str, field: Field | None = None, /) -> Parsed:
    """Free text. Line breaks inside are kept; blanks at both ends are not."""
    if _SUSPECT.search(text):
        found = _letters(text, name=False)
        if found:
            return found
    return repaired(trim(text), "blank-around") if _EDGES.search(text) else Parsed(text)


def name(text: str, field: Field | None = None, /) -> Parsed:
    """A proper name: every character is kept; NFKC is for comparing only."""
    found = _letters(text, name=True)
    if found:
        return found
    if "\n" in text or "\r" in text:
        trimmed = trim(text)
        if "\n" not in trimmed and "\r" not in trimmed:
            return repaired(trimmed, "blank-around")
        return Parsed(trimmed, "line-break", "warning", (("expected", re.sub(r"\s*[\r\n]+\s*", " ", trimmed)),), "review")
    return repaired(trim(text), "blank-around") if _EDGES.search(text) else Parsed(text)


_KANA = re.compile(r"[ァ-ヺー・ヽヾ　 ]+")
_KANA_LOOSE = re.compile(r"[ァ-ヺー・ヽヾ　 0-9０-９A-Za-zＡ-Ｚａ-ｚ（）()「」『』～〜&＆\-－.．,、／/]+")
_HALF_KANA = re.compile("[\uff61-\uff9f]+")
_HIRAGANA = re.compile(r"[ぁ-ゖ]")


def kana(text: str, field: Field | None = None, /) -> Parsed:
    """Full-width katakana; half-width kana and hiragana are rewritten, kanji is pointed out."""
    if _KANA.fullmatch(text):
        return repaired(trim(text), "blank-around") if _EDGES.search(text) else Parsed(text)
    found = _letters(text, name=True)
    if found:
        return found
    plain = trim(_HALF_KANA.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text))
    plain = (
        re.sub("[\u2010-\u2015\u2212\u2500-](?=[ァ-ヺ]|$)", "ー", plain)
        if re.search("[ァ-ヺ][\u2010-\u2015\u2212\u2500]", plain)
        else plain
    )
    code = "kana-width" if plain != trim(text) else "blank-around"
    if _HIRAGANA.search(plain):
        plain, code = _HIRAGANA.sub(lambda match: chr(ord(match[0]) + 0x60), plain), "kana-hiragana"
    if _KANA_LOOSE.fullmatch(plain):
        return Parsed(text) if plain == text else repaired(plain, code)
    return Parsed(text, "kana-other", "warning")


def latin(text: str, field: Field | None = None, /) -> Parsed:
    """Half-width letters and digits; full-width ones are rewritten, Japanese is pointed out."""
    if text.isascii():
        return repaired(trim(text), "blank-around") if _EDGES.search(text) else Parsed(text)
    found = _letters(text, name=False)
    if found:
        return found
    plain = trim(fold(text))
    if re.search(r"[\u3040-\u30ff\u3400-\u9fff]", plain):
        return Parsed(text, "latin-other", "warning")
    return Parsed(text) if plain == text else repaired(plain, "width")


def enum(text: str, field: Field, /) -> Parsed:
    """One of the field's allowed values; a spelling that differs in width, blanks or variants is rewritten."""
    if not field.allowed or text in field.allowed:
        return Parsed(text)
    key = compare_key(text)
    for value in field.allowed:
        if compare_key(value) == key:
            return repaired(value, "allowed-spelling")
    allowed = ("allowed", " / ".join(value for value in field.allowed if value))
    near = [value for value in field.allowed if value and (key in compare_key(value) or compare_key(value) in key)]
    if len(near) == 1:
        return Parsed(text, "not-allowed", "error", (allowed, ("expected", near[0])), "review")
    return Parsed(text, "not-allowed", "error", (allowed,))


_SAFE_SEPARATOR = re.compile(r"[;；\r\n]+")
_OTHER_SEPARATOR = re.compile(r"[、,，/／・]")


def items(text: str, field: Field, /) -> Parsed:
    """Several values joined with ``;`` (each of `Field.allowed`, where there are such)."""
    parts = [trim(part) for part in _SAFE_SEPARATOR.split(text)]
    joined = ";".join(part for part in parts if part)
    found = _letters(text, name=False)
    if found:
        return found
    if field.allowed:
        return _allowed_items(text, joined, field)
    if joined != text:
        return repaired(joined, "list-separator")
    if ";" not in text and _OTHER_SEPARATOR.search(text) and len(re.split(r"[、,，/／]", text)) > 2:
        proposal = ";".join(trim(part) for part in re.split(r"[、,，/／]", text) if trim(part))
        return Parsed(text, "list-separator-unsure", "info", (("expected", proposal),), "review")
    return Parsed(text)


def _allowed_items(text: str, joined: str, field: Field) -> Parsed:
    parts = joined.split(";")
    canonical = {compare_key(value): value for value in field.allowed}
    if any(compare_key(part) not in canonical for part in parts):
        split = [trim(part) for part in re.split(r"[;、,，/／・]", joined) if trim(part)]
        if any(compare_key(part) not in canonical for part in split):
            return Parsed(text, "not-allowed", "error", (("allowed", " / ".join(field.allowed)),))
        parts = split
    expected = ";".join(canonical[compare_key(part)] for part in parts)
    return Parsed(text) if expected == text else repaired(expected, "list-separator")
