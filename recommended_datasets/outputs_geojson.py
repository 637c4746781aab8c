"""GeoJSON of a merged table (RFC 7946): one feature for each accepted row, with or without a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import EXTRA, UNKNOWN, field_columns, has_source, source_id, typed_columns
from recommended_datasets.outputs import point_columns, usable_point

if TYPE_CHECKING:
    import polars as pl

HEAD = b'{"type": "FeatureCollection", "features": [\n'
SEPARATOR = b",\n"
TAIL = b"\n]}\n"


def features(typed: pl.DataFrame, definition: Definition) -> list[str]:
    """One Feature for each row of a typed frame, as JSON text; ``geometry`` is null where there are no usable coordinates
    (RFC 7946, 3.2). Unknown cells are null, their original text in ``<field>_source``."""
    return cast("list[str]", _features(typed, definition).to_list()) if typed.height else []


def body(typed: pl.DataFrame, definition: Definition) -> bytes:
    """The same as one text, with `SEPARATOR` between: what stands between `HEAD` and `TAIL`."""
    return _features(typed, definition).str.join(SEPARATOR.decode())[0].encode() if typed.height else b""


def _features(typed: pl.DataFrame, definition: Definition) -> pl.Series:
    import polars as pl

    apart = {source_id(column.id) for column in field_columns(definition) if has_source(column)} | {UNKNOWN.id, EXTRA.id}
    plain = [column for column in typed_columns(definition) if column.id not in apart]
    properties = pl.struct([pl.col(c.id).cast(pl.String) if c.kind == "date" else pl.col(c.id) for c in plain])
    unknown = pl.col(UNKNOWN.id)
    parts = [
        pl.lit('{"type":"Feature","id":"'),
        pl.col("row_id"),
        pl.lit('","geometry":'),
        _geometry(definition),
        pl.lit(',"properties":'),
        properties.struct.json_encode().str.strip_suffix("}"),
        pl.lit(',"extra":'),
        pl.col(EXTRA.id).fill_null("null"),
        pl.when(unknown.is_null())
        .then(pl.lit(""))
        .otherwise(pl.concat_str(pl.lit(","), unknown.str.strip_prefix("{").str.strip_suffix("}"))),
        pl.lit("}}"),
    ]
    return typed.select(pl.concat_str(parts).alias("feature"))["feature"]


def feature(shown: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """One Feature from a row as JSON shows it (`shown`) and as the table has it (`row`)."""
    latitude, longitude = row.get("latitude"), row.get("longitude")
    geometry = None
    if latitude is not None and longitude is not None and -90 <= latitude <= 90 and -180 <= longitude <= 180:
        geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "id": row["row_id"], "geometry": geometry, "properties": dict(shown)}


def _geometry(definition: Definition) -> pl.Expr:
    import polars as pl

    if not point_columns(definition):
        return pl.lit("null")
    point = pl.concat_str(
        pl.lit('{"type":"Point","coordinates":['), pl.col("longitude"), pl.lit(","), pl.col("latitude"), pl.lit("]}")
    )
    return pl.when(usable_point()).then(point).otherwise(pl.lit("null"))
