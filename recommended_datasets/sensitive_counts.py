"""Small counts in statistics: one or two people of one age group in one district can be told by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_AGE = re.compile(r"\d+\s*(?:歳|才)|\d+\s*[-~〜～‐－ー]\s*\d+(?:歳|才)|歳以上|^age[ _]?\d|\d+\s*years?", re.IGNORECASE)
_AGE_COLUMN = re.compile(r"^年齢(?:階級|区分|層|階層|別)?$|^age(?:[ _]?(?:group|class))?$", re.IGNORECASE)
_AREA = re.compile(r"地域|地区|町名|町丁|町字|大字|字名|行政区|学区|校区|自治会|集落|町会|^町$|^字$|area|district", re.I)
_COUNT = re.compile(r"人口|人数|総数|^計$|合計|男|女|件数|者数|count|population", re.IGNORECASE)
_NUMBER = re.compile(r"[ 　]*([0-9０-９]{1,6})(?:[.．][0０]+)?[ 　]*(?:人|名)?[ 　]*")


def count_columns(header: Sequence[str]) -> list[int]:
    """Columns that count people by area and age: the age columns of a wide table, or the counts of a long one."""
    folded = [unicodedata.normalize("NFKC", h).strip() for h in header]
    ages = [i for i, h in enumerate(folded) if _AGE.search(h)]
    area = any(_AREA.search(h) and not _AGE.search(h) for h in folded)
    if not area:
        return []
    if len(ages) >= 3:
        return ages
    if any(_AGE_COLUMN.search(h) for h in folded):
        return [i for i, h in enumerate(folded) if _COUNT.search(h) and not _AREA.search(h)]
    return []


def small(cells: Sequence[str], threshold: int) -> Iterator[tuple[int, int]]:
    """(row, count) where 1 ≤ count < `threshold`. Zero tells of nobody."""
    for row, cell in enumerate(cells):
        match = _NUMBER.fullmatch(cell) if cell else None
        if match and 1 <= int(match[1]) < threshold:
            yield row, int(match[1])
