"""Lists that were laid out in two or three blocks side by side to save paper: NO, 名称, 住所, (blank), NO, 名称, 住所.

The blocks are read as one table, the left one first. Only where every block has the very same header and no cell of a record
stands outside of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from recommended_datasets.csv_records import Flaw, Records
from recommended_datasets.layout import lay_out
from recommended_datasets.layout_rows import Known, Layout, fold

Blocks = tuple[tuple[int, ...], ...]
"""The cells of each block, by their place in a row."""


def blocks_of(header: Sequence[str], known: Known | None) -> Blocks:
    """The blocks of a header that repeats itself; empty where it does not."""
    places = [c for c, text in enumerate(header) if text.strip()]
    names = [fold(header[c]) for c in places]
    if len(set(names)) * 2 > len(names):
        return ()
    size = len(set(names))
    if size < 2 or len(names) % size or names != names[:size] * (len(names) // size):
        return ()
    blocks = tuple(tuple(places[at : at + size]) for at in range(0, len(places), size))
    apart = all(after[0] - before[-1] > 1 for before, after in zip(blocks, blocks[1:], strict=False))
    named = sum(1 for c in blocks[0] if known and known(header[c].strip()))
    return blocks if apart or named >= 2 else ()


def unfold(
    records: Records, layout: Layout, unreadable: set[tuple[int, int]], known: Known | None
) -> tuple[Records, Layout, set[tuple[int, int]]]:
    """The same records with the blocks one below the other; as they were where the header does not repeat itself."""
    blocks = blocks_of(layout.header, known) if layout.header_row >= 0 else ()
    if not blocks:
        return records, layout, unreadable
    start = max(layout.header_rows) + 1
    inside = {c for block in blocks for c in block}
    body = range(start, layout.end)
    if any(text.strip() for r in body for c, text in enumerate(records.rows[r]) if c not in inside):
        return records, layout, unreadable
    rows = [[layout.header[c] for c in blocks[0]]]
    lines = [records.lines[layout.header_row]]
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for block in blocks:
        for r in body:
            cells = [records.rows[r][c] if c < len(records.rows[r]) else "" for c in block]
            if not any(map(str.strip, cells)):
                continue
            places.update({(r, c): (len(rows), at) for at, c in enumerate(block)})
            rows.append(cells)
            lines.append(records.lines[r])
    unfolded = Records(rows, lines, [_moved(flaw, places) for flaw in records.flaws])
    unfolded.flaws.append(Flaw("tables-side-by-side", "info", -1, -1, lines[0], values=(("count", str(len(blocks))),)))
    again = lay_out(rows, lines, known, lines[0])
    again.notes[:0] = [note for note in layout.notes if note.line < lines[0]]
    return unfolded, again, {places[place] for place in unreadable if place in places}


def _moved(flaw: Flaw, places: dict[tuple[int, int], tuple[int, int]]) -> Flaw:
    row, cell = places.get((flaw.row, flaw.cell), (-1, -1))
    return Flaw(flaw.code, flaw.severity, row, cell, flaw.line, flaw.value, flaw.values)
