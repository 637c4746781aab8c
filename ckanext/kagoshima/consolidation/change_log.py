"""The changes of a run on their way into the database: gathered in a file beside, brought in by COPY at the end.

A first merge adds as many changes as the table has rows; neither memory nor one INSERT for each would bear them.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Any

import polars as pl

from ckanext.kagoshima.consolidation.model import MergeRun
from ckanext.kagoshima.consolidation.parts import ROWS_AT_ONCE
from recommended_datasets import outputs_copy
from recommended_datasets.changes import Change
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import Column, Kind, stored_columns
from recommended_datasets.merged_versions import Version

_KINDS: dict[str, Kind] = {"at": "integer", "before": "json", "after": "json"}
_NAMES = ("dataset", "run_id", "at", "publisher_code", "row_id", "kind", "cause", "before", "after")
_COLUMNS = tuple(Column(name, name, _KINDS.get(name, "text")) for name in _NAMES)
_BLANKS = r'"[a-z][a-z0-9_]*":"",'
"""A blank cell in a JSON object that is followed by another; inside a text the quotes would be escaped."""


class ChangeLog:
    """Gathers the changes of one run. Within a publisher: removed, changed, added, provenance, each by row id."""

    def __init__(self, run: MergeRun) -> None:
        # Read here: `add` may run in a thread of its own.
        self._said = {"dataset": run.dataset, "run_id": run.id, "at": outputs_copy.moment(run.at)}
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="changes-")
        self._file.write(outputs_copy.HEAD)
        self.kinds: Counter[str] = Counter()

    def __enter__(self) -> ChangeLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, publisher: str, version: Version, stored: pl.DataFrame, definition: Definition) -> None:
        """`stored` holds the rows of `version` in the order of the table."""
        self._edits(publisher, (change for change in version.edits if change.kind != "provenance"))
        if version.added:
            self._added(publisher, version, stored, definition)
        self._edits(publisher, (change for change in version.edits if change.kind == "provenance"))

    def _write(self, publisher: str, rows: pl.DataFrame) -> None:
        said = {**self._said, "publisher_code": publisher}
        for some in rows.iter_slices(ROWS_AT_ONCE):
            whole = some.with_columns(pl.lit(value).alias(name) for name, value in said.items())
            self._file.writelines(outputs_copy.rows(whole, _COLUMNS))

    def _added(self, publisher: str, version: Version, stored: pl.DataFrame, definition: Definition) -> None:
        fresh = stored
        if len(version.added) != stored.height:
            ids = [version.columns["row_id"][index] for index in version.added]
            fresh = stored.filter(pl.col("row_id").is_in(ids))
        self.kinds["added"] += fresh.height
        names = [column.id for column in stored_columns(definition)]
        after = pl.struct(names).struct.json_encode().str.replace_all(_BLANKS, "")
        entries = [
            pl.col("row_id"),
            pl.lit("added").alias("kind"),
            pl.lit(version.cause).alias("cause"),
            pl.lit(None, dtype=pl.String).alias("before"),
            after.alias("after"),
        ]
        for rows in fresh.sort("row_id").iter_slices(ROWS_AT_ONCE):
            self._write(publisher, rows.select(entries))

    def _edits(self, publisher: str, changes: Iterable[Change]) -> None:
        lines: list[tuple[str | None, ...]] = []
        for change in changes:
            self.kinds[change.kind] += 1
            sides = [json.dumps(dict(side), ensure_ascii=False) if side else None for side in (change.before, change.after)]
            lines.append((change.row_id, change.kind, change.cause, *sides))
        names = ("row_id", "kind", "cause", "before", "after")
        self._write(publisher, pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String), orient="row"))

    def store(self, cursor: Any) -> None:
        """Bring the changes into the table by this cursor of psycopg2's, in the order in which they were gathered."""
        self._file.write(outputs_copy.TAIL)
        self._file.seek(0)
        names = ", ".join(_NAMES)
        cursor.copy_expert(f"COPY kagoshima_merge_change ({names}) FROM STDIN WITH (FORMAT binary)", self._file, size=1 << 20)
