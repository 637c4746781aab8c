"""Parts: what one file of a publisher gives to a merged table, kept in every form that whole files are put together from.

``parts/<dataset>/<resource>/<run>/``: ``stored.parquet`` (the truth: all text), ``typed.parquet``, ``rows.csv`` and
``rows.geojson`` (without head and tail), ``rejected.csv``, ``duplicates.csv``.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

import polars as pl

from ckanext.kagoshima.consolidation import store
from recommended_datasets import outputs, outputs_csv, outputs_geojson, outputs_parquet
from recommended_datasets.consolidation import Contribution
from recommended_datasets.definition import Definition

Row = Mapping[str, str | None]


def location(dataset: str, resource_id: str, run_id: str) -> str:
    return f"parts/{dataset}/{resource_id}/{run_id}"


def write(part: str, rows: Iterable[Row], contribution: Contribution, definition: Definition) -> pl.DataFrame:
    """Keep the rows (with their ids) and the dropped rows of one file under `part`. Returns the typed rows."""
    stored = outputs.stored_frame(rows, definition)
    typed = outputs_parquet.with_geometry(outputs.typed_frame(stored, definition), definition)
    store.write(f"{part}/stored.parquet", _parquet(stored))
    store.write(f"{part}/typed.parquet", _parquet(typed))
    store.write(f"{part}/rows.csv", outputs_csv.rows(stored, definition))
    features = outputs_geojson.features(typed, definition)
    store.write(f"{part}/rows.geojson", outputs_geojson.SEPARATOR.decode().join(features).encode())
    store.write(f"{part}/rejected.csv", outputs_csv.dropped_rows(contribution.source, contribution.rejected))
    store.write(f"{part}/duplicates.csv", outputs_csv.dropped_rows(contribution.source, contribution.duplicates))
    return typed


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def stored_rows(part: str) -> dict[str, dict[str, str | None]]:
    """Row id → row, as `write` got them."""
    return outputs.stored_rows(pl.read_parquet(io.BytesIO(store.read(f"{part}/stored.parquet"))))


def typed_frame(part: str) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(store.read(f"{part}/typed.parquet")))
