"""A merged table as polars frames.

*Stored*: all text, ``""`` blank, null unknown; nothing is lost in it. *Typed*: numbers and dates as such; blank is null except
where the definition says that a blank means "no"; what could not be read is null with its original in ``<field>_source``.
The writers (`outputs_csv`, `outputs_geojson`, `outputs_parquet`) take frames of one part, so that a large table is written
part by part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import (
    UNKNOWN,
    Column,
    blank_is_text,
    field_columns,
    has_source,
    source_id,
    stored_columns,
    typed_columns,
)
from recommended_datasets.row_identity import identity_fields

if TYPE_CHECKING:
    import polars as pl


def stored_frame(rows: Iterable[Mapping[str, str | None]], definition: Definition) -> pl.DataFrame:
    """Rows as a frame of `stored_columns`, in the order of a merged table. A column that a row does not have is blank."""
    rows = list(rows)
    columns = {column.id: [row.get(column.id, "") for row in rows] for column in stored_columns(definition)}
    return stored_frame_of(columns, definition)


def stored_frame_of(columns: Mapping[str, Sequence[str | None]], definition: Definition) -> pl.DataFrame:
    """The same of rows given column by column."""
    import polars as pl

    key, _ = identity_fields(definition)
    count = len(next(iter(columns.values()), ()))
    frame = pl.DataFrame(
        [
            pl.Series(column.id, columns[column.id] if column.id in columns else [""] * count, dtype=pl.String)
            for column in stored_columns(definition)
        ]
    )
    # As `merged_versions.sort_key`: texts by code point, which is also the order of their UTF-8 bytes.
    number = pl.col(key).fill_null("") if key else None
    by_number = [] if number is None else [number.str.len_chars(), number]
    order = [pl.col("publisher_code").fill_null(""), pl.col("source_resource").fill_null(""), *by_number]
    return frame.sort([*order, pl.col("row_id").fill_null("")], maintain_order=True)


def stored_rows(frame: pl.DataFrame) -> dict[str, dict[str, str | None]]:
    """A stored frame back as row id → row."""
    return {row["row_id"]: row for row in frame.iter_rows(named=True)}


def typed_frame(frame: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """The stored frame in the types of `typed_columns`. A text that its type cannot hold goes to ``<field>_source``."""
    import polars as pl

    originals = pl.when(pl.col(UNKNOWN.id) != "").then(pl.col(UNKNOWN.id))
    some_unknown = bool(frame.height) and bool((frame[UNKNOWN.id] != "").any())
    found: dict[str, pl.Expr] = {}
    for column in typed_columns(definition):
        if column.field is not None or column.id in frame.columns:
            found[column.id] = _typed(column)
    for column in field_columns(definition):
        if not has_source(column):
            continue
        original = (
            originals.str.json_path_match(f"$.{source_id(column.id)}") if some_unknown else pl.lit(None, dtype=pl.String)
        )
        if column.kind != "text":
            lost = pl.col(column.id).ne("") & found[column.id].is_null()
            original = pl.when(lost).then(pl.col(column.id)).otherwise(original)
        found[source_id(column.id)] = original
    return frame.select([found[column.id].alias(column.id) for column in typed_columns(definition)])


def _typed(column: Column) -> pl.Expr:
    import polars as pl

    text = pl.col(column.id)
    if column.kind == "float":
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    if column.kind == "integer":
        return text.cast(pl.Int64, strict=False)
    if column.kind == "date":
        return text.str.to_date("%Y-%m-%d", strict=False)
    return text if blank_is_text(column) else pl.when(text != "").then(text)


def point_columns(definition: Definition) -> bool:
    """Does the table have a place for each row?"""
    return "latitude" in definition and "longitude" in definition


def usable_point() -> pl.Expr:
    """True where a typed frame has coordinates that are on the globe."""
    import polars as pl

    return pl.col("latitude").is_between(-90, 90) & pl.col("longitude").is_between(-180, 180)
