"""The recommended datasets as data: `Definition` and `Field`, loaded from `definitions/<edition>/<id>.yaml`.

A definition is one dataset (指定緊急避難場所一覧) in one edition (推奨データセット = ``recommended``,
自治体標準オープンデータセット = ``standard``, older ones ``standard-42`` …). It holds every rule of the standard that the code
needs; no Python names a dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

Mark = Literal["◎", "○", ""]
"""掲載区分 of the standard: ◎ 必須, ○ 推奨, blank 任意. ``None`` where no source showed it."""

Blank = Literal["no", "unknown", "not_applicable"]
"""What an empty cell says: "no" (a flag not set), not known, or that the column does not apply."""

Change = Literal["replace", "snapshot", "append"]
"""How a dataset changes over time: a new file replaces the old, is one more period, or adds rows."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a definition. `id` is ASCII, coined once and never changed; `name` is the header in the standard."""

    id: str
    name: str
    type: str
    """A key of `values.TYPES`."""
    mark: Mark | None = None
    allowed: tuple[str, ...] = ()
    """Allowed values; for a list field, of each item."""
    blank: Blank = "unknown"
    evidence: Literal["seen", "partly"] = "seen"
    """``partly``: a rule on this column is never an error and says 定義確認中."""
    english: str = ""
    format: str = ""
    example: str = ""
    key: bool = False
    """The row's identifier inside one publisher (NO, ID)."""
    synonyms: tuple[str, ...] = ()
    """Headers seen in real files for this column, beside those of `synonyms.yaml`."""
    options: tuple[tuple[str, str], ...] = ()
    """Further facts a type or a rule asks for, e.g. ``("min", "0")``."""
    mark_evidence: Literal["seen", "partly"] = "seen"
    """``partly``: the mark was concluded from a like sheet, not read: a blank is never an error and says 定義確認中."""
    value_evidence: Literal["seen", "partly"] = "seen"
    """``partly``: `allowed` was concluded from a like sheet: another value is never an error and says 定義確認中."""
    physical: str = ""
    """The standard's physical name where it gives one; real files use it as header."""
    description: str = ""
    derived: str = ""
    """Fields of another edition that say the same, joined with ``+``: ``prefecture_name+city_name``."""

    @property
    def required(self) -> bool:
        """◎ and seen in a source. A column whose mark is not known is never required."""
        return self.mark == "◎" and self.evidence == "seen" and self.mark_evidence == "seen"

    @property
    def values_certain(self) -> bool:
        """Were the allowed values read in a source? If not, another value is never an error."""
        return self.evidence == "seen" and self.value_evidence == "seen"


