"""What a row below the header is: a record, or a band, a total, a note, a property, a repeated header.

When in doubt a row is a record.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recommended_datasets.table import Note, NoteKind

Known = Callable[[str], bool]
"""Is this text, as it stands in a cell, the name of a column of any standard?"""

TOTALS = frozenset(("合計", "小計", "総計", "総合計", "計", "総数", "累計", "合計数", "全体計", "市計", "村計"))
_TOTAL_END = re.compile(r"(?:小計|合計|総計|地区計|校区計|区計|市計|町計|村計|支所計)$")
_BAND = re.compile(
    r"^(?:【.*】|〔.*〕|［.*］|\[.*\]|〈.*〉|<.*>|＜.*＞|≪.*≫|《.*》|[■□●◆◇▼▽▲★☆◎].+|[-‐―ー=＝*＊_~～・…\s]{3,})$", re.S
)
_NOTE = re.compile(
    r"^(?:※|＊|\*|注[)）:：\s\d１-９]|[(（]注|（?備考[)）:：]|備考$|出典|資料[:：]|参考[:：]|凡例|お?問い?合わ?せ先?[:：\s]|以上$"
    r"|更新日|作成日|最終更新|単位[:：]|[(（]単位)"
)
_SENTENCE = re.compile(r"。|です$|ます$|ません$")
NUMBER = re.compile(r"^[-+△▲]?[\d,]+(?:\.\d+)?%?$")
_LINKDATA = re.compile(
    r"^#(?:LINK|lang|attribution_|license|file_name|download_from|property|object_type|data_|namespace|prefix)"
)
ODD_STARTS = frozenset("#合小総計累 \u3000\t\xa0\ufeff\x1a")
_ERROR_VALUE = re.compile(r"^#(?:N/A|[A-Z/0]+[!?])$")
_UNIT = re.compile(r"^[(（\[［].*[)）\]］]$|^単位")


@dataclass(slots=True)
class Layout:
    """`data` are the indexes of the rows that are records; `header_row` is -1 where the file has no header line."""

    header: list[str]
    header_row: int
    data: list[int]
    notes: list[Note] = field(default_factory=list[Note])
    header_rows: tuple[int, ...] = ()
    repeated: list[int] = field(default_factory=list[int])
    """Rows that repeat the header, as joined files have them."""
    blank_runs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """(row, how many) for blank rows between records; those at the end are not listed here."""
    tables: int = 1
    """How many tables stand one below the other; only one of them is read."""
    begin: int = 0
    end: int = 0
    """The rows of the table that is read, its titles included: from `begin` up to but not `end`."""


def fold(text: str) -> str:
    """Width and blanks folded away, for comparing only."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def filled(row: Sequence[str]) -> int:
    return sum(map(bool, map(str.strip, row)))


def row_text(row: Sequence[str]) -> str:
    return " ".join(filter(None, map(str.strip, row)))


def first_column_is_numbers(rows: Sequence[Sequence[str]], start: int) -> bool:
    texts = [row[0].strip() for row in rows[start : start + 400] if len(row) > 1 and row[0].strip() and filled(row) > 2]
    return len(texts) >= 3 and sum(1 for text in texts if NUMBER.match(fold(text))) * 10 >= len(texts) * 9


def kind_of(row: Sequence[str], header: list[str], width: int, numbered: bool, at_head: bool) -> NoteKind | None:
    """What a suspicious row is, or None for a record."""
    texts = [text for text in map(str.strip, row) if text]
    first = texts[0]
    if first in header and list(map(str.strip, row[:width])) == header:
        return "header"
    if first.startswith("#") and (_LINKDATA.match(first) or (len(texts) == 1 and not _ERROR_VALUE.match(first))):
        return "property"
    folded = first if first.isascii() and " " not in first else fold(first)
    if folded in TOTALS or (len(texts) > 1 and _TOTAL_END.search(folded) and _only_numbers(texts[1:])):
        return "total"
    if width < 2:
        return None
    if len(texts) == 1:
        return _lonely(first, folded, row, numbered, width)
    if at_head and len(texts) * 2 >= width and all(_UNIT.match(text) for text in texts):
        return "note"
    if len(texts) == 2 and width > 3 and _NOTE.match(folded):
        return "note"
    return None


def _only_numbers(texts: Sequence[str]) -> bool:
    return all(NUMBER.match(fold(text)) or text in "-－ー―…xX" for text in texts)


def _lonely(text: str, folded: str, row: Sequence[str], numbered: bool, width: int) -> NoteKind | None:
    """The only filled cell of a row: a band or a note if it looks like one, else a record with the rest missing."""
    if _NOTE.match(text) or _NOTE.match(folded):
        return "note"
    if width < 3:
        return None
    if _BAND.match(text):
        return "band"
    if _SENTENCE.search(text) and len(text) > 12:
        return "note"
    if numbered and row[0].strip() and not NUMBER.match(folded):
        return "total" if _TOTAL_END.search(folded) else "band"
    return None
