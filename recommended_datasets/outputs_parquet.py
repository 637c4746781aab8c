"""Parquet of a merged table, GeoParquet 1.1 where the standard has coordinates: opens without options, codes keep zeros."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import typed_columns
from recommended_datasets.outputs import point_columns, usable_point

if TYPE_CHECKING:
    import polars as pl

GEOMETRY = "geometry"
_GROUP = 32_768
"""Rows of a row group: several wait in memory to be written, each of some 30 MB."""


def with_geometry(typed: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """The typed frame with its points as well-known binary; unchanged where the standard has no coordinates."""
    import numpy as np
    import polars as pl

    if not point_columns(definition):
        return typed
    points = np.zeros(typed.height, dtype=[("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])
    points["order"], points["type"] = 1, 1
    points["x"], points["y"] = typed["longitude"].fill_null(0.0).to_numpy(), typed["latitude"].fill_null(0.0).to_numpy()
    raw, size = points.tobytes(), points.dtype.itemsize
    binary = pl.Series(GEOMETRY, [raw[i : i + size] for i in range(0, len(raw), size)], dtype=pl.Binary)
    return typed.with_columns(pl.when(usable_point()).then(binary).alias(GEOMETRY))


def metadata(definition: Definition) -> dict[str, str]:
    """The file's key-value metadata: GeoParquet's ``geo`` and the columns' Japanese labels."""
    found = {
        "kagoshima": json.dumps(
            {
                "dataset": definition.id,
                "title": definition.title,
                "edition": definition.edition,
                "labels": {column.id: column.label for column in typed_columns(definition)},
            },
            ensure_ascii=False,
        )
    }
    if point_columns(definition):
        geometry = {"encoding": "WKB", "geometry_types": ["Point"]}
        found["geo"] = json.dumps({"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: geometry}})
    return found


def write(frames: Iterable[pl.DataFrame] | pl.LazyFrame, path: Path, definition: Definition) -> None:
    """Typed frames, one after the other, as one file at `path`, in bounded memory when `frames` is lazy."""
    import polars as pl

    lazy = frames if isinstance(frames, pl.LazyFrame) else pl.concat([frame.lazy() for frame in frames], how="vertical")
    said = metadata(definition)
    lazy.sink_parquet(path, compression="zstd", row_group_size=_GROUP, metadata=said, maintain_order=True)
