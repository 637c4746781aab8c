"""Which record is the header, and which records are no data: titles, notes, bands, totals, repeated headers, blank rows.

Works on plain rows of text, so that CSV files and sheets are judged alike. Nothing is dropped: what is no record is a `Note`.
"""

from __future__ import annotations

from collections.abc import Sequence

from recommended_datasets.layout_header import find_header
from recommended_datasets.layout_rows import (
    ODD_STARTS,
    Known,
    Layout,
    filled,
    first_column_is_numbers,
    kind_of,
    row_text,
)
from recommended_datasets.table import Note


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


def _note_above(layout: Layout, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    for index in range(layout.begin, max(layout.header_row, 0)):
        text = row_text(rows[index])
        if text and not (layout.notes and layout.notes[-1].text == text):
            layout.notes.append(Note("property" if rows[index][0].startswith("#") else "title", lines[index], text))


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
