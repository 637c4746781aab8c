"""Licences: what a publisher's statement means, whether its rows may be merged, and what the merged table carries.

The table itself is data (`licences.yaml`). A file that arrives without a statement is never given a licence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import yaml

NOT_STATED = "notspecified"
"""The id that stands for "nobody stated a licence" (ライセンス未確認)."""

Withheld = Literal["licence-not-stated", "licence-unknown", "licence-not-compatible"]


@dataclass(frozen=True, slots=True)
class Licence:
    id: str
    title: dict[str, str]
    url: str
    rank: int
    attribution: bool
    """The publishers must be named."""
    merges: bool
    """Rows under it may stand in a table with rows of others."""
    family: str = ""
    """Share-alike: rows of two different families cannot share one table."""
    stated: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def licences() -> tuple[Licence, ...]:
    """All known licences, the freest first."""
    raw = cast("list[dict[str, Any]]", yaml.safe_load(Path(__file__).with_name("licences.yaml").read_text("utf-8")))
    return tuple(
        Licence(
            id=entry["id"],
            title=entry["title"],
            url=entry["url"],
            rank=entry["rank"],
            attribution=entry["attribution"],
            merges=entry["merges"],
            family=entry.get("family", ""),
            stated=tuple(str(text) for text in entry.get("stated", ())),
        )
        for entry in raw
    )


def fold(statement: str) -> str:
    """`statement` as it is compared: NFKC, lower case, no blanks or underscores."""
    return "".join(unicodedata.normalize("NFKC", statement).lower().replace("_", "-").split())


@lru_cache(maxsize=1)
def _by_statement() -> dict[str, Licence]:
    found: dict[str, Licence] = {}
    for licence in licences():
        for text in (licence.id, *licence.stated, *licence.title.values()):
            found.setdefault(fold(text), licence)
        if licence.url:
            found.setdefault(_folded_url(licence.url), licence)
    return found


def _folded_url(url: str) -> str:
    folded = fold(url).removeprefix("https://").removeprefix("http://").removeprefix("www.")
    for ending in ("deed.ja", "deed.en", "deed", "legalcode"):
        folded = folded.removesuffix(ending)
    return folded.rstrip("/.")


def recognise(statement: str | None) -> Licence | None:
    """The licence that `statement` (an id, a title or an address) names; None when it is empty or not known."""
    if not statement:
        return None
    return _by_statement().get(fold(statement)) or _by_statement().get(_folded_url(statement))


def is_stated(statement: str | None) -> bool:
    return bool(statement) and fold(statement or "") not in ("notspecified", "notstated", "unknown", "不明", "未確認")


def withheld_reason(statement: str | None) -> Withheld | None:
    """Why rows under `statement` stay out of merged tables; None when they may go in."""
    if not is_stated(statement):
        return "licence-not-stated"
    licence = recognise(statement)
    if licence is None:
        return "licence-unknown"
    return None if licence.merges else "licence-not-compatible"


def combined(statements: Iterable[str]) -> Licence | None:
    """The licence of a table merged from sources under `statements`: the one that asks for most.

    None when there is no source, when one may not be merged at all, or when two share-alike families meet; those rows must
    be withheld first (see `mixable`).
    """
    found = [recognise(statement) for statement in statements]
    known = [licence for licence in found if licence is not None and licence.merges]
    if not known or len(known) != len(found) or len({licence.family for licence in known if licence.family}) > 1:
        return None
    return max(known, key=lambda licence: (licence.rank, licence.id))


def mixable(statements: Iterable[str]) -> frozenset[str]:
    """Those of `statements` that may stand in one table. Where share-alike families clash, the family that more sources
    state stays (in a tie: the first by name), so that the answer does not depend on the order of the sources."""
    stated = [(statement, licence) for statement in statements if (licence := recognise(statement)) and licence.merges]
    counts: dict[str, int] = {}
    for _, licence in stated:
        if licence.family:
            counts[licence.family] = counts.get(licence.family, 0) + 1
    kept = min(counts, key=lambda family: (-counts[family], family)) if counts else ""
    return frozenset(statement for statement, licence in stated if licence.family in ("", kept))
