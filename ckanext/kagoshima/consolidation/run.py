"""One run of one merged table: what changed since the last run, and nothing else, is read, matched and stored.

Order of commits: parts (new files under new names) → DataStore → database rows → whole files. A run that dies before its
database rows are written is simply done again: parts are never changed, and the DataStore takes the same rows again.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

import polars as pl
from ckan import model

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import decisions, giving, loading, parts, personal, redirects, sources, suspecting
from ckanext.kagoshima.consolidation.change_log import ChangeLog
from ckanext.kagoshima.consolidation.model import MergeFile, MergeRun, now
from ckanext.kagoshima.consolidation.sources import Candidate
from ckanext.kagoshima.consolidation.writing import Filling, Writer, quick_turns
from ckanext.kagoshima.harvesting import confirmed
from recommended_datasets import changes, consolidation_periods, licence, merged_versions, outputs
from recommended_datasets.consolidation import Balance
from recommended_datasets.definition import Definition
from recommended_datasets.merged_versions import Version

log = logging.getLogger(__name__)
_CAUSES: tuple[changes.Cause, ...] = ("source", "rule_set", "decision")


@dataclasses.dataclass(frozen=True)
class Work:
    """What one run has to do: `files` with their new keys, and the rows of files that went away."""

    files: list[tuple[Candidate, str, str]]
    """Candidate, key, outcome (``merged`` or ``alias``)."""
    gone: list[MergeFile]

    def __bool__(self) -> bool:
        return bool(self.files or self.gone)


def merge(dataset: str) -> MergeRun | None:
    """Bring the merged table of `dataset` and its suspected pairs up to date. Commits. Returns the run, None where nothing had
    changed. The caller holds `sources.locked`, and the DataStore table is there.
    """
    definition = catalogue.load().standard(dataset)
    rule_set = catalogue.load().rule_set
    before = {row.resource_id: row for row in MergeFile.of_dataset(dataset)}
    work = _work(dataset, before, rule_set)
    if not work:
        return None
    # Into an empty table everything goes at once, with the indexes made afterwards; nobody reads it yet. Should the process
    # die before it has them, the table is not current, and the next run makes it anew from the parts.
    first = not any(file.accepted for file in before.values())
    run = MergeRun(id=str(uuid.uuid4()), dataset=dataset, rule_set=rule_set, at=now(), cause="source")
    causes: set[changes.Cause] = set()
    moves = redirects.Moves(definition)
    filled = Filling(definition) if first else nullcontext()
    with quick_turns(), ChangeLog(run) as log_, Writer() as writer, filled as filling:
        for publisher, files, gone in _by_publisher(work):
            stored = [before.get(candidate.source.resource) for candidate, _, _ in files]
            cause = _cause(stored, [candidate for candidate, _, _ in files], rule_set, gone)
            causes.add(cause)
            step = Step(run, definition, publisher, cause, log_, moves, writer, filling)
            _publisher(step, files, gone, before)
        writer.wait()
        if filling is not None:
            filling.end()
        run.cause = next(cause for cause in _CAUSES if cause in causes)
        pairs = None
        if filling is None:
            log_.store(changes_cursor())
        else:
            filling.filled()
            # While PostgreSQL makes the indexes and takes the changes.
            storing = writer.do(partial(log_.store, changes_cursor()))
            pairs = suspecting.everywhere(definition)
            storing.result()
        moves.store(run)
        _record(run, log_.kinds)
        model.Session.commit()
        suspecting.update(definition, run, pairs)
        if filling is not None:
            filling.wait()
        else:
            loading.count(dataset)
    log.info("merged %s: %d added, %d removed, %d changed", dataset, run.added, run.removed, run.changed)
    return run


def changes_cursor() -> Any:
    """A cursor of the session's connection: what it writes is part of the session's transaction."""
    return model.Session.connection().connection.cursor()


def _work(dataset: str, before: dict[str, MergeFile], rule_set: str) -> Work:
    """Files whose key is not the stored one, and stored files that the catalogue does not have any more. The same bytes
    twice from one publisher are one file: the second is an alias and gives no rows."""
    files: list[tuple[Candidate, str, str]] = []
    seen: dict[tuple[str, str, str], str] = {}
    present: set[str] = set()
    for candidate in sources.candidates(dataset):
        source = candidate.source
        present.add(source.resource)
        first = seen.setdefault((source.publisher_code, source.sha256, source.period), source.resource)
        outcome = "merged" if first == source.resource or not source.sha256 else "alias"
        state = decisions.state_of(dataset, source.resource)
        if personal.released(source.sha256):
            state += ";released"
        state += ";" + confirmed.mark(source.resource, source.publisher_code, catalogue.load().standard(dataset))
        key = candidate.key(rule_set, state)
        if outcome == "alias":
            key += f":{first}"
        stored = before.get(source.resource)
        if stored is None or stored.key != key:
            files.append((candidate, key, outcome))
    return Work(files, [row for resource_id, row in before.items() if resource_id not in present])


def _by_publisher(work: Work) -> Iterable[tuple[str, list[tuple[Candidate, str, str]], list[MergeFile]]]:
    codes = {c.source.publisher_code for c, _, _ in work.files} | {row.publisher_code for row in work.gone}
    for code in sorted(codes):
        yield (
            code,
            [entry for entry in work.files if entry[0].source.publisher_code == code],
            [row for row in work.gone if row.publisher_code == code],
        )


def _cause(
    stored: list[MergeFile | None], candidates: list[Candidate], rule_set: str, gone: list[MergeFile]
) -> changes.Cause:
    """Why a publisher's rows are looked at again: new bytes or files before new rules before a person's decision."""
    pairs = list(zip(stored, candidates, strict=True))
    if gone or any(row is None or row.sha256 != candidate.source.sha256 for row, candidate in pairs):
        return "source"
    if any(row is not None and row.rule_set != rule_set for row, _ in pairs):
        return "rule_set"
    return "decision"


@dataclasses.dataclass(frozen=True)
class Step:
    """One publisher's share of a run. Without `filling` its changes go straight into the DataStore table."""

    run: MergeRun
    definition: Definition
    publisher: str
    cause: changes.Cause
    log: ChangeLog
    moves: redirects.Moves
    writer: Writer
    filling: Filling | None


