"""Fast accept masks: which cells of a column are beyond doubt fine as written.

`accept_mask` is True only where `values.parse` returns the cell's own text and no issue; everything else is left to the scalar
function, which is the single truth. A mask may be too narrow (that costs time), never too wide (tests prove it).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from recommended_datasets import values
from recommended_datasets.definition import Field

_SUSPECT = (
    r"\x{FFFD}\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFF}〓\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f?"
    r"\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{feff}"
)
_EDGE = r"[\s\x{3000}\x{200b}\x{feff}]"
_DASHES = r"\-‐‑‒–—―−ー－ｰ─━"
_TEXT = rf"[{_SUSPECT}]|^{_EDGE}|{_EDGE}$|^[{_DASHES}]{{1,4}}$"
_NAME = rf"[{_SUSPECT}\r\n]|^{_EDGE}|{_EDGE}$|^[{_DASHES}]{{1,4}}$"
_PATTERNS = {
    "kana": r"^[ァ-ヺ](?:[ァ-ヺー・ヽヾ　 ]*[ァ-ヺー・ヽヾ])?$",
    "latin": r"^[0-9A-Za-z](?:[ -~]*[!-~])?$",
    "alnum": r"^[0-9A-Za-z][!-~]*$",
    "identifier": r"^[0-9A-Za-z][!-~]*$",
    "machiaza_id": r"^(?:[0-9]{7}|[0-9]{4}-[0-9]{3})$",
    "time": r"^(?:[012][0-9]|3[0-5]):[0-5][0-9]$",
    "extension": r"^[0-9]+$",
    "postal_code": r"^[0-9]{7}$",
    "url": r"^https?://[^\s/$.?#<>\"\x00-\x1f][^\s<>\"\x00-\x1f]*\.[^\s<>\"\x00-\x1f]*$",
    "email": r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$",
}
_PHONES = (
    (r"^\(0[0-9]{1,4}\)[0-9]{1,4}-[0-9]{4}$", 13),
    (r"^0[0-9]{1,4}-[0-9]{1,4}-[0-9]{4}$", 12),
    (r"^0[56789]0-[0-9]{4}-[0-9]{4}$", 13),
)
"""Ten digits by the text's length, or eleven of a mobile number."""
_INTEGER = r"^-?(?:0|[1-9][0-9]*)$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
_MANY = 3_000
"""Different values of a column above which knowing them one by one does not pay."""


class Accepts:
    """The masks of one file's columns, block by block; keeps the values that the scalar function accepted."""

    def __init__(self, *, statistical: bool = False) -> None:
        self._statistical = statistical
        self._good: dict[str, set[str]] = {}
        self._series: dict[str, pl.Series] = {}

    def mask(self, field: Field, series: pl.Series) -> pl.Series:
        """As `accept_mask`, blanks included."""
        blank = series == ""
        if blank.all():
            return blank
        return blank | self._filled(field, series)

    def _filled(self, field: Field, series: pl.Series) -> pl.Series:
        kind = field.type
        if kind in ("text", "name", "address"):
            return ~series.str.contains(_TEXT if kind == "text" else _NAME)
        if kind in _PATTERNS:
            return series.str.contains(_PATTERNS[kind])
        if kind == "phone":
            return _phone(series)
        if kind in ("integer", "number", "money"):
            return _number(field, series)
        if kind in ("latitude", "longitude"):
            return _coordinate(series, 90.0 if kind == "latitude" else 180.0)
        if kind == "date":
            return _date(series)
        if kind == "corporate_number":
            return _corporate_number(series)
        return self._known(field, series)

    def _known(self, field: Field, series: pl.Series) -> pl.Series:
        """For columns with few different values: each is asked once."""
        good = self._good.setdefault(field.id, set())
        known = self._series.get(field.id)
        mask = series.is_in(known) if known is not None else pl.repeat(False, len(series), eager=True)
        if mask.all() or len(good) > _MANY:
            return mask
        new = {text for text in series.filter(~mask).unique().head(_MANY) if text and self._fine(field, text)}
        if new:
            good |= new
            self._series[field.id] = pl.Series(sorted(good), dtype=pl.String)
            mask = series.is_in(self._series[field.id])
        return mask

    def _fine(self, field: Field, text: str) -> bool:
        parsed = values.parse(field, text, statistical=self._statistical)
        return parsed.code is None and parsed.text == text


def accept_mask(field: Field, series: pl.Series, *, statistical: bool = False) -> pl.Series:
    """True only where `values.parse(field, text)` gives the same text without an issue. `series` has no nulls."""
    return Accepts(statistical=statistical).mask(field, series)


def _phone(series: pl.Series) -> pl.Series:
    length = series.str.len_bytes()
    mask = None
    for pattern, size in _PHONES:
        one = (length == size) & series.str.contains(pattern)
        mask = one if mask is None else mask | one
    assert mask is not None
    return mask


def _number(field: Field, series: pl.Series) -> pl.Series:
    mask = series.str.contains(_NUMBER if field.type == "number" else _INTEGER)
    for name, limit in field.options:
        if name in ("min", "max"):
            value = series.cast(pl.Float64, strict=False)
            within: Any = value >= float(limit) if name == "min" else value <= float(limit)
            mask &= within.fill_null(False)
    return mask


def _coordinate(series: pl.Series, limit: float) -> pl.Series:
    value = series.cast(pl.Float64, strict=False)
    inside = ((value > 0) & (value < limit)).fill_null(False)
    return inside & series.str.contains(r"^[0-9]{1,3}\.[0-9]+$")


def _date(series: pl.Series) -> pl.Series:
    day = series.str.to_date("%Y-%m-%d", strict=False)
    return day.is_not_null() & series.str.contains(r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$")


def _corporate_number(series: pl.Series) -> pl.Series:
    """13 digits of which the first is the check digit of the other twelve: 9 less the weighted sum modulo 9."""
    mask = series.str.contains(r"^[0-9]{13}$")
    number = series.cast(pl.Int64, strict=False).fill_null(0)
    total = None
    rest = number % 10**12
    for place in range(12):
        digit = (rest // 10**place) % 10
        weighted = digit * (1 if place % 2 == 0 else 2)
        total = weighted if total is None else total + weighted
    assert total is not None
    return mask & ((9 - total % 9) == number // 10**12)
