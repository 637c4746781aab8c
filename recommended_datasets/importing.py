"""The Digital Agency's definition workbook → our YAML: what differs, and the file with the update.

The workbook has a sheet for each dataset and, on it, a row for each column: 項目名, 区分, 説明, 形式, 例 (and often an English
and a physical name). What it says wins over what we concluded by analogy, so an imported column is ``evidence: seen``. Field
ids are kept by name; a column that is new to us gets its id from the physical or English name, else ``column_7``, for a
person to coin.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from recommended_datasets.catalog import Catalog
from recommended_datasets.definition import Definition, Field
from recommended_datasets.definition_yaml import plain, plain_field
from recommended_datasets.header_index import fold

HEADS = {
    "name": ("項目名", "項目名称", "項目", "項目名(日本語)"),
    "mark": ("区分", "掲載区分", "必須区分", "必須"),
    "description": ("説明", "項目説明", "定義", "内容"),
    "format": ("形式", "データ形式", "データ型", "型", "記入形式"),
    "example": ("例", "記入例", "データ例", "サンプル"),
    "english": ("項目名(英語)", "英語名", "項目名_英語", "英語項目名"),
    "physical": ("物理名", "項目名(物理名)", "列名", "カラム名"),
}
"""Our name → heads of the workbook's columns."""

_MARKS = {"◎": "◎", "○": "○", "〇": "○", "◯": "○", "必須": "◎", "推奨": "○", "任意": "", "△": "", "": ""}
_TYPES = (
    (r"コード", "municipality_code", r"全国地方公共団体コード|市区町村コード"),
    (r"", "latitude", r"^緯度$"),
    (r"", "longitude", r"^経度$"),
    (r"", "kana", r"カナ$"),
    (r"URI|URL", "url", r""),
    (r"", "phone", r"電話番号$|FAX番号$"),
    (r"", "email", r"メールアドレス$"),
    (r"", "postal_code", r"郵便番号$"),
    (r"", "corporate_number", r"法人番号$"),
    (r"YYYY|年月日", "date", r""),
    (r"hh:mm|HH:MM", "time", r""),
    (r"", "weekdays", r"曜日$"),
    (r"数値|整数", "integer", r""),
    (r"半角英数字", "alnum", r""),
)
"""(pattern of the form, type, pattern of the name): a first guess for a column that is new to us."""
_READ_UNTIL = 400


class WorkbookError(ValueError):
    """The workbook holds no definition; the text says what to do, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Column:
    """One row of the workbook: what it says of a column."""

    name: str
    mark: str | None = None
    description: str = ""
    format: str = ""
    example: str = ""
    english: str = ""
    physical: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook that defines a dataset."""

    title: str
    columns: tuple[Column, ...]


