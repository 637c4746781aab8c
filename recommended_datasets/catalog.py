"""All definitions together: the package's own and those of extra folders (共通フォーマット of a department).

The YAML files are the truth. `definitions/index.json` holds the same data and the folded headers, made by
`recommended-datasets definitions index`, because reading 44 YAML files takes many times as long; it is used only while it
was made from exactly these files, so an edited or added file always counts at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from recommended_datasets.definition import Definition, DefinitionError, build, read
from recommended_datasets.header_index import HeaderIndex, header_names

RULES_VERSION = "1"
"""Raise it whenever a rule in code would give the same file another verdict; it is part of `Catalog.rule_set`."""

ROOT = Path(__file__).parent / "definitions"
SYNONYMS = Path(__file__).parent / "synonyms.yaml"
INDEX = ROOT / "index.json"
STANDARD, RECOMMENDED = "standard", "recommended"


@dataclass(frozen=True, slots=True)
class Summary:
    """What listing and identifying need of a definition, without building it."""

    id: str
    edition: str
    number: str
    title: Mapping[str, str]
    evidence: str
    field_count: int
    distinctive: Sequence[Sequence[str]]


class Catalog:
    """The definitions of the package and of extra folders. Build it by `load`."""

    def __init__(
        self, summaries: Sequence[Summary], raw: Sequence[str | Mapping[str, Any]], headers: HeaderIndex, rule_set: str
    ) -> None:
        self.summaries = summaries
        """One per definition; the place in it is the definition's number in `headers`."""
        self.headers = headers
        self.rule_set = rule_set
        """Hash of definitions, synonyms and rule version, printed in every report."""
        self._raw = raw
        self._numbers = {(s.id, s.edition): number for number, s in enumerate(summaries)}
        self._built: dict[int, Definition] = {}

    def get(self, dataset: str, edition: str = STANDARD) -> Definition:
        """The definition; `KeyError` when there is none of this id and edition."""
        number = self._numbers[dataset, edition]
        if number not in self._built:
            raw = self._raw[number]
            self._built[number] = build(json.loads(raw) if isinstance(raw, str) else raw)
        return self._built[number]

    def ids(self) -> tuple[str, ...]:
        """Every dataset id once, in the order of the standard's numbers, then of the id."""
        first = {dataset: self.summary(dataset).number for dataset in {s.id for s in self.summaries}}
        return tuple(sorted(first, key=lambda dataset: (not first[dataset], first[dataset], dataset)))

    def editions(self, dataset: str) -> tuple[str, ...]:
        """The editions of a dataset, the newest first; empty when it is not known."""
        found = [s.edition for s in self.summaries if s.id == dataset]
        return tuple(sorted(found, key=lambda e: (e != STANDARD, e == RECOMMENDED, [-ord(c) for c in e])))

    def summary(self, dataset: str) -> Summary:
        """Title and number of a dataset's newest edition. `KeyError` if not known."""
        return self.summaries[self._numbers[dataset, self._newest(dataset)]]

    def standard(self, dataset: str) -> Definition:
        """The newest edition: the one that outputs, templates and merged tables use. `KeyError` if not known."""
        return self.get(dataset, self._newest(dataset))

    def _newest(self, dataset: str) -> str:
        editions = self.editions(dataset)
        if not editions:
            raise KeyError(dataset)
        return editions[0]

    def all(self) -> tuple[Definition, ...]:
        """Every definition, by number, newest edition first."""
        return tuple(self.get(dataset, edition) for dataset in self.ids() for edition in self.editions(dataset))

    def knows(self, text: str) -> bool:
        """Is this text the name of a column of any definition, or a synonym of one?"""
        return bool(self.headers.meanings(text))

    def header_index(self, definition: Definition) -> tuple[int, HeaderIndex]:
        """(number, index) to look headers up for a definition, also for one that is not in the catalog."""
        number = self._numbers.get((definition.id, definition.edition))
        if number is not None and self.get(definition.id, definition.edition) == definition:
            return number, self.headers
        plain = [
            {"id": f.id, "name": f.name, "english": f.english, "physical": f.physical, "synonyms": f.synonyms}
            for f in definition.fields
        ]
        editions = [self.get(definition.id, edition) for edition in self.editions(definition.id)]
        others = [(f.id, f.name) for other in editions for f in other.fields]
        index = HeaderIndex()
        synonyms = _synonyms()
        own, general = synonyms["datasets"].get(definition.id), synonyms["all"]
        names = header_names(plain, others=others, prefixes=definition.prefixes, synonyms=own, general=general)
        index.add(0, plain, names)
        return 0, index


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml")])


