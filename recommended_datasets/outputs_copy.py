"""Rows as PostgreSQL's COPY takes them in binary form (`FORMAT binary`, described at COPY in its manual): a cell is its length
in four bytes and its bytes, null the length -1. PostgreSQL needs little more than half the time that CSV takes it.

polars writes the rows with blanks for the lengths and numbers; numpy puts these in.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recommended_datasets.merged_columns import Column, Kind

if TYPE_CHECKING:
    import polars as pl

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What comes before the rows: the signature; no flags, and no further head."""
TAIL = b"\xff\xff"
_LENGTH = "\0" * 4
_NUMBERS: dict[Kind, str] = {"float": ">f8", "integer": ">i8", "date": ">i4"}
"""Types whose values are numbers, as numpy calls them."""
_JSONB = "\1"
"""The version of its form that a jsonb begins with."""
_DAYS = 10_957
"""From polars' first day, 1970-01-01, to PostgreSQL's, 2000-01-01."""


def rows(frame: pl.DataFrame, columns: Sequence[Column], last: Sequence[bytes] | None = None) -> Iterable[bytes]:
    """Rows of a typed frame, to stand between `HEAD` and `TAIL`: these columns, then for each row a cell of `last`, which is
    in binary form already."""
    import numpy as np
    import polars as pl

    frame = frame.select(pl.col(column.id).cast(_type(column)) for column in columns)
    shaped = frame.with_columns(_bytes(column) for column in columns if column.kind != "text")
    ends = [] if last is None else [pl.lit("")]
    cells = pl.concat_str([pl.lit("\0\0"), pl.all().fill_null(""), *ends], separator=_LENGTH)
    buffer = io.BytesIO()
    shaped.select(cells).write_csv(buffer, include_header=False, quote_style="never", line_terminator="")
    out = np.frombuffer(buffer.getbuffer(), dtype=np.uint8)
    width = len(columns) + (last is not None)
    lengths = np.empty((frame.height, width), dtype=">i4")
    lengths[:, : len(columns)] = shaped.select(pl.all().str.len_bytes().cast(pl.Int32).fill_null(-1)).to_numpy()
    here = np.maximum(lengths, 0)
    if last is not None:
        lengths[:, -1] = list(map(len, last))
        here[:, -1] = 0
    places = _places(here)
    _put(out, places.ravel(), lengths.ravel())
    _put(out, places[:, 0] - 2, np.full(frame.height, width, dtype=">i2"))
    for number, column in enumerate(columns):
        if column.kind in _NUMBERS:
            there = np.flatnonzero(lengths[:, number] >= 0)
            _put(out, places[there, number] + 4, _numbers(frame[column.id].drop_nulls(), column.kind))
    return [buffer.getvalue()] if last is None else _joined(buffer.getvalue(), (places[:, -1] + 4).tolist(), last)


def moment(at: datetime.datetime) -> int:
    """What a timestamptz is: an int8 of microseconds from the first day on."""
    first = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
    return (at - first) // datetime.timedelta(microseconds=1)


def _type(column: Column) -> Any:
    import polars as pl

    return {"float": pl.Float64, "integer": pl.Int64, "date": pl.Date}.get(column.kind, pl.String)


def _bytes(column: Column) -> pl.Expr:
    """The bytes of a cell as a text, zeros for those of a number."""
    import polars as pl

    cell = pl.col(column.id)
    if column.kind == "json":
        return (_JSONB + cell).alias(column.id)
    return pl.when(cell.is_not_null()).then(pl.lit("\0" * int(_NUMBERS[column.kind][2:]))).alias(column.id)


def _places(here: Any) -> Any:
    """Where the length of each cell stands, of whose bytes so many follow."""
    import numpy as np

    step: Any = here + np.intp(4)
    step[:, -1] += 2  # how many cells the next row has
    ends: Any = np.empty(step.shape, dtype=np.intp)
    np.cumsum(step, out=ends.reshape(-1))
    return ends - step + 2


def _numbers(cells: pl.Series, kind: Kind) -> Any:
    """Cells without null as PostgreSQL has them."""
    values: Any = cells.to_physical().to_numpy()
    return (values - _DAYS if kind == "date" else values).astype(_NUMBERS[kind])


def _put(out: Any, places: Any, values: Any) -> None:
    """The bytes of each value from its place on."""
    import numpy as np

    size = values.dtype.itemsize
    parted = values.view(np.uint8).reshape(-1, size)
    for byte in range(size):
        out[byte:][places] = parted[:, byte]


def _joined(rows: bytes, ends: Sequence[int], last: Sequence[bytes]) -> Iterator[bytes]:
    """`rows`, at each of `ends` what `last` has for it."""
    begin = 0
    for end, cell in zip(ends, last, strict=True):
        yield rows[begin:end]
        yield cell
        begin = end
