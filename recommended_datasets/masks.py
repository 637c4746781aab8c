"""Fast accept masks: which cells of a column are beyond doubt fine as written.

A mask is True only where `values.parse` returns the cell's own text and no issue; everything else is left to the scalar
function, which is the single truth. A mask may be too narrow (that costs time), never too wide (tests prove it). Columns of
few different values are known by their hashes, the others by patterns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from recommended_datasets import values
from recommended_datasets.definition import Field
from recommended_datasets.fast_columns import Columns, Flags, Known, Rows

_SUSPECT = (
    r"\x{FFFD}\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFF}〓\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f?"
    r"\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{feff}"
)
_EDGE = r"[\s\x{3000}\x{200b}\x{feff}]"
_DASHES = r"\-‐‑‒–—―−ー－ｰ─━"
_TEXT = rf"[{_SUSPECT}]|^{_EDGE}|{_EDGE}$|^[{_DASHES}]{{1,4}}$"
_NAME = rf"[{_SUSPECT}\r\n]|^{_EDGE}|{_EDGE}$|^[{_DASHES}]{{1,4}}$"
_NAMES = ("name", "address")
_PATTERNS = {
    "kana": r"^[ァ-ヺ](?:[ァ-ヺー・ヽヾ　 ]*[ァ-ヺー・ヽヾ])?$",
    "latin": r"^[0-9A-Za-z](?:[ -~]*[!-~])?$",
    "alnum": r"^[0-9A-Za-z][!-~]*$",
    "identifier": r"^[0-9A-Za-z][!-~]*$",
    "machiaza_id": r"^(?:[0-9]{7}|[0-9]{4}-[0-9]{3})$",
    "time": r"^(?:[012][0-9]|3[0-5]):[0-5][0-9]$",
    "extension": r"^[0-9]+$",
    "postal_code": r"^[0-9]{7}$",
    "url": r"^https?://[0-9A-Za-z][!#-;=?-~]*\.[!#-;=?-~]*$",
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
_DECIMAL = r"^[0-9]{1,3}\.[0-9]+$"
_LIMITS = {"latitude": 90.0, "longitude": 180.0}
"""What a coordinate is below."""
_MANY = 3_000
"""Different values of a column above which knowing them one by one does not pay."""


_FEW = 30
"""New values of a block up to which the scalar function is asked rather than polars."""
_ASKED = 500
"""Different values of one block that the scalar function is asked about, after the first block."""


class Accepts:
    """The masks of one file's columns; keeps the values that were accepted, to know them again by their hashes."""

    def __init__(self, *, statistical: bool = False) -> None:
        self._statistical = statistical
        self._known: dict[str, Known] = {}
        self._many: set[str] = set()
        """Fields of too many different values to know them one by one."""

    def odd(self, fields: Sequence[Field], columns: Columns) -> dict[str, Rows]:
        """field id → the rows of this block, ascending, whose cells are not beyond doubt fine as written; blanks are fine."""
        found: dict[str, Rows] = {}
        for field in fields:
            if field.id not in self._known:
                self._begin(field, columns)
            if field.id not in self._many:
                found[field.id] = self._new(field, columns)
        return found | _by_pattern([field for field in fields if field.id in self._many], columns)

    def _begin(self, field: Field, columns: Columns) -> None:
        self._known[field.id] = Known()
        different = len(np.unique(columns.hashes(field.id)))
        if not _asks(field) and different > min(_MANY, columns.height // 20):
            self._many.add(field.id)

    def _new(self, field: Field, columns: Columns) -> Rows:
        """The odd rows among those whose values were not accepted before."""
        known, hashes = self._known[field.id], columns.hashes(field.id)
        if columns.one(field.id) and (columns.blank(field.id)[0] or known.holds(hashes[:1])[0]):
            return np.empty(0, np.int64)
        rows = np.flatnonzero(~(known.holds(hashes) | columns.blank(field.id)))
        if not len(rows):
            return rows
        _, firsts = np.unique(hashes[rows], return_index=True)
        if len(known) + len(firsts) > _MANY and (not _asks(field) or field.type == "corporate_number"):
            self._many.add(field.id)
            return rows
        asked = rows[firsts]
        if _asks(field):
            asked = np.sort(asked)[: _ASKED if len(known) else _MANY]
        known.add(hashes[asked[self._accepted(field, columns, asked)]])
        return rows[~known.holds(hashes[rows])]

    def _accepted(self, field: Field, columns: Columns, rows: Rows) -> Flags:
        texts = columns.texts(field.id)
        if _asks(field) or len(rows) <= _FEW:
            return np.array([self._scalar(field, texts[int(row)]) for row in rows], bool)
        told = texts.gather(rows).to_frame("texts").select(mask=_filled(field, pl.col("texts")) & pl.lit(True))
        return np.array(told["mask"].to_numpy())

    def _scalar(self, field: Field, text: str) -> bool:
        parsed = values.parse(field, text, statistical=self._statistical)
        return parsed.code is None and parsed.text == text


def _by_pattern(fields: Sequence[Field], columns: Columns) -> dict[str, Rows]:
    """The odd rows of columns of many different values."""
    found: dict[str, Rows] = {}
    others: list[Field] = []
    for field in fields:
        if field.type in _NAMES:
            found[field.id] = _odd_names(field, columns)
        else:
            others.append(field)
    if others:
        told = columns.frame.select(_or_blank(field, pl.col(columns.name(field.id))).alias(field.id) for field in others)
        for field in others:
            fine = told[field.id].to_numpy()
            if field.type in _LIMITS:
                numbers = columns.numbers(field.id)  # which other rules ask as well
                with np.errstate(invalid="ignore"):
                    fine = fine & (columns.blank(field.id) | ((numbers > 0) & (numbers < _LIMITS[field.type])))
            found[field.id] = np.flatnonzero(~fine)
    return found


def _or_blank(field: Field, texts: pl.Expr) -> pl.Expr:
    """By pattern alone: whether a coordinate is in its limits is asked of the numbers."""
    return (texts == "") | (texts.str.contains(_DECIMAL) if field.type in _LIMITS else _filled(field, texts))


def _odd_names(field: Field, columns: Columns) -> Rows:
    """Nearly every name and address is plain, which other rules ask as well; only the rest meets the pattern."""
    rest = columns.not_plain(field.id)
    if len(rest):
        texts = columns.texts(field.id).gather(rest).to_frame("texts")
        told = texts.select(mask=(pl.col("texts") == "") | _filled(field, pl.col("texts")))
        rest = rest[~told["mask"].to_numpy()]
    return rest


def _asks(field: Field) -> bool:
    """Whether the column's different values are asked one by one because no pattern says them exactly."""
    return field.type not in _PATTERNS and field.type not in _SAID


def _filled(field: Field, texts: pl.Expr) -> pl.Expr:
    """Cells that are not blank, by pattern; of a type that is asked, only what can be computed."""
    kind = field.type
    if kind == "text" or kind in _NAMES:
        return ~texts.str.contains(_TEXT if kind == "text" else _NAME)
    if kind in _PATTERNS:
        return texts.str.contains(_PATTERNS[kind])
    if kind == "phone":
        return texts.str.contains(_PHONE)
    if kind in ("integer", "number", "money"):
        return _number(field, texts)
    if kind in _LIMITS:
        return _coordinate(texts, _LIMITS[kind])
    if kind == "date":
        return _date(texts)
    return _corporate_number(texts) if kind == "corporate_number" else pl.lit(False)


def accept_mask(field: Field, series: pl.Series, *, statistical: bool = False, many: bool = False) -> pl.Series:
    """True only where `values.parse(field, text)` gives the same text without an issue. `series` has no nulls.

    `many`: as for a column of many different values, by pattern where there is one.
    """
    accepts, columns = Accepts(statistical=statistical), Columns([series], {field.id: 0})
    if many and (field.type == "corporate_number" or not _asks(field)):
        rows = _by_pattern([field], columns)[field.id]
    else:
        rows = accepts.odd([field], columns)[field.id]
    mask = np.ones(len(series), bool)
    mask[rows] = False
    return pl.Series("mask", mask)


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
    return ((value > 0) & (value < limit)).fill_null(False) & texts.str.contains(_DECIMAL)


def _date(texts: pl.Expr) -> pl.Expr:
    day = texts.str.to_date("%Y-%m-%d", strict=False)
    return day.is_not_null() & texts.str.contains(r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$")


def _corporate_number(texts: pl.Expr) -> pl.Expr:
    """13 digits of which the first is the check digit of the other twelve: 9 less the weighted sum modulo 9."""
    number = texts.cast(pl.Int64, strict=False).fill_null(0)
    rest = number % 10**12
    total = sum(((rest // 10**place) % 10 * (1 if place % 2 == 0 else 2) for place in range(12)), pl.lit(0, pl.Int64))
    return texts.str.contains(r"^[0-9]{13}$") & ((9 - total % 9) == number // 10**12)