@dataclass(frozen=True, slots=True)
class Definition:
    """One recommended dataset in one edition. Field order is the order of the standard's columns."""

    id: str
    edition: str
    title: dict[str, str]
    """``{"ja": …, "en": …}``"""
    fields: tuple[Field, ...]
    number: str = ""
    """The number in the standard: ``A-03``, ``10`` …"""
    file_name: str = ""
    """The official file name; ``{code}`` is the publisher's six digits, ``{date}`` yyyymmdd."""
    version: str = ""
    valid_from: str = ""
    evidence: Literal["seen", "partly", "title"] = "seen"
    """``partly``: banner 定義確認中; ``title``: only the title is known, `fields` is empty."""
    change: Change = "replace"
    volatile: bool = False
    """Rows come and go by nature (events): a shrinking file is no alarm."""
    safety: bool = False
    """Lives may depend on a row (evacuation sites, AED, hospitals)."""
    statistical: bool = False
    """Cells use the symbols of official statistics (``-`` zero, ``…`` unknown, ``x`` withheld, ``△`` minus)."""
    usable: tuple[tuple[str, ...], ...] = ()
    """What makes a row usable, in conjunctive form: each tuple is a set of alternatives of which one must hold;
    ``"latitude+longitude"`` joins fields that must be there together.
    ``(("name",), ("address", "latitude+longitude"))`` = a name, and an address or coordinates."""
    distinctive: tuple[tuple[str, ...], ...] = ()
    """Ids of the columns that make a file this dataset, in groups: of each group one must be there. Generic name, address
    and contact columns never decide."""
    copies: Literal["never", "possible"] = "possible"
    """``never``: two equal rows without an id are one thing written twice."""
    place: Literal["warning", "error", "none"] = "warning"
    """What a row outside its publisher's area is."""
    rules: tuple[dict[str, object], ...] = ()
    """Rules over several columns, each ``{"rule": name, …}`` (see `rules`)."""
    sources: tuple[str, ...] = ()
    other_file_names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Class names that files may write before each header: ``ごみの分別方法_``."""
    origin: str = "standard"
    """``standard`` for the package's own, else the extra folder's name (共通フォーマット)."""
    _index: dict[str, Field] = field(default_factory=dict[str, Field], repr=False, compare=False)

    def __post_init__(self) -> None:
        self._index.update({f.id: f for f in self.fields})

    def field(self, field_id: str) -> Field:
        """The field of this id; `KeyError` when there is none."""
        return self._index[field_id]

    def __contains__(self, field_id: str) -> bool:
        return field_id in self._index


class DefinitionError(ValueError):
    """A definition file is wrong; the text names file and place and says what to do, in Japanese and English."""


TYPES = frozenset(
    "text name address kana latin alnum identifier code integer number money municipality_code machiaza_id corporate_number "
    "postal_code phone extension email url date period time weekdays flag enum list latitude longitude".split()
)
"""The column types; `values.TYPES` has a function for each."""

_RULES: dict[str, frozenset[str]] = {
    "order": frozenset({"fields"}),
    "sum": frozenset({"total", "parts"}),
    "together": frozenset({"fields"}),
}
_LITERALS: dict[str, tuple[object, ...]] = {
    "mark": (*get_args(Mark), None),
    "blank": get_args(Blank),
    "change": get_args(Change),
    "evidence": ("seen", "partly", "title"),
    "copies": ("never", "possible"),
    "place": ("warning", "error", "none"),
}
_FIELD_KEYS = frozenset(f.name for f in Field.__dataclass_fields__.values())
_DEFINITION_KEYS = frozenset(f.name for f in Definition.__dataclass_fields__.values() if not f.name.startswith("_"))
_ID = "abcdefghijklmnopqrstuvwxyz"
_ID_REST = frozenset(_ID + "0123456789_")


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in cast("Iterable[object]", value))


def _groups(value: object) -> tuple[tuple[str, ...], ...]:
    return tuple(_strings(group) for group in cast("Iterable[object]", value))


def build(raw: Mapping[str, Any]) -> Definition:
    """A `Definition` from the plain data of one YAML file that `check` found nothing wrong with."""
    fields: list[Field] = []
    for item in raw["fields"]:
        values: dict[str, Any] = dict(item)
        for name in ("allowed", "synonyms"):
            if name in values:
                values[name] = _strings(values[name])
        if "options" in values:
            values["options"] = tuple((str(k), str(v)) for k, v in values["options"].items())
        fields.append(Field(**values))
    values = {key: value for key, value in raw.items() if key != "fields"}
    for name in ("usable", "distinctive"):
        values[name] = _groups(values.get(name, ()))
    for name in ("sources", "other_file_names", "prefixes"):
        values[name] = _strings(values.get(name, ()))
    values["rules"] = tuple(dict(rule) for rule in values.get("rules", ()))
    return Definition(fields=tuple(fields), **values)


def check(raw: object, where: str) -> None:
    """`DefinitionError` naming `where` (the file) if the plain data of one YAML file is no definition."""

    def fail(ja: str, en: str) -> DefinitionError:
        return DefinitionError(f"{where}: {ja} / {en}")

    if not isinstance(raw, dict):
        raise fail("項目名: 値 の形で書いてください", "write keys and values")
    data = cast("dict[str, Any]", raw)
    for key in ("id", "edition", "title", "fields"):
        if key not in data:
            raise fail(f"「{key}」がありません", f"`{key}` is missing")
    for key in data:
        if key not in _DEFINITION_KEYS:
            raise fail(f"「{key}」という項目は使えません", f"unknown key `{key}`")
    _check_id(str(data["id"]), 63, fail)
    title = data["title"]
    if not isinstance(title, dict) or not {"ja", "en"} <= set(cast("dict[str, object]", title)):
        raise fail("title に ja と en を書いてください", "title needs ja and en")
    for key in ("change", "evidence", "copies", "place"):
        if key in data and data[key] not in _LITERALS[key]:
            raise fail(f"{key} の値「{data[key]}」は使えません", f"{key} cannot be {data[key]!r}")
    ids: set[str] = set()
    for number, item in enumerate(data["fields"], start=1):
        _check_field(item, number, ids, fail)
    for group in (*data.get("usable", ()), *data.get("distinctive", ())):
        for alternative in group:
            for name in str(alternative).split("+"):
                if name not in ids:
                    raise fail(f"usable・distinctive の「{name}」は fields にありません", f"no field `{name}`")
    for rule in data.get("rules", ()):
        wanted = _RULES.get(rule.get("rule"))
        if wanted is None or not wanted <= set(rule):
            raise fail(f"rules の「{rule}」は使えません", f"unknown or incomplete rule {rule}")
        for name in (*rule.get("fields", ()), *rule.get("parts", ()), *([rule["total"]] if "total" in rule else [])):
            if name not in ids:
                raise fail(f"rules の「{name}」は fields にありません", f"no field `{name}`")


def _check_id(text: str, longest: int, fail: Any) -> None:
    if not text or text[0] not in _ID or not set(text) <= _ID_REST or len(text) > longest:
        ja = f"id「{text}」は英小文字で始まる半角の英小文字・数字・_ にしてください"
        raise fail(ja, f"id {text!r} is not snake_case ASCII")


def _check_field(item: Any, number: int, ids: set[str], fail: Any) -> None:
    for key in ("id", "name", "type"):
        if not item.get(key):
            raise fail(f"{number}番目の列に {key} がありません", f"column {number} has no {key}")
    name = str(item["id"])
    _check_id(name, 63, fail)
    if name in ids:
        raise fail(f"id「{name}」の列が2つあります", f"two columns have the id {name!r}")
    ids.add(name)
    for key in item:
        if key not in _FIELD_KEYS:
            raise fail(f"列「{name}」の「{key}」は使えません", f"column {name}: unknown key `{key}`")
    if item["type"] not in TYPES:
        raise fail(f"列「{name}」の型「{item['type']}」は使えません", f"column {name}: unknown type {item['type']!r}")
    for key in ("mark", "blank"):
        if key in item and item[key] not in _LITERALS[key]:
            raise fail(f"列「{name}」の {key}「{item[key]}」は使えません", f"column {name}: {key} cannot be {item[key]!r}")
    if item["type"] == "enum" and not item.get("allowed"):
        raise fail(f"列「{name}」に allowed がありません", f"column {name}: an enum needs `allowed`")


def read(path: Path) -> dict[str, Any]:
    """The plain data of one YAML file, checked. `DefinitionError` if it is wrong."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path.name}: YAML として読めません / not YAML: {error}") from None
    check(raw, path.name)
    return cast("dict[str, Any]", raw)
