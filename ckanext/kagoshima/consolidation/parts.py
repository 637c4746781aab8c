"""Parts: what one file of a publisher gives to a merged table, kept in every form that whole files are put together from.

``parts/<dataset>/<resource>/<run>/``: ``stored.parquet`` (the truth: all text), ``typed.parquet``, ``rows.csv`` and
``rows.geojson`` (without head and tail), ``rejected.csv``, ``duplicates.csv``, ``facts.parquet`` (the repairs and issues of
its rows, for their passports).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from ckanext.kagoshima.consolidation import store
from recommended_datasets import merged_columns, outputs, outputs_csv, outputs_geojson, outputs_parquet
from recommended_datasets.consolidation import Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import STATUS, typed_columns

Facts = Mapping[int, dict[str, list[dict[str, Any]]]]
"""Physical line → ``{"repairs", "issues"}`` of that line."""
ROWS_AT_ONCE = 2_000
"""Rows whose text is made at once: of a whole file there would be several copies in memory, each of some 50 MB."""
_NO_FACTS: dict[str, list[dict[str, Any]]] = {"repairs": [], "issues": []}


def location(dataset: str, resource_id: str, run_id: str) -> str:
    return f"parts/{dataset}/{resource_id}/{run_id}"


def write(
    part: str, stored: pl.DataFrame, contribution: Contribution, definition: Definition, facts: Mapping[str, Any]
) -> None:
    """Keep the rows of one file (with their ids, in the order of the table) and its dropped rows under `part`.

    :param facts: row id → ``{"repairs", "issues"}``, of the rows that have any
    """
    typed = outputs_parquet.with_geometry(outputs.typed_frame(stored, definition), definition)
    _parquet(f"{part}/stored.parquet", stored)
    _parquet(f"{part}/typed.parquet", typed)
    _pieces(f"{part}/rows.csv", (outputs_csv.rows(rows, definition) for rows in stored.iter_slices(ROWS_AT_ONCE)))
    features = (outputs_geojson.body(rows, definition) for rows in typed.iter_slices(ROWS_AT_ONCE))
    _pieces(f"{part}/rows.geojson", features, outputs_geojson.SEPARATOR)
    del typed
    store.write(f"{part}/rejected.csv", outputs_csv.dropped_rows(contribution.source, contribution.rejected))
    store.write(f"{part}/duplicates.csv", outputs_csv.dropped_rows(contribution.source, contribution.duplicates))
    texts = {row_id: json.dumps(said, ensure_ascii=False) for row_id, said in facts.items()}
    schema = {"row_id": pl.String, "facts": pl.String}
    told = pl.DataFrame([list(texts), list(texts.values())], schema=schema)
    _parquet(f"{part}/facts.parquet", told)


def _pieces(name: str, pieces: Iterable[bytes], between: bytes = b"") -> None:
    """A file written piece by piece, with `between` between them."""
    with store.writing(name) as path, path.open("wb") as out:
        for number, piece in enumerate(pieces):
            out.write(between if number else b"")
            out.write(piece)


def _parquet(name: str, frame: pl.DataFrame) -> None:
    with store.writing(name) as path:
        frame.write_parquet(path, compression="zstd", compression_level=1)


def stored_frame(part: str) -> pl.DataFrame:
    """The rows as `write` got them."""
    with store.reading(f"{part}/stored.parquet") as path:
        frame = pl.read_parquet(path, memory_map=False)
    # A part of a version before this column
    return frame if STATUS.id in frame.columns else frame.with_columns(pl.lit("").alias(STATUS.id))


def stored_columns(part: str) -> dict[str, list[str | None]]:
    """The same column by column."""
    return stored_frame(part).to_dict(as_series=False)


def typed_frame(part: str, definition: Definition) -> pl.DataFrame:
    """The rows in the columns of `definition` as it is today: what it did not have when the part was written is blank, what
    it has no more is left out."""
    with store.reading(f"{part}/typed.parquet") as path:
        frame = pl.read_parquet(path, memory_map=False)
    if all(column.id in frame.columns for column in typed_columns(definition)):
        return frame
    stored = stored_frame(part)
    wanted = [column.id for column in merged_columns.stored_columns(definition)]
    missing = [pl.lit("").alias(name) for name in wanted if name not in stored.columns]
    return outputs_parquet.with_geometry(outputs.typed_frame(stored.with_columns(missing), definition), definition)


def facts_of_row(part: str, row_id: str) -> dict[str, list[dict[str, Any]]]:
    """What was repaired in a row and what was said about it when its file was merged.

    :raises store.Missing: the part is not there
    """
    with store.reading(f"{part}/facts.parquet") as path:
        frame = pl.read_parquet(path, memory_map=False).filter(pl.col("row_id") == row_id)
    return json.loads(frame["facts"][0]) if frame.height else {name: list(none) for name, none in _NO_FACTS.items()}
