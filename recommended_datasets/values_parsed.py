"""`Parsed`: what one cell says, and the few helpers on text that every column type shares."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NamedTuple

from recommended_datasets.report import Severity

Kind = Literal["safe", "review"]


class Parsed(NamedTuple):
    """One cell as its column's type reads it.

    `text` is the canonical text, ``""`` = blank, ``None`` = cannot be read (unknown, never blank). `code` is None when the
    cell is fine as written. `values` fill the message; ``expected`` is what to write instead. `kind` says whether `expected`
    may be written without asking (``safe``: `text` is that value) or only by a person (``review``: `text` stays None or as
    it was).
    """

    text: str | None
    code: str | None = None
    severity: Severity = "info"
    values: tuple[tuple[str, str], ...] = ()
    kind: Kind | None = None


BLANK = Parsed("")
DASHES = frozenset("-‐‑‒–—―−ー－ｰ─━")
"""Characters that a cell holds alone when its writer meant "empty"."""
_SPACES = " \t\r\n\v\f\u00a0\u3000\u200b\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\ufeff"
_WHITE = re.compile(r"[\s\u3000\u200b\ufeff]+")


def trim(text: str) -> str:
    """Without white space at both ends, full-width and invisible blanks included."""
    return text.strip(_SPACES)


def fold(text: str) -> str:
    """NFKC, for comparing and for reading numbers and codes; never for storing a name."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text)


def squeeze(text: str) -> str:
    """`fold` without any white space."""
    return _WHITE.sub("", fold(text))


def compare_key(text: str) -> str:
    """The key by which two names or addresses are the same: NFKC, case, blanks, dashes and variant characters folded."""
    return _WHITE.sub("", fold(text)).casefold().translate(_FOLDED)


VARIANTS = {
    "﨑": "崎",
    "髙": "高",
    "穎": "頴",
    "ヶ": "ケ",
    "ヵ": "カ",
    "ヱ": "エ",
    "ヰ": "イ",
    "澤": "沢",
    "濵": "浜",
    "濱": "浜",
    "邊": "辺",
    "邉": "辺",
    "齋": "斎",
    "齊": "斉",
    "德": "徳",
    "栁": "柳",
    "桒": "桑",
}
"""Letter → the simpler one that it is compared as."""
_FOLDED = str.maketrans({**VARIANTS, **dict.fromkeys("‐‑‒–—―−─━ｰ－", "-")})


def is_dash(text: str) -> bool:
    """Only dashes: somebody's sign for an empty cell."""
    return 0 < len(text) <= 4 and all(character in DASHES for character in text)


def unreadable(kind: str, expected: str = "", code: str = "type-error", **values: str) -> Parsed:
    """A cell that is not of its type: unknown. `kind` picks the sentence; `expected` is a proposal for a person."""
    pairs = [("type", kind), *values.items()]
    if expected:
        pairs.append(("expected", expected))
    return Parsed(None, code, "error", tuple(pairs), "review" if expected else None)


def repaired(text: str, code: str, severity: Severity = "info") -> Parsed:
    """A cell whose canonical text is beyond doubt."""
    return Parsed(text, code, severity, (("expected", text),), "safe")
