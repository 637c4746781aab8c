"""All definitions together: the package's own and those of extra folders (共通フォーマット of a department).

The YAML files are the truth. `definitions/index.json` holds the same data and the folded headers, made by
`python -m recommended_datasets definitions index`, because reading 44 YAML files takes twenty times as long; it is used
only while it was made from exactly these files, so an edited or added file always counts at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from recommended_datasets.definition import Definition, DefinitionError, build, read
from recommended_datasets.matching import header_names

RULES_VERSION = "1"
"""Raise it whenever a rule in code would give the same file another verdict; it is part of `Catalog.rule_set`."""

ROOT = Path(__file__).parent / "definitions"
SYNONYMS = Path(__file__).parent / "synonyms.yaml"
INDEX = ROOT / "index.json"
STANDARD, RECOMMENDED = "standard", "recommended"


@dataclass(frozen=True, slots=True)
class Entry:
    """What identifying needs of a definition, without building it."""

    names: Mapping[str, tuple[str, int]]
    """Folded header → (field id, how near)."""
    exact: Mapping[str, str]
    """The column names of the edition → field id."""
    distinctive: Sequence[Sequence[str]]
    title: Mapping[str, str]
    evidence: str


class Catalog:
    """The definitions of the package and of extra folders. Build it by `load`."""

    def __init__(self, raw: Sequence[Mapping[str, Any]], entries: Mapping[tuple[str, str], Entry], rule_set: str) -> None:
        self._raw = {(str(item["id"]), str(item["edition"])): item for item in raw}
        self._entries = entries
        self._built: dict[tuple[str, str], Definition] = {}
        self.rule_set = rule_set
        """Hash of definitions, synonyms and rule version, printed in every report."""

    def get(self, dataset: str, edition: str = STANDARD) -> Definition:
        """The definition; `KeyError` when there is none of this id and edition."""
        key = (dataset, edition)
        if key not in self._built:
            self._built[key] = build(self._raw[key])
        return self._built[key]

    def ids(self) -> tuple[str, ...]:
        """Every dataset id once, in the order of the standard's numbers, then of the id."""

        def order(dataset: str) -> tuple[bool, str, str]:
            number = str(self._raw[dataset, self.editions(dataset)[0]].get("number", ""))
            return (not number, number, dataset)

        return tuple(sorted({dataset for dataset, _ in self._raw}, key=order))

    def editions(self, dataset: str) -> tuple[str, ...]:
        """The editions of a dataset, the newest first; empty when it is not known."""
        found = [edition for name, edition in self._raw if name == dataset]
        return tuple(sorted(found, key=lambda e: (e != STANDARD, e == RECOMMENDED, [-ord(c) for c in e])))

    def standard(self, dataset: str) -> Definition:
        """The newest edition: the one that outputs, templates and merged tables use. `KeyError` if not known."""
        editions = self.editions(dataset)
        if not editions:
            raise KeyError(dataset)
        return self.get(dataset, editions[0])

    def all(self) -> tuple[Definition, ...]:
        """Every definition, by number, newest edition first."""
        return tuple(self.get(dataset, edition) for dataset in self.ids() for edition in self.editions(dataset))

    def entries(self) -> Iterator[tuple[tuple[str, str], Entry]]:
        """What identifying needs of each definition whose columns are known."""
        return ((key, entry) for key, entry in self._entries.items() if entry.exact)

    def names(self, definition: Definition) -> Mapping[str, tuple[str, int]]:
        """Folded header → (field id, how near) of a definition, also of one that is not in the catalog."""
        key = (definition.id, definition.edition)
        if key in self._entries and self._raw[key].get("version", "") == definition.version:
            return self._entries[key].names
        plain = [{"id": f.id, "name": f.name, "english": f.english, "physical": f.physical} for f in definition.fields]
        return header_names(plain, others=self._names_of_others(definition.id), prefixes=definition.prefixes)

    def _names_of_others(self, dataset: str) -> list[tuple[str, str]]:
        raw = [item for (name, _), item in self._raw.items() if name == dataset]
        return [(str(f["id"]), str(f["name"])) for item in raw for f in item["fields"]]


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml")])


def _fingerprint(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _synonyms() -> Mapping[str, Any]:
    import yaml

    return yaml.load(SYNONYMS.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _raw_names(raw: Sequence[Mapping[str, Any]], synonyms: Mapping[str, Any]) -> Iterator[dict[str, tuple[str, int]]]:
    others: dict[str, list[tuple[str, str]]] = {}
    for item in raw:
        others.setdefault(item["id"], []).extend((f["id"], f["name"]) for f in item["fields"])
    for item in raw:
        yield header_names(
            item["fields"],
            others=others[item["id"]],
            prefixes=item.get("prefixes", ()),
            synonyms=synonyms["datasets"].get(item["id"]),
            general=synonyms["all"],
        )


def _entry(item: Mapping[str, Any], names: Mapping[str, tuple[str, int]]) -> Entry:
    exact = {f["name"]: f["id"] for f in item["fields"]}
    return Entry(names, exact, item.get("distinctive", ()), item["title"], item.get("evidence", "seen"))


def make_index() -> str:
    """The text of `definitions/index.json` for the YAML files as they are now."""
    files = _files(ROOT)
    raw = [read(path) for path in files]
    names = list(_raw_names(raw, _synonyms()))
    data = {"fingerprint": _fingerprint([*files, SYNONYMS]), "definitions": raw, "names": names}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str) + "\n"


def _own() -> tuple[list[Mapping[str, Any]], list[Mapping[str, tuple[str, int]]], str]:
    """(plain data, folded headers, fingerprint) of the package's definitions, from the index if it is in step."""
    files = _files(ROOT)
    fingerprint = _fingerprint([*files, SYNONYMS])
    try:
        data = json.loads(INDEX.read_text(encoding="utf-8"))
        if data["fingerprint"] == fingerprint:
            return data["definitions"], data["names"], fingerprint
    except (OSError, ValueError, KeyError):
        pass
    raw: list[Mapping[str, Any]] = [read(path) for path in files]
    return raw, list(_raw_names(raw, _synonyms())), fingerprint


@lru_cache(maxsize=8)
def _load(extra: tuple[tuple[Path, int], ...]) -> Catalog:
    raw, names, fingerprint = _own()
    entries = {(item["id"], item["edition"]): _entry(item, n) for item, n in zip(raw, names, strict=True)}
    parts = [fingerprint, RULES_VERSION]
    if extra:
        raw = list(raw)
        added: list[Mapping[str, Any]] = []
        for path, _ in extra:
            item = read(path) | {"origin": path.parent.name}
            key = (item["id"], item["edition"])
            if key in entries or any((a["id"], a["edition"]) == key for a in added):
                text = f"{path.name}: {key[0]}（{key[1]}）は既にあります。別の id か edition にしてください"
                raise DefinitionError(f"{text} / this id and edition exist already; choose another")
            added.append(item)
        for item, n in zip(added, _raw_names(added, _synonyms()), strict=True):
            entries[item["id"], item["edition"]] = _entry(item, n)
        raw += added
        parts.append(_fingerprint([path for path, _ in extra]))
    rule_set = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return Catalog(raw, entries, rule_set)


def load(folders: Sequence[Path] = ()) -> Catalog:
    """The catalog of the package's definitions and of the YAML files in `folders` (共通フォーマット). Cached as long as the
    extra files do not change. `DefinitionError` names the file and what is wrong with it."""
    paths = [path for folder in folders for path in _files(Path(folder))]
    return _load(tuple((path, path.stat().st_mtime_ns) for path in paths))
