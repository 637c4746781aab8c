"""推奨データセット ↔ 自治体標準オープンデータセット: by field ids, with every loss named.

What both editions have is carried over as it stands. What the other edition says with other columns is derived where it
can be read (都道府県名 + 市区町村名 → 地方公共団体名, バリアフリー情報 → the yes/no columns). An address written in one
cell stays in one cell. A cell that cannot be read is carried over as written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from recommended_datasets.definition import Definition, Field
from recommended_datasets.header_index import fold
from recommended_datasets.normalisation import Normalised

Kind = Literal["no-column", "not-readable", "not-derived", "rows-joined"]
"""Why something is lost or left open: the target has no such column; an item has no counterpart; the target's column has no
source; rows became one because the target has one row for each key."""

_PREFECTURE = re.compile(r"^(北海道|東京都|京都府|大阪府|.{2,3}県)(.*)$", re.S)
_ADDRESS_PARTS = ("prefecture", "city", "town", "block")
_JOINER = ";"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that the other edition cannot say, with how many cells (or rows) hold it and an example."""

    kind: Kind
    column: str
    count: int
    example: str = ""
    record: int = 0
    """The first record concerned, from 1; 0 = the column as a whole."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Canonical columns of the target edition in its order, then `extra`: what was kept without a column there."""

    definition: Definition
    columns: dict[str, list[str]]
    extra: dict[str, list[str]]
    losses: tuple[Loss, ...]
    row_count: int

    def header(self) -> list[str]:
        """The target's column names, then those of `extra`."""
        return [*(f.name for f in self.definition.fields), *self.extra]

    def rows(self) -> list[tuple[str, ...]]:
        """The records, in the order of `header`."""
        columns = [*(self.columns[f.id] for f in self.definition.fields), *self.extra.values()]
        return list(zip(*columns, strict=True))


def convert(table: Normalised, source: Definition, target: Definition, *, keep: bool = False) -> Converted:
    """The rows of a normalised table in the columns of another edition of the same dataset.

    `keep`: columns the target does not have are appended instead of lost. `ValueError` if the datasets differ.
    """
    if source.id != target.id:
        raise ValueError(f"{source.id} cannot become {target.id}")
    texts = {name: _texts(table, name) for name in table.columns}
    columns: dict[str, list[str]] = {}
    losses: list[Loss] = []
    used: set[str] = set()
    for f in target.fields:
        if f.id in texts:
            columns[f.id] = list(texts[f.id])
            used.add(f.id)
    for f in target.fields:
        if f.id not in columns:
            columns[f.id] = _derive(f, texts, used, table.row_count)
    if "accessibility" in texts and "accessibility" not in target:
        used.add("accessibility")
        losses += _flags_from_list(texts["accessibility"], target, columns)
    elif "accessibility" in target and "accessibility" not in texts:
        flags = [f for f in source.fields if f.type == "flag" and f.id in texts and f.id not in target]
        columns["accessibility"] = _list_from_flags(flags, texts, table.row_count)
        used.update(f.id for f in flags)
        said_no = {f.name: [text if f.allowed and text in f.allowed[1:] else "" for text in texts[f.id]] for f in flags}
        losses += [loss for name, cells in said_no.items() for loss in _lost("not-readable", name, cells)]
    if "address" in target and "address" in columns:
        _join_address(columns["address"], texts, used, "city" in target)
    extra = {name: list(cells) for name, cells in table.extra.items() if keep or any(cells)}
    gone = {f.name: texts[f.id] for f in source.fields if f.id in texts and f.id not in used}
    if keep:
        extra |= {name: list(cells) for name, cells in gone.items() if any(cells)}
    else:
        losses += [loss for name, cells in gone.items() for loss in _lost("no-column", name, cells)]
    open_fields = [f for f in target.fields if f.id not in texts and f.mark in ("◎", "○") and not any(columns[f.id])]
    losses += [Loss("not-derived", f.name, 0) for f in open_fields]
    rows = table.row_count
    key = next((f.id for f in target.fields if f.key and not (f.id in source and source.field(f.id).key)), None)
    if key and any(columns[key]):
        rows = _one_row_per_key(target, key, columns, extra, losses)
    ordered = {f.id: columns[f.id] for f in target.fields}
    return Converted(target, ordered, extra, tuple(losses), rows)


