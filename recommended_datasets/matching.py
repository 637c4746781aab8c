"""Header → fields, and which dataset and edition a file follows.

Headers are compared folded (`fold`). A file is a dataset only if that definition's distinctive columns are there: a list of
wells with names, addresses and contacts is no list of fire hydrants, however many columns it shares with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from recommended_datasets.header_index import EXACT, FOLDED, GENERAL, Meanings, fold
from recommended_datasets.report import ColumnMatch

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog
    from recommended_datasets.definition import Definition

__all__ = ["IGNORE", "Match", "fold", "identify", "match_columns", "nearest"]


class HasHeader(Protocol):
    """Anything with a header, as `Table`."""

    @property
    def header(self) -> tuple[str, ...]: ...


class ColumnMapping(Protocol):
    """What `match_columns` asks of a `mapping.Mapping`."""

    @property
    def columns(self) -> Mapping[str, str]: ...


IGNORE = "ignore"
"""In a mapping: the column is of no field."""

_OWN = {EXACT: 1.0, FOLDED: 0.99}
"""What a name of this very edition counts, to tell editions apart."""
_NEARLY_WHOLE = 0.9
_OFFICIAL_NAME = re.compile(r"[0-9]{6}_([a-z0-9_]+)\.")

Hit = tuple[str, int]
"""(field id, how near)."""


@dataclass(frozen=True, slots=True)
class Match:
    """A dataset and edition that a file follows. `share` (0 to 1) of the definition's columns are in the file; `score`
    orders matches: it also counts how much of the file they explain."""

    definition: Definition
    share: float
    columns: tuple[ColumnMatch, ...]
    score: float = 0.0


def _decide(hits: Sequence[Hit | None]) -> list[Hit | None]:
    """Each field at most once: the nearest column has it, of equally near ones the first."""
    best: dict[str, tuple[int, int]] = {}
    for index, hit in enumerate(hits):
        if hit and (hit[0] not in best or hit[1] < best[hit[0]][0]):
            best[hit[0]] = (hit[1], index)
    return [hit if hit and best[hit[0]][1] == index else None for index, hit in enumerate(hits)]


def match_columns(
    table: HasHeader, definition: Definition, mapping: ColumnMapping | None = None, catalog: Catalog | None = None
) -> tuple[ColumnMatch, ...]:
    """How each column of the file is understood, in the file's order. Never two columns of one field: the nearer one has
    it, the other has no field and names it in `conflict`. A person's `mapping` comes before every name."""
    if catalog is None:
        from recommended_datasets.catalog import load

        catalog = load()
    number, index = catalog.header_index(definition)
    meant = [index.meanings(text).get(number) for text in table.header]
    hits = _decide(meant)
    targets = _targets(table.header, dict(mapping.columns) if mapping else {})
    taken = {target for target in targets if target and target in definition}
    used: set[str] = set()
    columns: list[ColumnMatch] = []
    for place, (text, hit, target) in enumerate(zip(table.header, hits, targets, strict=True)):
        if target == IGNORE:
            columns.append(ColumnMatch(place, text, None, "mapping"))
        elif target and target in definition and target not in used:
            used.add(target)
            columns.append(ColumnMatch(place, text, target, "mapping"))
        elif hit and hit[0] not in taken:
            columns.append(ColumnMatch(place, text, hit[0], "exact" if hit[1] == EXACT else "synonym"))
        else:
            other = meant[place]
            columns.append(ColumnMatch(place, text, None, "none", conflict=other[0] if other else ""))
    return tuple(columns)


def _targets(header: Sequence[str], mapped: Mapping[str, str]) -> list[str | None]:
    """Per column what a mapping says of it: by its place (``#7``), its header, or its folded header; the first has it."""
    by_fold = {fold(column): column for column in mapped}
    used: set[str] = set()
    targets: list[str | None] = []
    for number, text in enumerate(header, start=1):
        place = f"#{number}"
        key = place if place in mapped else text if text in mapped else by_fold.get(fold(text), "")
        targets.append(mapped[key] if key in mapped and key not in used and (fold(text) or key == place) else None)
        used.add(key)
    return targets


