"""CSV of a merged table: UTF-8 with BOM, Japanese headers, CRLF, as Excel in Japanese opens it.

Cells that could not be read say ``要確認（原文）``. A text that a spreadsheet would run as a formula is led by an apostrophe;
numbers and telephone numbers are left as they are. Read it as text (``pandas.read_csv(…, dtype=str)``): codes begin with
zeros.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from recommended_datasets.consolidation import Dropped, Source
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import UNKNOWN, csv_columns, field_columns, source_id
from recommended_datasets.report import Issue

if TYPE_CHECKING:
    import polars as pl

    from recommended_datasets.messages import Lang

BOM = "\ufeff".encode()
NEWLINE = "\r\n"
_FORMULA = r"^(?:[=@\t\r＝＠]|[+\-＋－].*[^\d０-９.,()\-+ 　＋－])"
"""What a spreadsheet would run: = @ tab, or + - before anything but a number or a telephone number."""

_BEGINS = r"^[=@\t\r＝＠+\-＋－]"
"""How a text begins that may be one: few columns have any, and only those are looked at closely."""


def mark(original: str | None) -> str:
    """What stands in CSV, on maps and in print for a cell that could not be read."""
    return f"要確認（{original}）" if original else "要確認（列なし）"


def guarded(text: str) -> str:
    """`text`, led by an apostrophe if a spreadsheet would run it."""
    return f"'{text}" if re.match(_FORMULA, text) else text


def line(cells: Sequence[object]) -> bytes:
    """One CSV line."""
    text = io.StringIO()
    csv.writer(text, lineterminator=NEWLINE).writerow(cells)
    return text.getvalue().encode()


def header(definition: Definition) -> bytes:
    """BOM and header line."""
    return BOM + line([column.label for column in csv_columns(definition)])


def rows(frame: pl.DataFrame, definition: Definition) -> bytes:
    """The lines of a stored frame: unknown cells marked, formulas guarded."""
    import polars as pl

    texts = [column.id for column in csv_columns(definition) if column.kind == "text"]
    begins = frame.select(pl.col(texts).str.contains(_BEGINS).any()).row(0, named=True) if frame.height else {}
    cells: list[pl.Expr] = []
    for column in csv_columns(definition):
        cell = pl.col(column.id)
        if begins.get(column.id):
            cell = pl.when(cell.str.contains(_FORMULA)).then("'" + cell).otherwise(cell).alias(column.id)
        cells.append(cell)
    return _marked(frame, definition).select(cells).write_csv(include_header=False, line_terminator=NEWLINE).encode()


def _marked(frame: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """The stored frame with `mark` in place of null, and null in place of blank (an empty cell, not ``""``). Few cells are
    unknown, so only columns with nulls are touched."""
    import polars as pl

    columns = [column.id for column in field_columns(definition) if frame[column.id].null_count()]
    originals = pl.when(pl.col(UNKNOWN.id) != "").then(pl.col(UNKNOWN.id))
    marked = frame.with_columns(
        [
            pl.col(name).fill_null(
                pl.format("要確認（{}）", originals.str.json_path_match(f"$.{source_id(name)}").fill_null("列なし"))
            )
            for name in columns
        ]
    )
    return marked.with_columns(pl.when(pl.all() != "").then(pl.all()))


DROPPED_HEADER = (
    "公開者コード",
    "公開者名",
    "理由",
    "説明",
    "元ファイル行番号",
    "同じ行",
    "元データセット",
    "元リソース",
    "元ファイルURL",
    "元ファイルSHA256",
    "行の内容",
)
"""Of ``rejected.csv`` and ``duplicates.csv``; `同じ行` is the line that a duplicate repeats."""


def describe(row: Dropped, lang: Lang = "ja") -> str:
    """Why a row was left out, in words."""
    from recommended_datasets.messages import message

    issue = Issue(row.reason, "error", row.record, row.line, values=row.values)
    try:
        return message(issue, lang)
    except KeyError:
        return row.reason


def dropped_header() -> bytes:
    return BOM + line(DROPPED_HEADER)


def dropped_rows(source: Source, dropped: Iterable[Dropped]) -> bytes:
    """The lines of ``rejected.csv`` or ``duplicates.csv`` for one file."""
    return b"".join(
        line(
            (
                source.publisher_code,
                source.publisher_name,
                row.reason,
                describe(row),
                row.line,
                row.repeats or "",
                source.dataset,
                source.resource,
                source.url,
                source.sha256,
                row.text,
            )
        )
        for row in dropped
    )
