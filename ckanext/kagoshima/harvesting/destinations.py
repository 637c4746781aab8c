"""The places that a run's new revisions take in the catalogue: their own, that of a file that moved, or none beside a better
route."""

from __future__ import annotations

from collections.abc import Iterable

from ckan import model

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.harvesting import archive, decisions, guards, naming, placing, vanishing
from ckanext.kagoshima.harvesting.collected import UNPUBLISHED, Run
from ckanext.kagoshima.harvesting.entries import Entry
from ckanext.kagoshima.harvesting.examination import Examined, examine
from ckanext.kagoshima.harvesting.model import SourceFile
from ckanext.kagoshima.harvesting.problems import Problem


def assign(run: Run, fresh: Iterable[SourceFile]) -> None:
    """Give each file that is to be published its place, in the order of the source."""
    fresh = _without_renewal(run, list(fresh))
    taken = {
        row.resource_id: row
        for row in run.rows.values()
        if row.resource_id and row.state not in (*UNPUBLISHED, "withdrawn", "moved", "missing")
    }
    standard_ids = frozenset(definition.id for definition in catalogue.load().all())
    for row in fresh:
        entry = Entry(**row.entry)
        examined = run.collected.examined.get(row.id)
        if examined is None:
            examined = run.collected.examined[row.id] = _look(run, row, entry)
        identity = placing.identity_for(run.code, entry, examined, standard_ids)
        if row.resource_id and row.resource_id != identity.resource_id and row.dataset == identity.dataset:
            identity = placing.identity_of(row)  # a file keeps its place, whatever its source says of it now
        moved = vanishing.moved_from(row, run.rows.values())
        if moved is not None:
            identity = placing.identity_of(moved)
            moved.state = "moved"
        holder = taken.get(identity.resource_id)
        if holder is not None and holder is not row and holder is not moved:
            identity = naming.further_part(identity, entry)
        row.package_name, row.resource_key, row.resource_id = identity.name, identity.key, identity.resource_id
        row.part, row.period = identity.part, identity.period
        row.entry = {**row.entry, "dataset": row.entry.get("dataset", "")} if entry.dataset else row.entry
        taken[identity.resource_id] = row
        model.Session.flush()
        state, authority = placing.routes(row)
        if state == "ready":
            run.collected.ready.setdefault(identity.name, []).append(row.id)
        else:
            row.dataset = row.dataset or identity.dataset
            _beside(run, row, state, authority)


def _look(run: Run, row: SourceFile, entry: Entry) -> Examined:
    return examine(archive.read(row.sha256), entry, code=run.code, reading=run.reading)


def _beside(run: Run, row: SourceFile, state: str, authority: str | None) -> None:
    """Another route to the same rows is authoritative."""
    problem = placing.beside(row, state, authority)
    run.collected.outcomes[row.id] = state
    if problem is not None:
        run.collected.problems.append(problem)


def _without_renewal(run: Run, fresh: list[SourceFile]) -> list[SourceFile]:
    """When most files of a source are at new addresses at once, whether the site was renewed is one question for a person."""
    moves = [(row, gone) for row in fresh if (gone := vanishing.moved_from(row, run.rows.values())) is not None]
    if not guards.mass_delete(len(run.known), len(moves)):
        return fresh
    values = {"url": run.declared.url, "count": len(run.known), "moved": len(moves)}
    problem = Problem("site-renewed", values)
    addresses = sorted(f"{gone.url} {row.url}" for row, gone in moves)
    outcome = decisions.hold_source(run.source_id, run.code, addresses, problem, dry=run.dry)
    if outcome == "released":
        return fresh
    moving = {row.id for row, _gone in moves}
    for row, _gone in moves:
        row.state, row.problem = outcome, problem.as_dict()
        run.collected.outcomes[row.id] = outcome
    if outcome == "held":
        run.collected.problems.append(problem)
    return [row for row in fresh if row.id not in moving]
