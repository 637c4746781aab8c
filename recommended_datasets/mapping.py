"""A person's column mapping: which column of a file of one's own layout is which field. First proposed, then confirmed once.

As a file (YAML), given to every command by ``--mapping``::

    dataset: aed
    edition: standard
    sheet: 一覧                # of a workbook; left out: found out
    header_line: 3             # left out: found out
    columns:
      設置場所: position        # column → field id
      担当課: ignore            # left out of everything but the untouched original
      '#7': note               # the seventh column, where the header is blank or stands twice
    constants:
      municipality_code: '462012'
    header: 3f2a9c…            # fingerprint of the header that was confirmed
    confirmed_by: 見本 花子
    confirmed_at: 2026-11-23
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from recommended_datasets.definition import Definition, Field
from recommended_datasets.matching import IGNORE, fold, match_columns
from recommended_datasets.table import Table

_SAMPLE = 60
"""Cells of a column that are looked at for a proposal."""
_NAME_ENOUGH, _CONTENT_ENOUGH = 0.62, 0.9
_TELLING = frozenset("latitude longitude phone postal_code url email date municipality_code corporate_number".split())
"""Types whose cells tell what the column is, whatever its header says."""
_IN_JAPAN = {"latitude": (20.0, 46.0), "longitude": (122.0, 154.0)}
"""Degrees: what a column of coordinates holds, so that north and east are told apart."""


class MappingError(ValueError):
    """A mapping file is wrong; the text names file and place and says what to do, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Column → field id or ``ignore``, and values for fields the file has no column for."""

    columns: Map[str, str] = field(default_factory=dict[str, str])
    constants: Map[str, str] = field(default_factory=dict[str, str])
    dataset: str = ""
    edition: str = ""
    sheet: str | None = None
    header_line: int | None = None
    header: str = ""
    """`fingerprint` of the header it was confirmed for."""
    confirmed_by: str = ""
    confirmed_at: str = ""
    scores: Map[str, float] = field(default_factory=dict[str, float])
    """For a proposal: how sure each column is, 0 to 1."""

    def fits(self, header: Sequence[str]) -> bool:
        """Is this the header that was confirmed? True too where no fingerprint was kept."""
        return not self.header or self.header == fingerprint(header)


def fingerprint(header: Sequence[str]) -> str:
    """What stays equal while a header means the same: the folded cells in their order, hashed."""
    return hashlib.sha256("\0".join(fold(text) for text in header).encode()).hexdigest()[:16]


def load(path: Path, definition: Definition | None = None) -> Mapping:
    """The mapping in a YAML file. `MappingError` if it cannot be read or names a field that is not there."""
    import yaml

    try:
        raw: object = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name}: 列の対応表として読めません / not a mapping file: {error}") from None
    return parse(raw, path.name, definition)


def parse(raw: object, where: str = "mapping", definition: Definition | None = None) -> Mapping:
    """A mapping from plain data (of YAML or JSON); see `load`."""

    def fail(ja: str, en: str) -> MappingError:
        return MappingError(f"{where}: {ja} / {en}")

    if not isinstance(raw, dict):
        raise fail("columns などの項目を書いてください", "write columns: and so on")
    data = cast("dict[str, Any]", raw)
    for key in data:
        if key not in Mapping.__dataclass_fields__:
            raise fail(f"「{key}」という項目は使えません", f"unknown key `{key}`")
    pairs: dict[str, dict[str, str]] = {}
    for key in ("columns", "constants", "scores"):
        value: object = data.get(key) or {}
        if not isinstance(value, dict):
            raise fail(f"{key} は「列: 項目」の形で書いてください", f"`{key}` must be pairs")
        pairs[key] = {str(k): str(v) for k, v in cast("dict[object, object]", value).items()}
    columns, constants = pairs["columns"], pairs["constants"]
    line = data.get("header_line")
    if line is not None and (not isinstance(line, int) or line < 1):
        raise fail("header_line は1以上の行番号にしてください", "header_line is a line number from 1")
    targets = [target for target in columns.values() if target != IGNORE]
    twice = next((target for target in targets if targets.count(target) > 1), None)
    if twice:
        raise fail(f"項目「{twice}」に2つの列を割り当てています", f"two columns are mapped to `{twice}`")
    if definition is not None:
        for target in (*targets, *constants):
            if target not in definition:
                ja = f"「{target}」は {definition.id} の項目ではありません"
                raise fail(ja, f"`{target}` is no field of {definition.id}")
    text = {key: str(data.get(key) or "") for key in ("dataset", "edition", "header", "confirmed_by", "confirmed_at")}
    sheet = str(data["sheet"]) if data.get("sheet") else None
    try:
        scores = {key: float(value) for key, value in pairs["scores"].items()}
    except ValueError:
        raise fail("scores は数値で書いてください", "`scores` are numbers") from None
    return Mapping(columns, constants, sheet=sheet, header_line=line, scores=scores, **text)


def dump(mapping: Mapping) -> str:
    """The mapping as YAML that `load` reads back equal."""
    import yaml

    plain: dict[str, object] = {}
    for name in Mapping.__dataclass_fields__:
        value: Any = getattr(mapping, name)
        if value:
            plain[name] = dict(value) if name in ("columns", "constants", "scores") else value
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120)


def propose_mapping(table: Table, definition: Definition) -> Mapping:
    """A mapping for a person to confirm: columns understood by their names, then by likeness of the name and by what the
    cells hold. `scores` says how sure each is; a column nothing speaks for is ``ignore`` with score 0."""
    columns: dict[str, str] = {}
    scores: dict[str, float] = {}
    free = {f.id: f for f in definition.fields}
    open_columns: list[int] = []
    keys = column_keys(table.header)
    for match in match_columns(table, definition):
        if match.field:
            columns[keys[match.index]] = match.field
            scores[keys[match.index]] = 1.0 if match.how == "exact" else 0.9
            free.pop(match.field)
        else:
            open_columns.append(match.index)
    candidates: list[tuple[float, int, str]] = []
    names = _known_names(definition)
    for index in open_columns:
        sample = [cell for cell in list(table.columns[index][: _SAMPLE * 4]) if cell.strip()][:_SAMPLE]
        for f in free.values():
            score = _likeness(table.header[index], f, names.get(f.id, ()), sample)
            if score:
                candidates.append((score, -index, f.id))
    for score, negative, name in sorted(candidates, reverse=True):
        key = keys[-negative]
        if key not in columns and name in free:
            columns[key], scores[key] = name, round(score, 2)
            free.pop(name)
    for index in open_columns:
        columns.setdefault(keys[index], IGNORE)
        scores.setdefault(keys[index], 0.0)
    ordered = {key: columns[key] for key in keys if key in columns}
    sheet, line = table.sheet or None, table.header_line
    return Mapping(
        ordered, dataset=definition.id, edition=definition.edition, sheet=sheet, header_line=line,
        header=fingerprint(table.header), scores={key: scores[key] for key in ordered},
    )  # fmt: skip


def column_keys(header: Sequence[str]) -> list[str]:
    """How a mapping names each column: by its header, or ``#7`` where that is blank or stands twice."""
    seen: set[str] = set()
    keys: list[str] = []
    for number, text in enumerate(header, start=1):
        keys.append(f"#{number}" if not fold(text) or text in seen else text)
        seen.add(text)
    return keys