def _publisher(
    step: Step, files: list[tuple[Candidate, str, str]], gone: list[MergeFile], before: dict[str, MergeFile]
) -> None:
    """Merge the changed files of one publisher: parts, DataStore, file rows, changes."""
    definition = step.definition
    given = [giving.given(candidate, key, outcome, definition) for candidate, key, outcome in files]
    previous: dict[str, list[str | None]] = {}
    earlier: frozenset[str] = frozenset()
    for place, one in enumerate(given):
        file = before.get(one.candidate.source.resource)
        stored_before = parts.stored_columns(file.part) if file is not None and file.part else {}
        contribution, kept = consolidation_periods.with_earlier(one.contribution, stored_before, definition)
        given[place] = dataclasses.replace(one, contribution=contribution)
        earlier |= kept
        _extend(previous, stored_before)
    for file in gone:
        _extend(previous, parts.stored_columns(file.part) if file.part else {})
    version = merged_versions.identify(previous, [one.contribution for one in given], definition, cause=step.cause)
    for file in gone:
        model.Session.delete(file)
    stored = outputs.stored_frame_of(version.columns, definition)
    # Python's own copy of the rows goes before the next file is read: only the frame waits for the writer.
    version = dataclasses.replace(version, columns={"row_id": version.columns["row_id"]} if version.columns else {})
    present = set(stored["source_resource"].unique()) if stored.height else set()
    written: list[tuple[giving.Given, str]] = []
    for one in given:
        resource = one.contribution.source.resource
        has_part = resource in present or one.contribution.rejected
        light = dataclasses.replace(one, contribution=dataclasses.replace(one.contribution, columns={}))
        written.append((light, parts.location(definition.id, resource, step.run.id) if has_part else ""))
        _store_file(step.run, *written[-1])
    coming = step.writer.do(lambda: _write(step, version, stored, written, earlier))
    if step.filling is None:
        coming.result()
        loading.apply(definition, version, stored)
        step.moves.add(version, stored)


def _write(
    step: Step, version: Version, stored: pl.DataFrame, written: list[tuple[giving.Given, str]], earlier: frozenset[str]
) -> None:
    """Write the parts and the changes of one publisher; no database. `stored`: its rows, of which `version` has the ids;
    `earlier`: ids of rows that are not in today's files."""
    definition = step.definition
    for one, part in written:
        if not part:
            continue
        rows = stored.filter(pl.col("source_resource") == one.contribution.source.resource)
        facts: dict[str, dict[str, list[dict[str, Any]]]] = {}
        if one.facts:
            here = rows.filter(pl.col("row_status") == "")["row_id"]  # of others the line is that of an earlier file
            for row_id in here:
                said = one.facts.get(int(version.lines[row_id] or 0)) if row_id not in earlier else None
                if said:
                    facts[row_id] = said
        parts.write(part, rows, one.contribution, definition, facts)
        if step.filling is not None and rows.height:
            step.filling.add(part)
    step.log.add(step.publisher, version, stored, definition)


def _extend(previous: dict[str, list[str | None]], columns: dict[str, list[str | None]]) -> None:
    for name, cells in columns.items():
        previous.setdefault(name, []).extend(cells)


def _store_file(run: MergeRun, given: giving.Given, part: str) -> None:
    contribution = given.contribution
    source = contribution.source
    row = model.Session.get(MergeFile, (run.dataset, source.resource))
    if row is None:
        row = MergeFile(dataset=run.dataset, resource_id=source.resource)
        model.Session.add(row)
    row.publisher_code, row.publisher_name = source.publisher_code, source.publisher_name
    row.source = dataclasses.asdict(source)
    row.key, row.rule_set, row.sha256, row.outcome = given.key, run.rule_set, source.sha256, given.outcome
    for name, value in contribution.balance.as_dict().items():
        setattr(row, name, value)
    row.reasons = {
        "rejected": dict(Counter(dropped.reason for dropped in contribution.rejected)),
        "withheld": dict(contribution.withheld),
        "foreign_codes": contribution.foreign_codes,
    }
    row.part, row.run_id, row.at = part, run.id, run.at


def _record(run: MergeRun, kinds: Counter[str]) -> None:
    """The run's row with the balance of the whole table."""
    model.Session.flush()
    files = MergeFile.of_dataset(run.dataset)
    total = sum((file.balance for file in files), Balance())
    for name, value in total.as_dict().items():
        setattr(run, name, value)
    run.added, run.removed, run.changed = kinds["added"], kinds["removed"], kinds["changed"]
    combined = licence.combined(file.source["licence"] for file in files if file.accepted)
    run.licence = combined.id if combined else ""
    model.Session.add(run)
