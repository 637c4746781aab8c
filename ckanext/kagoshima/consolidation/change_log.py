"""The changes of a run on their way into the database: gathered in a file beside, brought in by COPY at the end.

A first merge adds as many changes as the table has rows; neither memory nor one INSERT for each would bear them.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Any

import polars as pl

from ckanext.kagoshima.consolidation.model import MergeRun
from ckanext.kagoshima.consolidation.parts import ROWS_AT_ONCE
from recommended_datasets.changes import Change
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import stored_columns
from recommended_datasets.merged_versions import Version

_COLUMNS = ("dataset", "run_id", "at", "publisher_code", "row_id", "kind", "cause", "before", "after")
_BLANKS = r'"[a-z][a-z0-9_]*":"",'
"""A blank cell in a JSON object that is followed by another; inside a text the quotes would be escaped."""


class ChangeLog:
    """Gathers the changes of one run. Within a publisher: removed, changed, added, provenance, each by row id."""

    def __init__(self, run: MergeRun) -> None:
        self._said = (run.dataset, run.id, run.at.isoformat())  # read here: `add` may run in a thread of its own
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="changes-")
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

    def _head(self, publisher: str) -> tuple[str, str, str, str]:
        return (*self._said, publisher)

    def _added(self, publisher: str, version: Version, stored: pl.DataFrame, definition: Definition) -> None:
        fresh = stored
        if len(version.added) != stored.height:
            ids = [version.columns["row_id"][index] for index in version.added]
            fresh = stored.filter(pl.col("row_id").is_in(ids))
        self.kinds["added"] += fresh.height
        names = [column.id for column in stored_columns(definition)]
        after = pl.struct(names).struct.json_encode().str.replace_all(_BLANKS, "")
        head = [pl.lit(text) for text in self._head(publisher)]
        entries = [
            *(one.alias(name) for one, name in zip(head, _COLUMNS, strict=False)),
            pl.col("row_id"),
            pl.lit("added").alias("kind"),
            pl.lit(version.cause).alias("cause"),
            pl.lit(None, dtype=pl.String).alias("before"),
            after.alias("after"),
        ]
        for rows in fresh.sort("row_id").iter_slices(ROWS_AT_ONCE):
            rows.select(entries).write_csv(self._file, include_header=False)

    def _edits(self, publisher: str, changes: Iterable[Change]) -> None:
        lines: list[list[Any]] = []
        for change in changes:
            self.kinds[change.kind] += 1
            sides = [json.dumps(dict(side), ensure_ascii=False) if side else "" for side in (change.before, change.after)]
            lines.append([*self._head(publisher), change.row_id, change.kind, change.cause, *sides])
        if lines:
            import io

            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(lines)
            self._file.write(text.getvalue().encode())

    def store(self, cursor: Any) -> None:
        """Bring the changes into the table by this cursor of psycopg2's, in the order in which they were gathered."""
        self._file.seek(0)
        names = ", ".join(_COLUMNS)
        cursor.copy_expert(f"COPY kagoshima_merge_change ({names}) FROM STDIN WITH (FORMAT csv)", self._file, size=1 << 20)
