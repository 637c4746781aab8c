"""Fast accept masks: which cells of a column are beyond doubt fine as written.

A mask is True only where `values.parse` returns the cell's own text and no issue; everything else is left to the scalar
function, which is the single truth. A mask may be too narrow (that costs time), never too wide (tests prove it). Columns of
few different values are known by their hashes, the others by patterns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import automaton, values
from recommended_datasets.definition import Field
from recommended_datasets.fast_cells import Flags, Rows, Texts, hash_texts
from recommended_datasets.fast_columns import Columns, Known

_SUSPECT = (
    "\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff〓\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f?\u200b-\u200f\u202a-\u202e\u2060\ufeff"
)
_EDGE = "[\\s\u200b\ufeff]"
_DASHES = r"[\-‐‑‒–—―−ー－ｰ─━]{1,4}"
_NOT_TEXT = f".*[{_SUSPECT}].*|{_EDGE}.*|.*{_EDGE}|{_DASHES}"
_NOT_NAME = rf"{_NOT_TEXT}|.*[\r\n].*"
_NAMES = ("name", "address")
_WORD = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PATTERNS = {
    "kana": "[ァ-ヺ](?:[ァ-ヺー・ヽヾ　 ]*[ァ-ヺー・ヽヾ])?",
    "latin": "[0-9A-Za-z](?:[ -~]*[!-~])?",
    "alnum": "[0-9A-Za-z][!-~]*",
    "identifier": "[0-9A-Za-z][!-~]*",
    "machiaza_id": "[0-9]{7}|[0-9]{4}-[0-9]{3}",
    "time": "(?:[012][0-9]|3[0-5]):[0-5][0-9]",
    "extension": "[0-9]+",
    "postal_code": "[0-9]{7}",
    "url": r"https?://[0-9A-Za-z][!#-;=?-~]*\.[!#-;=?-~]*",
    "email": rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]+@{_WORD}(?:\.{_WORD})+",
    # Ten digits, or eleven of a mobile number.
    "phone": r"\(0[0-9]\)[0-9]{4}-[0-9]{4}|\(0[0-9]{2}\)[0-9]{3}-[0-9]{4}|\(0[0-9]{3}\)[0-9]{2}-[0-9]{4}"
    r"|\(0[0-9]{4}\)[0-9]-[0-9]{4}|0[0-9]-[0-9]{4}-[0-9]{4}|0[0-9]{2}-[0-9]{3}-[0-9]{4}|0[0-9]{3}-[0-9]{2}-[0-9]{4}"
    "|0[0-9]{4}-[0-9]-[0-9]{4}|0[56789]0-[0-9]{4}-[0-9]{4}",
    "date": "[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29",
    "integer": "-?(?:0|[1-9][0-9]*)",
    "money": "-?(?:0|[1-9][0-9]*)",
    "number": r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?",
    "latitude": r"[0-9]{1,3}\.[0-9]+",
    "longitude": r"[0-9]{1,3}\.[0-9]+",
    "corporate_number": "[0-9]{13}",
}
_LIMITS = {"latitude": 90.0, "longitude": 180.0}
"""What a coordinate is below."""
_SAID = frozenset(_PATTERNS.keys() - {"corporate_number"} | {"text", *_NAMES})
"""Types that a pattern says exactly, with the limits of a number."""
_MANY = 3_000
"""Different values of a column above which knowing them one by one does not pay."""
_BLANK = hash_texts([""])
_FEW = 30
"""New values of a block up to which the scalar function is asked rather than a pattern."""
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
            known = field.id not in self._many
            found[field.id] = self._new(field, columns) if known else _by_pattern(field, columns)
        return found

    def _begin(self, field: Field, columns: Columns) -> None:
        self._known[field.id] = Known()
        self._known[field.id].add(_BLANK)
        different = len(np.unique(columns.hashes(field.id)))
        if not _asks(field) and different > min(_MANY, columns.height // 20):
            self._many.add(field.id)

    def _new(self, field: Field, columns: Columns) -> Rows:
        """The odd rows among those whose values were not accepted before."""
        known, hashes = self._known[field.id], columns.hashes(field.id)
        rows = known.lacks(hashes)
        if not len(rows):
            return rows
        _, firsts = np.unique(hashes[rows], return_index=True)
        if len(known) + len(firsts) > _MANY and (not _asks(field) or field.type == "corporate_number"):
            self._many.add(field.id)
            return rows
        asked = rows[firsts]
        if _asks(field):
            asked = np.sort(asked)[: _ASKED if len(known) > 1 else _MANY]  # a blank is known from the beginning
        known.add(hashes[asked[self._accepted(field, columns, asked)]])
        return rows[known.lacks(hashes[rows])]

    def _accepted(self, field: Field, columns: Columns, rows: Rows) -> Flags:
        texts = columns.texts(field.id).pick(rows)
        if _asks(field) or len(rows) <= _FEW:
            return np.array([self._scalar(field, text) for text in texts], bool)
        return _filled(field, texts, None)

    def _scalar(self, field: Field, text: str) -> bool:
        parsed = values.parse(field, text, statistical=self._statistical)
        return parsed.code is None and parsed.text == text


def _by_pattern(field: Field, columns: Columns) -> Rows:
    """The odd rows of a column of many different values."""
    if field.type in _NAMES:
        # Nearly every name and address is plain, which other rules ask as well; only the rest meets the pattern.
        rest = columns.not_plain(field.id)
        texts = columns.texts(field.id).pick(rest)
        return rest[~(texts.blank() | _filled(field, texts, None))]
    fine = _filled(field, columns.texts(field.id), columns.numbers(field.id) if field.type in _LIMITS else None)
    return np.flatnonzero(~(fine | columns.blank(field.id)))


def _asks(field: Field) -> bool:
    """Whether the column's different values are asked one by one because no pattern says them exactly."""
    return field.type not in _SAID