def _fingerprint(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _synonyms() -> Mapping[str, Any]:
    import yaml

    return yaml.load(SYNONYMS.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _summary(item: Mapping[str, Any]) -> Summary:
    evidence, distinctive = item.get("evidence", "seen"), item.get("distinctive", [])
    return Summary(
        item["id"], item["edition"], str(item.get("number", "")), item["title"], evidence, len(item["fields"]), distinctive
    )


def _add_headers(index: HeaderIndex, raw: Sequence[Mapping[str, Any]], first: int) -> None:
    synonyms = _synonyms()
    others: dict[str, list[tuple[str, str]]] = {}
    for item in raw:
        others.setdefault(item["id"], []).extend((f["id"], f["name"]) for f in item["fields"])
    for number, item in enumerate(raw, start=first):
        names = header_names(
            item["fields"],
            others=others[item["id"]],
            prefixes=item.get("prefixes", ()),
            synonyms=synonyms["datasets"].get(item["id"]),
            general=synonyms["all"],
        )
        index.add(number, item["fields"], names)


def make_index() -> str:
    """The text of `definitions/index.json` for the YAML files as they are now."""
    files = _files(ROOT)
    raw = [read(path) for path in files]
    headers = HeaderIndex()
    _add_headers(headers, raw, 0)
    lines = {
        "fingerprint": _fingerprint([*files, SYNONYMS]),
        "summaries": [[getattr(_summary(item), name) for name in Summary.__slots__] for item in raw],
        "definitions": [json.dumps(item, ensure_ascii=False, separators=(",", ":"), default=str) for item in raw],
        "exact": headers.exact,
        "folded": headers.folded,
    }
    return json.dumps(lines, ensure_ascii=False, indent=0) + "\n"


def _own() -> tuple[list[Summary], list[str | Mapping[str, Any]], HeaderIndex, str]:
    """(summaries, plain data, headers, fingerprint) of the package's definitions, from the index if it is in step."""
    files = _files(ROOT)
    fingerprint = _fingerprint([*files, SYNONYMS])
    try:
        data = json.loads(INDEX.read_text(encoding="utf-8"))
        if data["fingerprint"] == fingerprint:
            summaries = [Summary(*values) for values in data["summaries"]]
            return summaries, data["definitions"], HeaderIndex(data["exact"], data["folded"]), fingerprint
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raw = [read(path) for path in files]
    headers = HeaderIndex()
    _add_headers(headers, raw, 0)
    return [_summary(item) for item in raw], cast("list[str | Mapping[str, Any]]", raw), headers, fingerprint


@lru_cache(maxsize=8)
def _load(extra: tuple[tuple[Path, int], ...]) -> Catalog:
    summaries, raw, headers, fingerprint = _own()
    parts = [fingerprint, RULES_VERSION]
    if extra:
        added = [read(path) | {"origin": path.parent.name} for path, _ in extra]
        known = {(s.id, s.edition) for s in summaries}
        for item, (path, _) in zip(added, extra, strict=True):
            key = (item["id"], item["edition"])
            if key in known:
                text = f"{path.name}: {key[0]}（{key[1]}）は既にあります。別の id か edition にしてください"
                raise DefinitionError(f"{text} / this id and edition exist already; choose another")
            known.add(key)
        _add_headers(headers, added, len(summaries))
        summaries += [_summary(item) for item in added]
        raw = [*raw, *added]
        parts.append(_fingerprint([path for path, _ in extra]))
    rule_set = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return Catalog(summaries, raw, headers, rule_set)


def load(folders: Sequence[Path] = ()) -> Catalog:
    """The catalog of the package's definitions and of the YAML files in `folders` (共通フォーマット). Cached as long as the
    extra files do not change. `DefinitionError` names the file and what is wrong with it."""
    paths = [path for folder in folders for path in _files(Path(folder))]
    return _load(tuple((path, path.stat().st_mtime_ns) for path in paths))
