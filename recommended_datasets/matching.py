"""Header → fields, and which dataset and edition a file follows.

Headers are compared folded (`fold`). A file is a dataset only if that definition's distinctive columns are there: a list of
wells with names, addresses and contacts is no list of fire hydrants, however many columns it shares with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from recommended_datasets.report import ColumnMatch

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog
    from recommended_datasets.definition import Definition


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

EXACT, FOLDED, EDITION, SYNONYM, PHYSICAL, GENERAL = range(6)
"""How near a header is, best first: the name itself, folded, another edition's name, a synonym of the dataset, the
standard's physical or English name, a synonym of every dataset."""

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－ー～〜~"), "-")
_LEADING_NUMBER = re.compile(r"^[(\[]?\d{1,3}[.:)\]、]+")
_PUNCTUATION = re.compile(r"[\s\ufeff\u200b_()\[\]{}<>「」『』【】〔〕〈〉《》、。,.・/／:;'\"*※◎○●]+")
_LONE_DASH = re.compile(r"(?<!\d)-|-(?!\d)")
_LAST_BRACKET = re.compile(r"[(\[【〔<][^()\[\]【】〔〕<>]*[)\]】〕>]\s*$")


@lru_cache(maxsize=65536)
def fold(header: str) -> str:
    """A header reduced to what must agree: NFKC, case, a leading number (`1.名称`), blanks, brackets, separators and the
    kinds of dash make no difference. For comparing only; "" when nothing is left."""
    text = unicodedata.normalize("NFKC", header).strip().casefold()
    text = _LEADING_NUMBER.sub("", text.translate(_DASHES))
    text = _LONE_DASH.sub("ー", _PUNCTUATION.sub("", text))
    return text


@dataclass(frozen=True, slots=True)
class Match:
    """A dataset and edition that a file follows. `share` (0 to 1) of the definition's columns are in the file; `score`
    orders matches: it also counts how much of the file they explain."""

    definition: Definition
    share: float
    columns: tuple[ColumnMatch, ...]
    score: float = 0.0


def header_names(
    fields: Sequence[Mapping[str, object]],
    *,
    others: Iterable[tuple[str, str]] = (),
    prefixes: Sequence[str] = (),
    synonyms: Mapping[str, Sequence[str]] | None = None,
    general: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, tuple[str, int]]:
    """Every folded header that means a field of one definition → (field id, how near). `fields` is the plain data of the
    definition, `others` the (id, name) pairs of its other editions. A name nearer to one field is never another's."""
    own: set[str] = {str(f["id"]) for f in fields}
    ranked: list[tuple[int, str, str]] = [(FOLDED, str(f["id"]), str(f["name"])) for f in fields]
    ranked += [(EDITION, field_id, name) for field_id, name in others if field_id in own]
    for field_id, names in (synonyms or {}).items():
        ranked += [(SYNONYM, field_id, name) for name in names if field_id in own]
    for f in fields:
        ranked += [(SYNONYM, str(f["id"]), str(name)) for name in _listed(f.get("synonyms"))]
        ranked += [(PHYSICAL, str(f["id"]), str(f[key])) for key in ("physical", "english", "id") if f.get(key)]
    for field_id, names in (general or {}).items():
        ranked += [(GENERAL, field_id, name) for name in names if field_id in own]
    for rank, field_id, name in list(ranked):
        for prefix in prefixes if rank <= SYNONYM else ():
            ranked.append((SYNONYM, field_id, name[len(prefix) :] if name.startswith(prefix) else prefix + name))
    found: dict[str, tuple[str, int]] = {}
    for rank, field_id, name in sorted(ranked, key=lambda entry: entry[0]):
        found.setdefault(fold(name), (field_id, rank))
    found.pop("", None)
    return found


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _found(header: str, names: Mapping[str, tuple[str, int]]) -> tuple[str, int] | None:
    """The field a header means, trying it as it is, then without a last bracket: 緯度(世界測地系), 名称【必須】."""
    folded = fold(header)
    if not folded:
        return None
    if folded in names:
        return names[folded]
    shorter = _LAST_BRACKET.sub("", unicodedata.normalize("NFKC", header).strip())
    hit = names.get(fold(shorter)) if shorter else None
    return (hit[0], max(hit[1], SYNONYM)) if hit else None


