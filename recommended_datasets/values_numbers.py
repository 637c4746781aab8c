"""Numbers, money and the symbols of official statistics."""

from __future__ import annotations

import re

from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed, repaired, squeeze, unreadable

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_COMMAS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_LOOSE = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")
_EXPONENT = re.compile(r"-?[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_UNIT = re.compile(
    r"(約|およそ)?(-?[0-9,.]+)(円|人|名|台|基|室|床|件|世帯|個|箇所|か所|ヶ所|棟|階|m|M|メートル|mm|km|cm|㎡|m2|kcal|mg|g|%)"
)
_UNKNOWN = frozenset({"…", "...", "・・・", "..", "‥"})
_WITHHELD = frozenset({"x", "X", "χ", "Χ"})
_MINUS = frozenset("△▲")
STATISTICS_ZERO = frozenset({"-", "－", "―", "—", "‐", "−", "ー", "–"})


def integer(text: str, field: Field, /) -> Parsed:
    """A whole number in half-width digits without separators."""
    if _INTEGER.fullmatch(text):
        return _ranged(text, Parsed(text), field)
    found = _read(text, field, "integer")
    if found.text and "." in found.text:
        whole, _, rest = found.text.partition(".")
        if rest.strip("0"):
            return unreadable("integer")
        return _ranged(whole, repaired(whole, "number-format"), field)
    return found


def number(text: str, field: Field, /) -> Parsed:
    """A decimal number in half-width digits; any number of decimals."""
    if _NUMBER.fullmatch(text):
        return _ranged(text, Parsed(text), field)
    return _read(text, field, "number")


def money(text: str, field: Field, /) -> Parsed:
    """An amount in yen, digits only; 無料 is 0."""
    if _INTEGER.fullmatch(text):
        return _ranged(text, Parsed(text), field)
    if squeeze(text) in ("無料", "無償"):
        return repaired("0", "number-format")
    return _read(text, field, "money")


def _read(text: str, field: Field, kind: str) -> Parsed:
    plain = squeeze(text)
    if plain and plain[0] in "−‐–—―":
        plain = "-" + plain[1:]
    code = "number-format"
    if _NUMBER.fullmatch(plain):
        code = "width"
    elif _COMMAS.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _EXPONENT.fullmatch(plain):
        # 1.2E+05 lost digits on its way through a spreadsheet: what is gone cannot be read back.
        return unreadable(kind, code="number-exponent")
    elif match := _UNIT.fullmatch(plain):
        if match[1]:
            return unreadable(kind, match[2].replace(",", ""))
        plain = match[2].replace(",", "") if not match[2].count(",") or _COMMAS.fullmatch(match[2]) else match[2]
    elif plain[:1] in ("¥", "\\") and (_COMMAS.fullmatch(plain[1:]) or _NUMBER.fullmatch(plain[1:])):
        plain = plain[1:].replace(",", "")
    if not _NUMBER.fullmatch(plain):
        if not _LOOSE.fullmatch(plain):
            return unreadable(kind)
        sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
        whole, _, rest = digits.partition(".")
        plain = sign + (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")
        code = "number-format"
    return _ranged(plain, Parsed(text) if plain == text else repaired(plain, code), field)


def _ranged(text: str, parsed: Parsed, field: Field) -> Parsed:
    """Within the field's ``min`` and ``max`` options, where it has them."""
    for name, limit in field.options:
        if name == "min" and float(text) < float(limit):
            return Parsed(text, "value-too-small", "error", (("limit", limit),))
        if name == "max" and float(text) > float(limit):
            return Parsed(text, "value-too-large", "error", (("limit", limit),))
    return parsed


def statistics_symbol(text: str) -> Parsed | None:
    """How a cell of a statistical table says zero, unknown, withheld or minus; None for anything else."""
    plain = squeeze(text)
    if plain in STATISTICS_ZERO:
        return repaired("0", "statistics-zero")
    if plain in _UNKNOWN or text.strip() in _UNKNOWN:
        return Parsed(None, "statistics-unknown", "info")
    if plain in _WITHHELD:
        return Parsed(None, "statistics-withheld", "info")
    if (
        plain[:1] in _MINUS
        and _COMMAS.fullmatch("-" + plain[1:])
        or _NUMBER.fullmatch("-" + plain[1:])
        and plain[:1] in _MINUS
    ):
        return repaired("-" + plain[1:].replace(",", ""), "statistics-minus")
    return None