def _texts(table: Normalised, name: str) -> list[str]:
    """Canonical texts; a cell that cannot be read as it was written, never blank."""
    return [table.unknown.get((row, name), "") if text is None else text for row, text in enumerate(table.columns[name])]


def _lost(kind: Kind, column: str, cells: Sequence[str]) -> list[Loss]:
    filled = [(record, text) for record, text in enumerate(cells, start=1) if text]
    return [Loss(kind, column, len(filled), filled[0][1], filled[0][0])] if filled else []


def _derive(f: Field, texts: dict[str, list[str]], used: set[str], rows: int) -> list[str]:
    """A column from those of the other edition that say the same; blanks where there are none."""
    sources = f.derived.split("+") if f.derived else []
    if sources and all(name in texts for name in sources):
        used.update(sources)
        return ["".join(parts) for parts in zip(*(texts[name] for name in sources), strict=True)]
    if f.id in ("prefecture_name", "city_name") and "municipality_name" in texts:
        used.add("municipality_name")
        found = [_PREFECTURE.match(text) for text in texts["municipality_name"]]
        if f.id == "prefecture_name":
            return [match[1] if match else "" for match in found]
        whole = texts["municipality_name"]
        return [match[2] if match else text for match, text in zip(found, whole, strict=True)]
    return [""] * rows


def _join_address(address: list[str], texts: dict[str, list[str]], used: set[str], target_splits: bool) -> None:
    """Where only the parts of an address are given, join them; with the joined one there, its parts are no loss."""
    parts = [texts[name] for name in _ADDRESS_PARTS if name in texts]
    if not parts:
        return
    for row, text in enumerate(address):
        if not text:
            address[row] = "".join(part[row] for part in parts)
    if not target_splits:
        used.update(name for name in _ADDRESS_PARTS if name in texts)


def _flags_from_list(cells: Sequence[str], target: Definition, columns: dict[str, list[str]]) -> list[Loss]:
    """Items of バリアフリー情報 that name one of the yes/no columns set it to yes; the others are named as lost."""
    flags = {fold(f.name): f for f in target.fields if f.type == "flag" and f.blank != "no" and f.allowed}
    unread: list[str] = []
    for row, text in enumerate(cells):
        lost: list[str] = []
        for item in filter(None, re.split(r"[;；\r\n]+", text)):
            f = flags.get(fold(item)) or flags.get(fold(re.sub(r"(あり|有り|有|○|可)$", "", item.strip())))
            if f:
                columns[f.id][row] = f.allowed[0]
            else:
                lost.append(item.strip())
        unread.append(_JOINER.join(lost))
    return _lost("not-readable", "バリアフリー情報", unread)


def _list_from_flags(flags: Sequence[Field], texts: dict[str, list[str]], rows: int) -> list[str]:
    """The names of the columns that say yes, joined with ``;``. That a "no" and a blank become one is named as a loss."""
    return [_JOINER.join(f.name for f in flags if f.allowed and texts[f.id][row] == f.allowed[0]) for row in range(rows)]


def _one_row_per_key(
    target: Definition, key: str, columns: dict[str, list[str]], extra: dict[str, list[str]], losses: list[Loss]
) -> int:
    """Join the rows of one key (オープンデータ一覧: one row per file → one per dataset). Values that differ are joined with
    ``;`` where the field says so, else the first stays and the others are named as lost."""
    groups: dict[tuple[str, str], list[int]] = {}
    codes = columns.get("municipality_code") or [""] * len(columns[key])
    for row, text in enumerate(columns[key]):
        groups.setdefault((codes[row], text) if text else ("", f"\0{row}"), []).append(row)
    if all(len(rows) == 1 for rows in groups.values()):
        return len(columns[key])
    joining = {f.id for f in target.fields if dict(f.options).get("join")}
    names = {f.id: f.name for f in target.fields}
    for name, cells in [*columns.items(), *extra.items()]:
        kept: list[str] = []
        lost: list[str] = [""] * len(cells)
        for rows in groups.values():
            values = list(dict.fromkeys(cells[row] for row in rows if cells[row]))
            kept.append(_JOINER.join(values) if name in joining else values[0] if values else "")
            for row in rows:
                if name not in joining and cells[row] and cells[row] != kept[-1]:
                    lost[row] = cells[row]
        cells[:] = kept
        losses += _lost("rows-joined", names.get(name, name), lost)
    return len(groups)
