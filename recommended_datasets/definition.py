"""The recommended datasets as data: `Definition` and `Field`, loaded from `definitions/<edition>/<id>.yaml`.

A definition is one dataset (指定緊急避難場所一覧) in one edition (推奨データセット = ``recommended``,
自治体標準オープンデータセット = ``standard``, older ones ``standard-42`` …). It holds every rule of the standard that the code
needs; no Python names a dataset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

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

    @property
    def required(self) -> bool:
        """◎ and seen in a source. A column whose mark is not known is never required."""
        return self.mark == "◎" and self.evidence == "seen"


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
    distinctive: tuple[str, ...] = ()
    """Ids of the columns that make a file this dataset; generic name, address and contact columns never do."""
    copies: Literal["never", "possible"] = "possible"
    """``never``: two equal rows without an id are one thing written twice."""
    place: Literal["warning", "error", "none"] = "warning"
    """What a row outside its publisher's area is."""
    rules: tuple[dict[str, object], ...] = ()
    """Rules over several columns, each ``{"rule": name, …}`` (see `rules`)."""
    sources: tuple[str, ...] = ()
    _index: dict[str, Field] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._index.update({f.id: f for f in self.fields})

    def field(self, field_id: str) -> Field:
        """The field of this id; `KeyError` when there is none."""
        return self._index[field_id]

    def __contains__(self, field_id: str) -> bool:
        return field_id in self._index
