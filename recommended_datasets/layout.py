"""Which record is the header, and which records are no data: titles, notes, bands, totals, repeated headers, blank rows.

Works on plain rows of text, so that CSV files and sheets are judged alike. Nothing is dropped: what is no record is a `Note`.
When in doubt a row is a record.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recommended_datasets.table import Note, NoteKind

Known = Callable[[str], bool]
"""Is this text, as it stands in a cell, the name of a column of any standard?"""

HEADER_WITHIN = 60
"""Rows that are no blank among which the header is looked for."""

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
_NUMBER = re.compile(r"^[-+△▲]?[\d,]+(?:\.\d+)?%?$")
_DATUM = re.compile(
    r"^(?:-?\d{1,3}\.\d{3,}|https?://\S+|0\d{1,4}[-(]\d{1,4}[-)]\d{3,4}|[^@\s]+@[^@\s]+\.[^@\s]+|\d{3}-\d{4})$"
)
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


def lay_out(rows: Sequence[Sequence[str]], lines: Sequence[int], known: Known | None = None, header_line: int = 0) -> Layout:
    """Header, records and notes among `rows`; `lines[r]` is the physical line of row r.

    `known` tells names of the standards; `header_line`, from a person's mapping, settles where the header is.
    """
    head = next((i for i, line in enumerate(lines) if line == header_line), None) if header_line else None
    if head is not None:
        return _filled_in(Layout(list(rows[head]), head, [], header_rows=(head,), end=len(rows)), rows, lines)
    layout = find_header(rows, known)
    layout.end = len(rows)
    starts = other_tables(layout, rows, known) if known else []
    if not starts:
        return _filled_in(layout, rows, lines)
    return _best_of_several(layout, starts, rows, lines, known)


def _filled_in(layout: Layout, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> Layout:
    _note_above(layout, rows, lines)
    _sort_rows(layout, rows, lines)
    return layout


def other_tables(layout: Layout, rows: Sequence[Sequence[str]], known: Known | None) -> list[int]:
    """Rows that are headers of other tables: most cells are names of a standard, other ones than the header's, and above
    them the sheet begins or a row is (nearly) blank."""
    starts: list[int] = []
    if known is None or layout.header_row < 0:
        return starts
    header = {cell.strip() for cell in layout.header}
    above_is_empty = True
    for index, row in enumerate(rows):
        size = len(row) - row.count("")
        few = size <= 1 or (size <= 9 and filled(row) <= 1)
        if not few and above_is_empty and index not in layout.header_rows:
            texts = [cell.strip() for cell in row if cell.strip()]
            if len(texts) >= 2 and _named(texts, known) * 10 >= len(texts) * 6 and not header >= set(texts):
                starts.append(index)
        above_is_empty = few
    return starts


def _named(texts: Sequence[str], known: Known) -> int:
    return len({text for text in texts if len(text) <= 80 and known(text)})


def _best_of_several(
    first: Layout, starts: list[int], rows: Sequence[Sequence[str]], lines: Sequence[int], known: Known | None
) -> Layout:
    """Of several tables one below the other the one with most named columns times records."""
    heads = sorted((min(first.header_rows), *starts))
    best: Layout | None = None
    best_worth = -1
    for place, head in enumerate(heads):
        end = heads[place + 1] if place + 1 < len(heads) else len(rows)
        while place + 1 < len(heads) and end > head + 1 and filled(rows[end - 1]) <= 1:
            end -= 1
        part = find_header(rows[head:end], known)
        header_rows = tuple(row + head for row in part.header_rows) or (head,)
        begin = head
        while begin and filled(rows[begin - 1]) <= 1:
            begin -= 1
        layout = Layout(part.header, header_rows[0], [], header_rows=header_rows, tables=len(heads), begin=begin, end=end)
        _filled_in(layout, rows, lines)
        worth = len(layout.data) * (1 + _named([cell for cell in layout.header if cell.strip()], known) if known else 1)
        if worth > best_worth:
            best, best_worth = layout, worth
    assert best is not None
    return best


def filled(row: Sequence[str]) -> int:
    return sum(map(bool, map(str.strip, row)))


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
    return sum(1 for text in folded if _NUMBER.match(text)) * 2 > len(folded)


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


def _note_above(layout: Layout, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    for index in range(layout.begin, max(layout.header_row, 0)):
        text = row_text(rows[index])
        if text and not (layout.notes and layout.notes[-1].text == text):
            layout.notes.append(Note("property" if rows[index][0].startswith("#") else "title", lines[index], text))


def row_text(row: Sequence[str]) -> str:
    return " ".join(filter(None, map(str.strip, row)))


def _sort_rows(layout: Layout, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    """Every row below the header: a record, or a note of its kind."""
    start = max(layout.header_rows, default=-1) + 1
    header = [cell.strip() for cell in layout.header]
    named = header[0] if header else ""
    width = len(header)
    numbered = first_column_is_numbers(rows, start)
    data = layout.data
    blanks = 0

    def close_blanks(index: int) -> None:
        nonlocal blanks
        if blanks:
            layout.notes.append(Note("blank", lines[index - blanks], "", blanks))
            if data and index < layout.end:
                layout.blank_runs.append((index - blanks, blanks))
            blanks = 0

    for index in range(start, layout.end):
        row = rows[index]
        size = len(row) - row.count("")
        if size > 2:
            first = row[0]
            if first and first != named and first[0] not in ODD_STARTS and "計" not in first:
                if blanks:
                    close_blanks(index)
                data.append(index)
                continue
        if not size or not "".join(row).strip():
            blanks += 1
            continue
        if blanks:
            close_blanks(index)
        kind = kind_of(row, header, width, numbered, at_head=not data)
        if kind == "header":
            layout.repeated.append(index)
            if data and data[-1] == index - 1 and filled(rows[index - 1]) == 1:  # the title of the part that begins here
                layout.notes.append(Note("band", lines[data.pop()], row_text(rows[index - 1])))
        if kind is None:
            data.append(index)
        else:
            layout.notes.append(Note(kind, lines[index], row_text(row)))
    close_blanks(layout.end)


def first_column_is_numbers(rows: Sequence[Sequence[str]], start: int) -> bool:
    texts = [row[0].strip() for row in rows[start : start + 400] if len(row) > 1 and row[0].strip() and filled(row) > 2]
    return len(texts) >= 3 and sum(1 for text in texts if _NUMBER.match(fold(text))) * 10 >= len(texts) * 9


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
    return all(_NUMBER.match(fold(text)) or text in "-－ー―…xX" for text in texts)


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
    if numbered and row[0].strip() and not _NUMBER.match(folded):
        return "total" if _TOTAL_END.search(folded) else "band"
    return None