def _match(header: Sequence[str], names: Mapping[str, tuple[str, int]], exact: Mapping[str, str]) -> list[tuple[str, int] | None]:
    """Per column (field id, how near), each field at most once: the nearer column has it, of equals the first."""
    hits: list[tuple[str, int] | None] = []
    for text in header:
        plain = text.strip("\ufeff \t\r\n　")
        hits.append((exact[plain], EXACT) if plain in exact else _found(text, names))
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
    names = catalog.names(definition)
    exact = {field.name: field.id for field in definition.fields}
    hits = _match(table.header, names, exact)
    mapped = dict(mapping.columns) if mapping else {}
    by_fold = {fold(column): target for column, target in mapped.items()}
    columns: list[ColumnMatch] = []
    taken: set[str] = set()
    targets = [mapped.get(text, by_fold.get(fold(text))) if mapped and fold(text) else None for text in table.header]
    for target in targets:
        if target and target in definition:
            taken.add(target)
    used: set[str] = set()
    for index, (text, hit, target) in enumerate(zip(table.header, hits, targets, strict=True)):
        if target == IGNORE:
            columns.append(ColumnMatch(index, text, None, "mapping"))
        elif target and target in definition and target not in used:
            used.add(target)
            columns.append(ColumnMatch(index, text, target, "mapping"))
        elif hit and hit[0] not in taken:
            columns.append(ColumnMatch(index, text, hit[0], "exact" if hit[1] == EXACT else "synonym"))
        else:
            meant = (exact.get(text) or (_found(text, names) or ("", 0))[0]) if fold(text) else ""
            columns.append(ColumnMatch(index, text, None, "none", conflict=meant))
    return tuple(columns)


def _score(header: Sequence[str], fields: int, hits: Sequence[tuple[str, int] | None]) -> tuple[float, float]:
    """(share of the definition, score): the harmonic mean of the shares of the definition and of the file, where a name of
    this very edition counts more than a synonym."""
    matched = sum(hit is not None for hit in hits)
    weight = sum(1.0 if hit[1] <= FOLDED else 0.8 for hit in hits if hit)
    named = sum(1 for text in header if fold(text)) or 1
    return matched / fields, 2 * weight / (fields + named)


def _plausible(hits: Sequence[tuple[str, int] | None], distinctive: Sequence[Sequence[str]]) -> bool:
    ids = {hit[0] for hit in hits if hit}
    return bool(distinctive) and all(ids.intersection(group) for group in distinctive)


def identify(table: HasHeader, catalog: Catalog) -> list[Match]:
    """The datasets and editions the file follows, best first, one for each dataset; empty when no definition's distinctive
    columns are there. Of the editions of a dataset, the one whose own names and columns fit best."""
    best: dict[str, tuple[float, float, tuple[str, str]]] = {}
    for (dataset, edition), entry in catalog.entries():
        hits = _match(table.header, entry.names, entry.exact)
        if not _plausible(hits, entry.distinctive):
            continue
        share, score = _score(table.header, len(entry.exact), hits)
        if dataset not in best or (score, edition) > (best[dataset][0], best[dataset][2][1]):
            best[dataset] = (score, share, (dataset, edition))
    matches: list[Match] = []
    for score, share, (dataset, edition) in sorted(best.values(), reverse=True):
        definition = catalog.get(dataset, edition)
        matches.append(Match(definition, round(share, 4), match_columns(table, definition, catalog=catalog), score))
    return matches


def nearest(table: HasHeader, catalog: Catalog, limit: int = 3) -> list[tuple[str, float]]:
    """For a file of no standard: the nearest datasets and the share of their columns it holds, best first."""
    found: dict[str, tuple[float, float]] = {}
    for (dataset, _), entry in catalog.entries():
        hits = _match(table.header, entry.names, entry.exact)
        share, score = _score(table.header, len(entry.exact), hits)
        if share and score > found.get(dataset, (0.0, 0.0))[0]:
            found[dataset] = (score, share)
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return [(dataset, round(share, 4)) for dataset, (_, share) in ordered[:limit]]