def _per_definition(header: Sequence[str], catalog: Catalog) -> dict[int, list[Hit | None]]:
    """For each definition that any header cell means something in: its hits, one per column."""
    index = catalog.headers
    meanings: list[Meanings] = [index.meanings(text) for text in header]
    numbers: set[int] = set()
    numbers.update(*meanings)
    return {number: _decide([cell.get(number) for cell in meanings]) for number in numbers}


def _score(named: int, fields: int, hits: Sequence[Hit | None]) -> tuple[float, float]:
    """(share of the definition, score): the harmonic mean of the shares of the definition and of the file, where a name of
    this very edition counts more than a synonym."""
    matched = [hit[1] for hit in hits if hit]
    weight = sum(1.0 if near <= FOLDED else 0.8 for near in matched)
    return len(matched) / fields, 2 * weight / (fields + named)


def _named(header: Sequence[str]) -> int:
    return sum(1 for text in header if fold(text)) or 1


def identify(table: HasHeader, catalog: Catalog) -> list[Match]:
    """The datasets and editions the file follows, best first, one for each dataset; empty when no definition's distinctive
    columns are there. Of the editions of a dataset, the one whose own column names the file has; where they do not tell,
    the one it is (nearly) whole of, else the newest; of none of its names, the one it fits best."""
    named = _named(table.header)
    best: dict[str, tuple[tuple[float, float, float], int]] = {}
    scores: dict[int, tuple[float, float]] = {}
    for number, hits in _per_definition(table.header, catalog).items():
        summary = catalog.summaries[number]
        ids = {hit[0] for hit in hits if hit and hit[1] < GENERAL}  # a word of every dataset decides for none
        if not summary.distinctive or not all(ids.intersection(group) for group in summary.distinctive):
            continue
        share, score = scores[number] = _score(named, summary.field_count, hits)
        own = round(sum(_OWN.get(hit[1], 0.0) for hit in hits if hit), 2)
        newness = -catalog.editions(summary.id).index(summary.edition)
        rank = (own, share if share >= _NEARLY_WHOLE else 0.0, newness if own else score)
        if summary.id not in best or rank > best[summary.id][0]:
            best[summary.id] = (rank, number)
    matches: list[Match] = []
    for number in sorted((number for _, number in best.values()), key=lambda n: scores[n][1], reverse=True):
        summary = catalog.summaries[number]
        definition = catalog.get(summary.id, summary.edition)
        share, score = scores[number]
        matches.append(Match(definition, round(share, 4), match_columns(table, definition, catalog=catalog), score))
    return matches


def nearest(table: HasHeader, catalog: Catalog, limit: int = 3, name: str = "") -> list[tuple[str, float]]:
    """For a file of no standard: the nearest datasets and the share of their columns it holds, best first; before all others
    the one that the official file `name` (``462012_aed.csv``) names, because generic columns are in every dataset."""
    named = _named(table.header)
    found: dict[str, tuple[float, float]] = {}
    for number, hits in _per_definition(table.header, catalog).items():
        summary = catalog.summaries[number]
        share, score = _score(named, summary.field_count, hits)
        if score > found.get(summary.id, (0.0, 0.0))[0]:
            found[summary.id] = (score, share)
    meant = named_dataset(name, catalog)
    ordered = sorted(found.items(), key=lambda item: (item[0] != meant, -item[1][0], item[0]))
    return [(dataset, round(share, 4)) for dataset, (_, share) in ordered[:limit]]


def named_dataset(name: str, catalog: Catalog) -> str | None:
    """The dataset that an official file name (code, id, date or part) names, None where it names none."""
    stem = _OFFICIAL_NAME.match(name.replace("\\", "/").rsplit("/", 1)[-1])
    if not stem:
        return None
    fitting = [one for one in catalog.ids() if f"{stem[1]}_".startswith(f"{one}_")]
    return max(fitting, key=len, default=None)
