"""What one file gives to a merged table: read as persons said, judged, normalised, and its rows sorted."""

from __future__ import annotations

import dataclasses

from ckanext.kagoshima.consolidation import decisions, parts, passport_facts, personal
from ckanext.kagoshima.consolidation.sources import Candidate
from ckanext.kagoshima.harvesting import archive, confirmed, readings
from ckanext.kagoshima.resources import content
from recommended_datasets import consolidation
from recommended_datasets.consolidation import Balance, Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.normalisation import normalise_checked


@dataclasses.dataclass(frozen=True)
class Given:
    """What a file gives, with the repairs and issues of its lines."""

    candidate: Candidate
    key: str
    outcome: str
    contribution: Contribution
    facts: parts.Facts = dataclasses.field(default_factory=dict)


def given(candidate: Candidate, key: str, outcome: str, definition: Definition) -> Given:
    """What the file of `candidate` gives to the merged table of `definition`."""
    source = candidate.source
    nothing = Contribution(source, Balance())
    if outcome == "alias":
        return Given(candidate, key, outcome, nothing)
    try:
        data = content.read(candidate.resource)
    except content.NoContent:
        return Given(candidate, key, "unreadable", nothing)
    reading = readings.of_resource(source.resource, source.publisher_code)
    judged = _judged(data, candidate, definition, reading)
    checked = judged.checked
    if checked.table is None:
        return Given(candidate, key, "unreadable", nothing)
    if checked.definition is None or checked.definition.id != definition.id:
        return Given(candidate, key, "other", nothing)
    if not archive.has(source.sha256):
        archive.store(data, url=source.url)
    del data
    source = dataclasses.replace(source, edition=checked.definition.edition)
    if candidate.withheld:
        count = checked.table.row_count
        withheld = Contribution(source, Balance(rows_in=count, withheld=count), withheld={candidate.withheld: count})
        return Given(candidate, key, outcome, withheld)
    normalised = normalise_checked(checked, source.publisher_code)
    contribution = consolidation.contribute(
        checked.table,
        normalised,
        definition,
        source,
        withheld_rows=personal.withheld_rows(checked.table, checked.definition, source.sha256),
        drop=decisions.dropped(definition.id, source.resource, definition, normalised),
    )
    contribution = confirmed.with_marks(
        contribution, source.resource, definition, lambda sha256: _earlier(sha256, candidate, definition, reading)
    )
    repairs = (*judged.repairs, *normalised.repairs)
    return Given(candidate, key, outcome, contribution, passport_facts.by_line(repairs, checked.report.issues))


def _judged(data: bytes, candidate: Candidate, definition: Definition, reading: readings.Reading) -> readings.Judged:
    code = candidate.source.publisher_code or None
    name = candidate.resource["url"]
    return readings.judged(data, name, reading, dataset=definition.id, municipality_code=code, stated=True)


def _earlier(
    sha256: str, candidate: Candidate, definition: Definition, reading: readings.Reading
) -> Contribution | None:
    """What an earlier version of the file gives; None where its bytes are not kept."""
    try:
        checked = _judged(archive.read(sha256), candidate, definition, reading).checked
    except archive.NotArchived:
        return None
    if checked.table is None or checked.definition is None or checked.definition.id != definition.id:
        return None
    normalised = normalise_checked(checked, candidate.source.publisher_code)
    source = dataclasses.replace(candidate.source, sha256=sha256, edition=checked.definition.edition)
    return consolidation.contribute(checked.table, normalised, definition, source)
