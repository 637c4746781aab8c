"""Fast accept masks: which cells of a column are beyond doubt fine as written.

A mask is True only where `values.parse` returns the cell's own text and no issue; everything else is left to the scalar
function, which is the single truth. A mask may be too narrow (that costs time), never too wide (tests prove it). Masks are
polars expressions, so that all of a block are computed in one pass.
"""

from __future__ import annotations

from collections.abc import Iterable

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
_PHONE = (
    r"^(?:\(0[0-9]\)[0-9]{4}-[0-9]{4}|\(0[0-9]{2}\)[0-9]{3}-[0-9]{4}|\(0[0-9]{3}\)[0-9]{2}-[0-9]{4}|\(0[0-9]{4}\)[0-9]-[0-9]{4}"
    r"|0[0-9]-[0-9]{4}-[0-9]{4}|0[0-9]{2}-[0-9]{3}-[0-9]{4}|0[0-9]{3}-[0-9]{2}-[0-9]{4}|0[0-9]{4}-[0-9]-[0-9]{4}"
    r"|0[56789]0-[0-9]{4}-[0-9]{4})$"
)
"""Ten digits, or eleven of a mobile number."""
_SAID = frozenset("text name address phone integer number money latitude longitude date".split())
"""Types that a pattern or a number says exactly."""
_INTEGER = r"^-?(?:0|[1-9][0-9]*)$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"
_MANY = 3_000
"""Different values of a column above which knowing them one by one does not pay."""


class Accepts:
    """The masks of one file's columns; keeps the values that the scalar function accepted."""

    def __init__(self, *, statistical: bool = False) -> None:
        self._statistical = statistical
        self._good: dict[str, set[str]] = {}

    def expression(self, field: Field, texts: pl.Expr) -> pl.Expr:
        """True where the cell is fine as written; blanks are."""
        return (texts == "") | self._filled(field, texts)

    def asks(self, field: Field) -> bool:
        """Whether the column's different values are asked one by one (`learn`) because no pattern says it exactly."""
        return not (
            field.type in _PATTERNS
            or field.type in _SAID
            or (field.type == "corporate_number" and len(self._good.get(field.id, ())) > _MANY)
        )

    def knows(self, field: Field) -> bool:
        """Whether any value of the column was asked."""
        return field.id in self._good

    def learn(self, field: Field, texts: Iterable[str]) -> None:
        """Asks the scalar function about different values of the column."""
        good = self._good.setdefault(field.id, set())
        for text in texts:
            if len(good) > _MANY:
                break
            if text and text not in good:
                parsed = values.parse(field, text, statistical=self._statistical)
                if parsed.code is None and parsed.text == text:
                    good.add(text)

    def _filled(self, field: Field, texts: pl.Expr) -> pl.Expr:
        kind = field.type
        if kind in ("text", "name", "address"):
            return ~texts.str.contains(_TEXT if kind == "text" else _NAME)
        if kind in _PATTERNS:
            return texts.str.contains(_PATTERNS[kind])
        if kind == "phone":
            return texts.str.contains(_PHONE)
        if kind in ("integer", "number", "money"):
            return _number(field, texts)
        if kind in ("latitude", "longitude"):
            return _coordinate(texts, 90.0 if kind == "latitude" else 180.0)
        if kind == "date":
            return _date(texts)
        if not self.asks(field):
            return _corporate_number(texts)
        good = self._good.get(field.id)
        if not good:
            return pl.lit(False)
        return texts.is_in(sorted(good))


def accept_mask(field: Field, series: pl.Series, *, statistical: bool = False) -> pl.Series:
    """True only where `values.parse(field, text)` gives the same text without an issue. `series` has no nulls."""
    accepts = Accepts(statistical=statistical)
    if accepts.asks(field):
        accepts.learn(field, series.unique().head(_MANY))
    frame = series.to_frame("texts")
    return frame.select(mask=accepts.expression(field, pl.col("texts")) & pl.lit(True))["mask"]


def _number(field: Field, texts: pl.Expr) -> pl.Expr:
    mask = texts.str.contains(_NUMBER if field.type == "number" else _INTEGER)
    for name, limit in field.options:
        if name in ("min", "max"):
            value = texts.cast(pl.Float64, strict=False)
            within = value >= float(limit) if name == "min" else value <= float(limit)
            mask &= within.fill_null(False)
    return mask


def _coordinate(texts: pl.Expr, limit: float) -> pl.Expr:
    value = texts.cast(pl.Float64, strict=False)
    return ((value > 0) & (value < limit)).fill_null(False) & texts.str.contains(r"^[0-9]{1,3}\.[0-9]+$")


def _date(texts: pl.Expr) -> pl.Expr:
    day = texts.str.to_date("%Y-%m-%d", strict=False)
    return day.is_not_null() & texts.str.contains(r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$")


def _corporate_number(texts: pl.Expr) -> pl.Expr:
    """13 digits of which the first is the check digit of the other twelve: 9 less the weighted sum modulo 9."""
    number = texts.cast(pl.Int64, strict=False).fill_null(0)
    rest = number % 10**12
    total = sum(((rest // 10**place) % 10 * (1 if place % 2 == 0 else 2) for place in range(12)), pl.lit(0, pl.Int64))
    return texts.str.contains(r"^[0-9]{13}$") & ((9 - total % 9) == number // 10**12)
