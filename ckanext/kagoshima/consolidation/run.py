"""One run of one merged table: what changed since the last run, and nothing else, is read, matched and stored.

Order of writing: parts (new files under new names) → DataStore → database rows → whole files. A run that dies before its
database rows are written is simply done again: parts are never changed, and the DataStore takes the same rows again.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections import Counter
from collections.abc import Iterable

from ckan import model

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.checking.judge import judge
from ckanext.kagoshima.consolidation import decisions, loading, parts, sources
from ckanext.kagoshima.consolidation.model import MergeChange, MergeFile, MergeRun, now
from ckanext.kagoshima.consolidation.sources import Candidate
from ckanext.kagoshima.harvesting import archive
from ckanext.kagoshima.resources import content
from recommended_datasets import changes, consolidation, licence, merged_versions
from recommended_datasets.consolidation import Balance, Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.normalisation import normalise

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
    """Bring the merged table of `dataset` up to date. Commits. Returns the run, None where nothing had changed.

    The caller holds `sources.locked`, and the DataStore table is there.
    """
    definition = catalogue.load().standard(dataset)
    rule_set = catalogue.load().rule_set
    before = {row.resource_id: row for row in MergeFile.of_dataset(dataset)}
    work = _work(dataset, before, rule_set)
    if not work:
        return None
    run = MergeRun(id=str(uuid.uuid4()), dataset=dataset, rule_set=rule_set, at=now(), cause="source")
    causes: set[changes.Cause] = set()
    found: list[tuple[str, changes.Change]] = []
    for publisher, files, gone in _by_publisher(work):
        cause = _cause([before.get(c.source.resource) for c, _, _ in files], [c for c, _, _ in files], rule_set, gone)
        causes.add(cause)
        found += [(publisher, change) for change in _publisher(run, definition, files, gone, before, cause)]
    run.cause = next(cause for cause in _CAUSES if cause in causes)
    _record(run, found)
    model.Session.commit()
    log.info("merged %s: %d added, %d removed, %d changed", dataset, run.added, run.removed, run.changed)
    return run


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
        key = candidate.key(rule_set, decisions.state_of(dataset, source.resource))
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


def _publisher(
    run: MergeRun,
    definition: Definition,
    files: list[tuple[Candidate, str, str]],
    gone: list[MergeFile],
    before: dict[str, MergeFile],
    cause: changes.Cause,
) -> tuple[changes.Change, ...]:
    """Merge the changed files of one publisher: parts, DataStore, file rows. Returns the changes of its rows."""
    contributions: list[tuple[Candidate, str, str, Contribution]] = []
    for candidate, key, outcome in files:
        contribution, outcome = _contribution(candidate, definition, outcome)
        contributions.append((candidate, key, outcome, contribution))
    touched = [before[c.source.resource] for c, _, _ in files if c.source.resource in before] + gone
    previous = {row_id: row for file in touched if file.part for row_id, row in parts.stored_rows(file.part).items()}
    version = merged_versions.identify(previous, [c for *_, c in contributions], definition, cause=cause)
    for file in gone:
        model.Session.delete(file)
    for candidate, key, outcome, contribution in contributions:
        rows = [row for row in version.rows.values() if row["source_resource"] == candidate.source.resource]
        part = parts.location(definition.id, candidate.source.resource, run.id) if rows or contribution.rejected else ""
        if part:
            parts.write(part, rows, contribution, definition)
        _store_file(run, candidate, key, outcome, contribution, part)
    loading.apply(definition, version.changes, version.rows)
    return version.changes


def _contribution(candidate: Candidate, definition: Definition, outcome: str) -> tuple[Contribution, str]:
    source = candidate.source
    nothing = Contribution(source, Balance())
    if outcome == "alias":
        return nothing, outcome
    try:
        data = content.read(candidate.resource)
    except content.NoContent:
        return nothing, "unreadable"
    checked = judge(
        data, candidate.resource["url"], dataset=definition.id, municipality_code=source.publisher_code or None
    )
    if checked.table is None:
        return nothing, "unreadable"
    if checked.definition is None or checked.definition.id != definition.id:
        return nothing, "other"
    if not archive.has(source.sha256):
        archive.store(data, url=source.url)
    source = dataclasses.replace(source, edition=checked.definition.edition)
    if candidate.withheld:
        count = checked.table.row_count
        return Contribution(source, Balance(rows_in=count, withheld=count), withheld={candidate.withheld: count}), "merged"
    normalised = normalise(checked.table, checked.definition, checked.columns, source.publisher_code)
    contribution = consolidation.contribute(
        checked.table,
        normalised,
        definition,
        source,
        drop=decisions.dropped(definition.id, source.resource, definition, normalised),
    )
    return contribution, "merged"


def _store_file(
    run: MergeRun, candidate: Candidate, key: str, outcome: str, contribution: Contribution, part: str
) -> None:
    source = contribution.source
    row = model.Session.get(MergeFile, (run.dataset, source.resource))
    if row is None:
        row = MergeFile(dataset=run.dataset, resource_id=source.resource)
        model.Session.add(row)
    row.publisher_code, row.publisher_name = source.publisher_code, source.publisher_name
    row.source = dataclasses.asdict(source)
    row.key, row.rule_set, row.sha256, row.outcome = key, run.rule_set, source.sha256, outcome
    for name, value in contribution.balance.as_dict().items():
        setattr(row, name, value)
    row.reasons = {
        "rejected": dict(Counter(dropped.reason for dropped in contribution.rejected)),
        "withheld": dict(contribution.withheld),
        "foreign_codes": contribution.foreign_codes,
    }
    row.part, row.run_id, row.at = part, run.id, run.at


def _record(run: MergeRun, found: list[tuple[str, changes.Change]]) -> None:
    """The run's row with the balance of the whole table, and one row per change."""
    model.Session.flush()
    files = MergeFile.of_dataset(run.dataset)
    total = sum((file.balance for file in files), Balance())
    for name, value in total.as_dict().items():
        setattr(run, name, value)
    kinds = Counter(change.kind for _, change in found)
    run.added, run.removed, run.changed = kinds["added"], kinds["removed"], kinds["changed"]
    combined = licence.combined(file.source["licence"] for file in files if file.accepted)
    run.licence = combined.id if combined else ""
    model.Session.add(run)
    model.Session.bulk_insert_mappings(
        MergeChange,  # type: ignore
        [
            {
                "dataset": run.dataset,
                "run_id": run.id,
                "at": run.at,
                "publisher_code": publisher,
                "row_id": change.row_id,
                "kind": change.kind,
                "cause": change.cause,
                "before": dict(change.before) or None,
                "after": dict(change.after) or None,
            }
            for publisher, change in found
        ],
    )


def changed_rows(run: MergeRun) -> set[str]:
    """The row ids that a run changed in any way."""
    query = model.Session.query(MergeChange.row_id).filter(MergeChange.dataset == run.dataset, MergeChange.run_id == run.id)
    return {row_id for (row_id,) in query}
