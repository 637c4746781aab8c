"""Row ids that had to change: a row that left one publisher's data and stands in another's in the same run (a merger of
municipalities, a facility handed over) has a new id, and the old one leads to it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from ckan import model

from ckanext.kagoshima.consolidation.model import MergeRedirect, MergeRun
from recommended_datasets import row_identity
from recommended_datasets.definition import Definition
from recommended_datasets.merged_versions import Version

_MOST = 50_000
"""Rows on either side that are compared."""


class Moves:
    """Gathers what left and what came in a run."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._left: list[Mapping[str, str | None]] = []
        self._came: list[Mapping[str, str | None]] = []

    def add(self, version: Version, stored: pl.DataFrame) -> None:
        """One publisher's changes; `stored` holds its rows."""
        self._left += [change.before for change in version.edits if change.kind == "removed"]
        if version.added and len(self._came) <= _MOST:
            ids = [version.columns["row_id"][index] for index in version.added]
            self._came += stored.filter(pl.col("row_id").is_in(ids)).head(_MOST).iter_rows(named=True)

    def store(self, run: MergeRun) -> int:
        """Note the redirects of the run, in the session's transaction. Returns how many."""
        if not self._left or not self._came or len(self._left) > _MOST or len(self._came) > _MOST:
            return 0
        facts = [row_identity.facts(self._definition, rows) for rows in (self._left, self._came)]
        found = 0
        for new, old in row_identity.match(*facts).pairs.items():
            before, after = self._left[old], self._came[new]
            if before.get("publisher_code") != after.get("publisher_code") and facts[0][old].name:
                _note(run, before["row_id"] or "", after["row_id"] or "")
                found += 1
        return found


def _note(run: MergeRun, old: str, new: str) -> None:
    query = model.Session.query(MergeRedirect).filter(MergeRedirect.dataset == run.dataset)
    for earlier in query.filter(MergeRedirect.to_row_id == old):
        earlier.to_row_id = new
    query.filter(MergeRedirect.row_id == new).delete()
    model.Session.merge(
        MergeRedirect(row_id=old, dataset=run.dataset, to_row_id=new, at=run.at, reason="publisher")
    )
