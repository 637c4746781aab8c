"""The columns of a merged table: those of the standard edition, then where each row comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recommended_datasets.definition import Definition, Field

Kind = Literal["text", "float", "integer", "date", "json"]

_KINDS: dict[str, Kind] = {
    "latitude": "float",
    "longitude": "float",
    "number": "float",
    "integer": "integer",
    "money": "integer",
    "date": "date",
}
"""Types of a definition whose values have a type of their own in Parquet, GeoJSON, JSON and the DataStore. Codes, flags,
times and everything else stay text: a code keeps its zeros, and a flag says 1, blank (what the definition says) or unknown."""

_FREE_TEXT = frozenset({"text", "name", "address", "kana", "latin", "list", "alnum", "identifier"})


@dataclass(frozen=True, slots=True)
class Column:
    id: str
    """ASCII; the key in JSON, Parquet and the DataStore."""
    label: str
    """The header in CSV and xlsx."""
    kind: Kind = "text"
    english: str = ""
    field: Field | None = None
    """The definition's field; None for what the merge adds."""


ROW_ID = Column("row_id", "行ID", english="stable id of the row")
PROVENANCE: tuple[Column, ...] = (
    Column("publisher_code", "公開者コード", english="publisher's code"),
    Column("publisher_name", "公開者名", english="publisher's name"),
    Column("source_dataset", "元データセット", english="catalogue dataset"),
    Column("source_resource", "元リソース", english="catalogue resource"),
    Column("source_part", "元ファイルの区分", english="part of the publisher's dataset"),
    Column("source_period", "元ファイルの期間", english="period of the publisher's dataset"),
    Column("source_url", "元ファイルURL", english="address of the file"),
    Column("source_sha256", "元ファイルSHA256", english="sha256 of the file"),
    Column("source_line", "元ファイル行番号", "integer", english="physical line in the file"),
    Column("source_licence", "元ファイルのライセンス", english="licence of the file"),
    Column("source_edition", "元ファイルの準拠版", english="edition the file follows"),
)
STATUS = Column("row_status", "行の状態", english="not in the publisher's latest file (being checked)")
"""Blank, or that the publisher's newest file lacks the row and nobody has confirmed that the place is gone."""
EXTRA = Column("extra", "公開者独自の列", "json", english="the publisher's further columns")
UNKNOWN = Column("unknown", "読めなかった原文", "json", english="original text of cells that could not be read")
"""``{"latitude_source": "31度33分"}``. In CSV the mark stands in the cell itself, so this column is not written there."""


def field_columns(definition: Definition) -> tuple[Column, ...]:
    """The definition's own columns, in its order. A name that two fields share is told apart by the id."""
    seen: set[str] = {column.label for column in (ROW_ID, *PROVENANCE, EXTRA, UNKNOWN)}
    found: list[Column] = []
    for field in definition.fields:
        label = field.name if field.name not in seen else f"{field.name}（{field.id}）"
        seen.add(label)
        found.append(Column(field.id, label, _KINDS.get(field.type, "text"), field.english, field))
    return tuple(found)


def stored_columns(definition: Definition) -> tuple[Column, ...]:
    """All columns of a part as it is kept: text, ``""`` blank, null unknown."""
    return (*field_columns(definition), EXTRA, ROW_ID, *PROVENANCE, STATUS, UNKNOWN)


def csv_columns(definition: Definition) -> tuple[Column, ...]:
    return (*field_columns(definition), EXTRA, ROW_ID, *PROVENANCE, STATUS)


def source_id(field_id: str) -> str:
    """The column that holds the original text of a cell that could not be read."""
    return f"{field_id}_source"


def typed_columns(definition: Definition) -> tuple[Column, ...]:
    """The columns of Parquet and the DataStore: each field that is more than free text is followed, at the end, by its
    ``<field>_source``; what could not be read in free text (broken bytes) stands in `unknown`."""
    sources = tuple(
        Column(source_id(column.id), f"{column.label}（原文）", english=f"original text of {column.id}")
        for column in field_columns(definition)
        if has_source(column)
    )
    return (ROW_ID, *field_columns(definition), EXTRA, *PROVENANCE, STATUS, *sources, UNKNOWN)


def has_source(column: Column) -> bool:
    return column.field is not None and column.field.type not in _FREE_TEXT


def blank_is_text(column: Column) -> bool:
    """Does a blank say something (``no``: the flag is not set), so that typed outputs keep it apart from null?"""
    return column.field is not None and column.kind == "text" and column.field.blank in ("no", "not_applicable")
