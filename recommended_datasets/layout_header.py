"""Which row is the header: the one with most names of a standard, or the first that is as full as a record; and two-line
headers as one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from recommended_datasets.layout_rows import NUMBER, Known, Layout, filled, fold

HEADER_WITHIN = 60
"""Rows that are no blank among which the header is looked for."""

_DATUM = re.compile(
    r"^(?:-?\d{1,3}\.\d{3,}|https?://\S+|0\d{1,4}[-(]\d{1,4}[-)]\d{3,4}|[^@\s]+@[^@\s]+\.[^@\s]+|\d{3}-\d{4})$"
)


def find_header(rows: Sequence[Sequence[str]], known: Known | None) -> Layout:
    """The row with most names of a standard; without any, the first row that is as full as a record and holds no datum."""
    candidates: list[int] = []
    for index, row in enumerate(rows):
        if filled(row):
            candidates.append(index)
            if row[0].startswith("#property"):
                return Layout(list(row), index, [], header_rows=(index,))
            if len(candidates) >= HEADER_WITHIN:
                break
    if not candidates:
        return Layout([], -1, [])
    best = _by_names(rows, candidates, known) if known else None
    if best is None:
        best = _by_shape(rows, candidates)
    if best is None:
        width = max(len(rows[i]) for i in candidates)
        return Layout([""] * width, -1, [])
    return _with_group_line(rows, candidates, best, known)


def _by_names(rows: Sequence[Sequence[str]], candidates: list[int], known: Known) -> int | None:
    best, best_count = None, 0
    for index in candidates:
        texts = [cell for cell in rows[index] if cell.strip()]
        count = len({cell for cell in texts if len(cell) <= 80 and known(cell)})
        if count > best_count and (count >= 2 or len(texts) <= 2) and count * 5 >= len(texts):
            best, best_count = index, count
    return best


def _by_shape(rows: Sequence[Sequence[str]], candidates: list[int]) -> int | None:
    sizes = Counter(filled(rows[i]) for i in candidates)
    usual = max(sizes, key=lambda size: (size * sizes[size], size))
    for index in candidates:
        row = rows[index]
        size = filled(row)
        if size * 10 < usual * 6 or (size < 2 <= usual):
            continue
        texts = [cell.strip() for cell in row if cell.strip()]
        if row[0].startswith("#") and len(candidates) > 1:
            continue
        if looks_like_data(texts):
            return None
        return index
    return max(candidates, key=lambda index: filled(rows[index]))


def looks_like_data(texts: Sequence[str]) -> bool:
    """Coordinates, addresses of the web, telephone numbers and the like stand in no header; nor are most cells numbers."""
    folded = [fold(text) for text in texts]
    if any(_DATUM.match(text) for text in folded):
        return True
    return sum(1 for text in folded if NUMBER.match(text)) * 2 > len(folded)


def _with_group_line(rows: Sequence[Sequence[str]], candidates: list[int], best: int, known: Known | None) -> Layout:
    place = candidates.index(best)
    pairs: list[tuple[int, int]] = []
    if place + 1 < len(candidates) and candidates[place + 1] == best + 1:
        pairs.append((best, best + 1))
    if place and candidates[place - 1] == best - 1:
        pairs.append((best - 1, best))
    for upper, lower in pairs:
        joined = join_header_lines(rows[upper], rows[lower], known)
        if joined is not None:
            return Layout(joined, upper, [], header_rows=(upper, lower))
    return Layout(list(rows[best]), best, [], header_rows=(best,))


def join_header_lines(upper: Sequence[str], lower: Sequence[str], known: Known | None) -> list[str] | None:
    """Two lines as one header (位置 over 緯度, 経度), or None where the lower line is no second line of a header.

    The lower line may only stand under blanks of the upper one or under the first cell of a group, and has no datum.
    """
    width = max(len(upper), len(lower))
    top = [cell.strip() for cell in upper] + [""] * (width - len(upper))
    low = [cell.strip() for cell in lower] + [""] * (width - len(lower))
    low = ["" if below == above else below for above, below in zip(top, low, strict=True)]  # a cell merged over both lines
    if not any(low) or sum(1 for cell in top if cell) < 2 or looks_like_data([cell for cell in low if cell]):
        return None
    under_blank = [c for c in range(width) if low[c] and not top[c]]
    if not under_blank or any(len(cell) > 40 for cell in low):
        return None
    joined: list[str] = []
    group = ""
    for c in range(width):
        if top[c]:
            group = top[c]
            starts_group = c + 1 < width and not top[c + 1] and bool(low[c + 1])
            if low[c] and not starts_group:
                return None
        elif not low[c]:
            group = ""
        joined.append(_join_names(group, low[c], known) if low[c] else top[c])
    return joined


def _join_names(group: str, name: str, known: Known | None) -> str:
    if not group:
        return name
    together = f"{group}_{name}"
    if known and not known(together) and known(name):
        return name
    return together