def _known_names(definition: Definition) -> dict[str, list[str]]:
    """Field id → every folded header that means it: names of the editions and synonyms."""
    from recommended_datasets.catalog import load as load_catalog

    number, index = load_catalog().header_index(definition)
    found: dict[str, list[str]] = {}
    for folded in index.folded:
        meant = index.meanings(folded).get(number)
        if meant:
            found.setdefault(meant[0], []).append(folded)
    return found


def _likeness(header: str, f: Field, names: Sequence[str], sample: Sequence[str]) -> float:
    """0, or how likely a column with this header and these cells is the field, which these `names` mean."""
    ours = fold(header)
    name = 0.0
    for theirs in names if ours else ():
        name = max(name, difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio())
        if len(ours) > 1 and len(theirs) > 1 and (ours in theirs or theirs in ours):
            name = max(name, 0.7)
    content = _fit(f, sample) if f.type in _TELLING else 0.0
    if f.type in _TELLING and sample and content < 0.5:
        return 0.0
    if name >= _NAME_ENOUGH:
        return 0.8 * name + 0.15 * content
    return 0.5 * content if content >= _CONTENT_ENOUGH and len(sample) >= 3 else 0.0


def _fit(f: Field, sample: Sequence[str]) -> float:
    """The share of cells that read as the field's type."""
    from recommended_datasets.values import parse as parse_value

    if not sample:
        return 0.0
    if f.type in _IN_JAPAN:
        low, high = _IN_JAPAN[f.type]
        texts = [parse_value(f, cell).text or "" for cell in sample]
        numbers = [float(text) for text in texts if text.replace(".", "", 1).isdigit()]
        return sum(1 for number in numbers if low <= number <= high) / len(sample)
    plain = replace(f, allowed=(), options=())
    return sum(1 for cell in sample if parse_value(plain, cell).text is not None) / len(sample)
