"""What the first piece of a large file tells: delimiter, header, layout, and which columns are kept."""

from __future__ import annotations

from dataclasses import dataclass

from recommended_datasets import assembly
from recommended_datasets.csv_records import Records, read_records
from recommended_datasets.dialect import SAMPLE, sniff
from recommended_datasets.fast_layout import Sorter
from recommended_datasets.fast_source import Unsuitable
from recommended_datasets.layout import lay_out
from recommended_datasets.layout_rows import Known
from recommended_datasets.side_by_side import blocks_of
from recommended_datasets.table import Table

HEAD_RECORDS = 1000
"""Records on which header and layout are found: more than the exact reader looks at."""
_HEAD_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Head:
    """`table` has header, notes and issues, no rows; `kept` are the columns that it shows, of `header`, all of them."""

    table: Table
    sorter: Sorter
    delimiter: str
    usual: int
    """The width most records have."""
    header: list[str]
    kept: list[int]
    named: int
    """Columns up to the last one with a heading."""
    begin: int
    """Physical line of the first record below the header."""

    @property
    def width(self) -> int:
        return len(self.header)


def read_head(piece: bytes, encoding: str, known: Known | None, header_line: int) -> Head:
    """The head of a file that begins with `piece` (UTF-8). Raises `Unsuitable` where pieces cannot be read alone."""
    text = piece[:_HEAD_BYTES].decode("utf-8", "surrogatepass" if len(piece) <= _HEAD_BYTES else "ignore")
    dialect = sniff(text[: SAMPLE + 1])
    records = _first_records(text, len(piece) > _HEAD_BYTES, dialect.delimiter, dialect.width)
    rows, lines = records.rows[:HEAD_RECORDS], records.lines[:HEAD_RECORDS]
    layout = lay_out(rows, lines, known, header_line)
    if layout.tables > 1 or len(rows) < 500 or layout.header_row < 0 or max(layout.header_rows) > 400:
        raise Unsuitable("no plain header")
    if blocks_of(layout.header, known):
        raise Unsuitable("tables side by side")
    header = list(layout.header)
    if not 2 <= len(header) <= assembly.MAX_COLUMNS:
        raise Unsuitable("width")
    after = max(layout.header_rows) + 1
    kept = [c for c, text in enumerate(header) if text.strip() or any(_cell(row, c).strip() for row in rows[after:])]
    table = Table(
        header=tuple(header[c] for c in kept),
        columns=(),
        lines=(),
        encoding=encoding,
        header_line=lines[layout.header_row],
        delimiter=dialect.delimiter,
        notes=tuple(note for note in layout.notes if note.line < lines[after]),
        issues=tuple(assembly.header_issues(header, kept, layout, Records(rows, lines))),
    )
    return Head(
        table,
        Sorter(layout, rows, known, alone=bool(header_line)),
        dialect.delimiter,
        dialect.width,
        header,
        kept,
        max((c + 1 for c, text in enumerate(header) if text.strip()), default=0),
        lines[after],
    )


def _first_records(text: str, cut_off: bool, delimiter: str, width: int) -> Records:
    """The first `HEAD_RECORDS` records at least, where there are so many. `cut_off`: the file is longer than `text`."""
    for size in (1 << 18, 1 << 19, 1 << 20, 1 << 21):
        records = read_records(text[:size], delimiter, width)
        if len(text) > size or cut_off:
            # The last records may be cut off.
            del records.rows[-50:], records.lines[-50:]
        if len(records.rows) >= HEAD_RECORDS or len(text) <= size:
            break
    return records


def _cell(row: list[str], c: int) -> str:
    return row[c] if c < len(row) else ""