def _filled(field: Field, texts: Texts, numbers: NDArray[np.float64] | None) -> Flags:
    """Cells that are not blank, by pattern; of a type that is asked, only what can be computed. `numbers`: of the texts, where
    they are known."""
    kind = field.type
    if kind == "text" or kind in _NAMES:
        return texts.match(automaton.table(".*", _NOT_TEXT if kind == "text" else _NOT_NAME))
    if kind not in _PATTERNS:
        return np.zeros(len(texts), bool)
    fine = texts.match(automaton.table(_PATTERNS[kind]))
    if kind in _LIMITS:
        found = texts.numbers() if numbers is None else numbers
        with np.errstate(invalid="ignore"):
            fine &= (found > 0) & (found < _LIMITS[kind])
    elif kind in ("integer", "number", "money"):
        fine &= _within(field, texts)
    elif kind == "corporate_number":
        fine[fine] = _checked(texts.pick(np.flatnonzero(fine)))
    return fine


def _within(field: Field, texts: Texts) -> Flags:
    """Numbers inside the field's limits."""
    fine = np.ones(len(texts), bool)
    for name, limit in field.options:
        if name in ("min", "max"):
            numbers = texts.numbers()
            with np.errstate(invalid="ignore"):
                fine &= numbers >= float(limit) if name == "min" else numbers <= float(limit)
    return fine


def _checked(texts: Texts) -> Flags:
    """Of 13 digits the first is the check digit of the other twelve: 9 less the weighted sum modulo 9."""
    digits = np.frombuffer(texts.buffer, np.uint8)[texts.starts[:, None] + np.arange(13)].astype(np.int64) - ord("0")
    return 9 - digits[:, 1:] @ np.tile([2, 1], 6) % 9 == digits[:, 0]


def accept_mask(field: Field, texts: Texts, *, statistical: bool = False, many: bool = False) -> Flags:
    """True only where `values.parse(field, text)` gives the same text without an issue.

    `many`: as for a column of many different values, by pattern where there is one.
    """
    columns = Columns([texts], {field.id: 0})
    if many and (field.type == "corporate_number" or not _asks(field)):
        rows = _by_pattern(field, columns)
    else:
        rows = Accepts(statistical=statistical).odd([field], columns)[field.id]
    mask = np.ones(len(texts), bool)
    mask[rows] = False
    return mask
