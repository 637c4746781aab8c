"""Codes and identifiers: 全国地方公共団体コード, 法人番号, 町字ID, IDs, and codes with a fixed number of digits."""

from __future__ import annotations

import re

from recommended_datasets import municipality
from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed, fold, repaired, squeeze, trim, unreadable

_SIX = re.compile(r"[0-9]{6}")
_FLOAT = re.compile(r"([0-9]+)\.0+")
_EXPONENT = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_MACHIAZA = re.compile(r"[0-9]{7}|[0-9]{4}-[0-9]{3}")
_IDENTIFIER = re.compile(r"[!-~]+(?: [!-~]+)*")


def municipality_code(text: str, field: Field | None = None, /) -> Parsed:
    """Six digits with check digit (全国地方公共団体コード). Five digits are completed where only one reading is possible."""
    if _SIX.fullmatch(text):
        if municipality.valid(text):
            return Parsed(text)
        return unreadable("municipality_code", _full(text), "check-digit")
    plain = squeeze(text).lstrip("'")
    code = "width"
    whole = _FLOAT.fullmatch(plain)
    if whole:
        plain, code = whole[1], "float-code"
    plain = re.sub(r"[-‐−,]", "", plain)
    if _SIX.fullmatch(plain):
        if municipality.valid(plain):
            return repaired(plain, code)
        return unreadable("municipality_code", _full(plain), "check-digit")
    if re.fullmatch(r"[0-9]{4,5}", plain):
        full = municipality.complete(plain)
        if full:
            return repaired(full, "leading-zero" if full.endswith(plain) else "code-completed")
        if len(plain) == 5:
            return unreadable("municipality_code", code="code-ambiguous", readings=f"{_full(plain)}, 0{plain}")
    return unreadable("municipality_code")


def _full(digits: str) -> str:
    """The six-digit code that the first five digits stand for."""
    return digits[:5] + municipality.check_digit(digits[:5])


def corporate_number(text: str, field: Field | None = None, /) -> Parsed:
    """法人番号: 13 digits, the first of them the check digit."""
    plain = squeeze(text).lstrip("'")
    if _EXPONENT.fullmatch(plain):
        return unreadable("corporate_number", code="number-exponent")
    whole = _FLOAT.fullmatch(plain)
    plain = re.sub(r"[-‐−,]", "", whole[1] if whole else plain)
    if not re.fullmatch(r"[0-9]{13}", plain):
        return unreadable("corporate_number")
    if not has_corporate_check_digit(plain):
        return unreadable("corporate_number", code="check-digit")
    return Parsed(text) if plain == text else repaired(plain, "float-code" if whole else "width")


def has_corporate_check_digit(digits: str) -> bool:
    """Whether the first of these 13 digits is 9 less the rest by 9 of the others, every second one taken twice (法人の番号の
    指定等に関する省令 第2条). As python-stdnum says (a test compares both), whose import takes longer than a small file."""
    total = sum(int(digit) * (1 if place % 2 == 0 else 2) for place, digit in enumerate(reversed(digits[1:])))
    return int(digits[0]) == 9 - total % 9


def machiaza_id(text: str, field: Field | None = None, /) -> Parsed:
    """町字ID of the address base registry: seven digits, also written ``0008-001``."""
    if _MACHIAZA.fullmatch(text):
        return Parsed(text)
    plain = squeeze(text).lstrip("'")
    plain = re.sub(r"[‐−ー―–]", "-", plain)
    if _MACHIAZA.fullmatch(plain):
        return repaired(plain, "width")
    whole = _FLOAT.fullmatch(plain)
    digits = whole[1] if whole else plain
    if re.fullmatch(r"[0-9]{7}", digits):
        return repaired(digits, "float-code")
    if re.fullmatch(r"[1-9][0-9]{3,5}", digits):
        return repaired(digits.zfill(7), "leading-zero", "warning")
    if re.fullmatch(r"[0-9]{4,6}", digits):
        return unreadable("machiaza_id", digits.zfill(7))
    return unreadable("machiaza_id")


def identifier(text: str, field: Field | None = None, /) -> Parsed:
    """NO or ID: text that names a row inside one publisher; half-width where it is letters and digits."""
    if _IDENTIFIER.fullmatch(text):
        return Parsed(text)
    plain = fold(trim(text))
    if not plain.isascii():
        plain = trim(text)  # an ID with Japanese in it keeps its characters
    return Parsed(text) if plain == text else repaired(plain, "width" if plain != trim(text) else "blank-around")


def code(text: str, field: Field, /) -> Parsed:
    """A code; with the option ``digits`` exactly that many, with ``pattern`` one that matches."""
    options = dict(field.options)
    digits, pattern = int(options.get("digits", "0")), options.get("pattern", "")
    plain = squeeze(text)
    if pattern:
        if re.fullmatch(pattern, text):
            return Parsed(text)
        if re.fullmatch(pattern, plain):
            return repaired(plain, "width")
    whole = _FLOAT.fullmatch(plain)
    short = whole[1] if whole else plain
    if digits:
        if re.fullmatch(rf"[0-9]{{{digits}}}", short):
            if short == text:
                return Parsed(text)
            return repaired(short, "float-code" if whole else "width")
        if re.fullmatch(rf"[1-9][0-9]{{0,{digits - 2}}}", short):
            return repaired(short.zfill(digits), "leading-zero", "warning")
        if re.fullmatch(rf"[0-9]{{1,{digits - 1}}}", short):
            return unreadable("code", short.zfill(digits), "leading-zero-lost")
    if digits or pattern:
        return unreadable("code")
    return Parsed(text) if plain == text or trim(text) == text else repaired(trim(text), "blank-around")