Kind = Literal["added", "removed", "moved", "mark", "format", "example", "name", "description", "evidence"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing the workbook says otherwise. `field` is our id, or the id proposed for a new column."""

    kind: Kind
    field: str
    column: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """What one sheet means for one dataset: the differences to our definition, and the plain data of the update."""

    dataset: str
    sheet: str
    differences: tuple[Difference, ...]
    update: dict[str, Any] = field(default_factory=dict[str, Any])


def read_workbook(path: Path) -> list[Sheet]:
    """Every sheet that holds columns 項目名 and 区分 or 形式. `WorkbookError` if there is none or it cannot be opened."""
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        rows = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except Exception as error:  # calamine's own kinds, OSError …
        text = f"{path.name}: ブックを開けません / cannot be opened: {error}"
        raise WorkbookError(text) from None
    found = [sheet for name, cells in rows.items() if (sheet := _sheet(name, cells))]
    if not found:
        text = f"{path.name}: 「項目名」「区分」「形式」の見出しがあるシートがありません。定義書のブックを指定してください"
        raise WorkbookError(text + " / no sheet has the heads 項目名, 区分, 形式")
    return found


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip() if value not in (None, "") else ""


def _sheet(name: str, rows: Sequence[Sequence[object]]) -> Sheet | None:
    heads = {fold(text): key for key, texts in HEADS.items() for text in texts}
    for index, row in enumerate(rows[:_READ_UNTIL]):
        places: dict[str, int] = {}
        for place, value in enumerate(row):
            key = heads.get(fold(_cell(value)))
            if key and key not in places:
                places[key] = place
        if "name" in places and ({"mark", "format"} & places.keys()):
            title = next((_cell(v) for above in rows[:index] for v in above if _cell(v)), "") or name
            return Sheet(f"{name} {title}", tuple(_columns(rows[index + 1 :], places)))
    return None


def _columns(rows: Sequence[Sequence[object]], places: Mapping[str, int]) -> list[Column]:
    found: list[Column] = []
    for row in rows:
        cells = {key: _cell(row[place]) if place < len(row) else "" for key, place in places.items()}
        if not cells["name"]:
            if found:
                break
            continue
        cells["name"] = cells["name"].replace("\n", "")
        mark = cells.pop("mark", None)
        found.append(Column(mark=None if mark is None else _MARKS.get(mark), **cells))
    return found


def dataset_of(sheet: Sheet, catalog: Catalog) -> str | None:
    """The dataset a sheet defines: by its title, else by its columns."""
    titles = {fold(catalog.summary(dataset).title["ja"]): dataset for dataset in catalog.ids()}
    wanted = fold(sheet.title)
    by_title = [dataset for title, dataset in titles.items() if title in wanted]
    if len(by_title) == 1:
        return by_title[0]
    from recommended_datasets.matching import identify

    @dataclass(frozen=True)
    class Header:
        header: tuple[str, ...]

    matches = identify(Header(tuple(column.name for column in sheet.columns)), catalog)
    return matches[0].definition.id if matches else None


def compare(sheet: Sheet, definition: Definition) -> Import:
    """The sheet against our definition: differences, and the definition as it would be with them (plain data for YAML)."""
    ours = {fold(f.name): f for f in definition.fields}
    order = [f.id for f in definition.fields]
    differences: list[Difference] = []
    fields: list[dict[str, Any]] = []
    taken: set[str] = set()
    for number, column in enumerate(sheet.columns, start=1):
        f = ours.get(fold(column.name))
        if f is None or f.id in taken:
            made = _new_field(column, number, {*order, *taken})
            differences.append(Difference("added", made["id"], column.name, "", column.format))
            taken.add(made["id"])
            fields.append(made)
            continue
        taken.add(f.id)
        differences += _of_column(f, column)
        fields.append(_updated(f, column))
    kept = [f.id for f in definition.fields if f.id in taken]
    now = [item["id"] for item in fields if item["id"] in set(kept)]
    for before, after in zip(kept, now, strict=True):
        if before != after:
            moved = definition.field(after)
            differences.append(Difference("moved", after, moved.name, str(kept.index(after) + 1), str(now.index(after) + 1)))
    for f in definition.fields:
        if f.id not in taken:
            differences.append(Difference("removed", f.id, f.name))
    update = plain(definition) | {"evidence": "seen", "fields": fields}
    return Import(
        definition.id, sheet.title, tuple(differences), _without_lost_fields(update, {item["id"] for item in fields})
    )


def _of_column(f: Field, column: Column) -> list[Difference]:
    found: list[Difference] = []
    if f.name != column.name:
        found.append(Difference("name", f.id, column.name, f.name, column.name))
    if column.mark is not None and column.mark != f.mark:
        old = "?" if f.mark is None else f.mark or "任意"
        found.append(Difference("mark", f.id, column.name, old, column.mark or "任意"))
    elif column.mark is not None and (f.mark_evidence != "seen" or f.evidence != "seen"):
        found.append(Difference("evidence", f.id, column.name, "定義確認中", "確認済み"))
    for key in ("description", "format", "example"):
        new, old = getattr(column, key), getattr(f, key)
        if new and new != old and (old or key == "format"):
            found.append(Difference(key, f.id, column.name, old, new))  # type: ignore[arg-type]
    return found


def _updated(f: Field, column: Column) -> dict[str, Any]:
    item = plain_field(f)
    item["name"] = column.name
    for key in ("description", "format", "example", "english", "physical"):
        if getattr(column, key):
            item[key] = getattr(column, key)
    if column.mark is not None:
        item["mark"] = column.mark
        item.pop("mark_evidence", None)
    item.pop("evidence", None)
    return item


def _new_field(column: Column, number: int, taken: set[str]) -> dict[str, Any]:
    raw = column.physical or re.sub(r"(?<!^)(?=[A-Z])", "_", column.english)
    name = re.sub(r"[^a-z0-9]+", "_", raw.lower()).strip("_")
    if not name or not name[0].isalpha() or name in taken:
        name = f"column_{number}"
    item: dict[str, Any] = {"id": name[:63], "name": column.name, "type": _guess_type(column)}
    if column.mark is not None:
        item["mark"] = column.mark
    for key in ("description", "format", "example", "english", "physical"):
        if getattr(column, key):
            item[key] = getattr(column, key)
    return item


def _guess_type(column: Column) -> str:
    for form, kind, name in _TYPES:
        if (not form or re.search(form, column.format)) and (not name or re.search(name, column.name)):
            return kind
    return "text"


def _without_lost_fields(update: dict[str, Any], there: set[str]) -> dict[str, Any]:
    """Groups and rules keep to fields that are still there."""
    for key in ("usable", "distinctive"):
        groups = [[a for a in group if all(part in there for part in a.split("+"))] for group in update.get(key, [])]
        update[key] = [group for group in groups if group]
    rules: list[dict[str, Any]] = update.get("rules", [])
    kept = [r for r in rules if {*r.get("fields", ()), *r.get("parts", ()), *filter(None, [r.get("total")])} <= there]
    update["rules"] = kept
    return update
