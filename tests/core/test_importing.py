"""The official workbook of definitions: differences to ours, the update, and what a changed definition would change."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import yaml

from recommended_datasets import catalog as catalogs
from recommended_datasets import definition as definitions
from recommended_datasets import definition_diff, importing
from recommended_datasets.definition_yaml import as_yaml, plain

CATALOG = catalogs.load()
DATA = Path(__file__).resolve().parents[1] / "data"
HEADS = ("No.", "項目名", "項目名(英語)", "区分", "説明", "形式", "例")


def workbook(path: Path, rows: list[tuple[str, ...]], title: str = "AED設置箇所一覧") -> Path:
    """A workbook laid out as the official one is: a contents sheet, then a sheet for each dataset with a title above."""
    book = openpyxl.Workbook()
    book.active.title = "目次"
    book.active.append(["定義一覧"])
    sheet = book.create_sheet("08")
    sheet.append([title])
    sheet.append([])
    sheet.append(list(HEADS))
    for number, row in enumerate(rows, start=1):
        sheet.append([number, *row])
    book.save(path)
    return path


def official(**changes: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The rows of our AED definition as a workbook would say them, with changes by field id."""
    rows: list[tuple[str, ...]] = []
    for f in CATALOG.get("aed").fields:
        rows.append(changes.get(f.id, (f.name, "", f.mark or "", "", f.format, f.example)))
    return rows


def compared(path: Path) -> importing.Import:
    (sheet,) = importing.read_workbook(path)
    assert importing.dataset_of(sheet, CATALOG) == "aed"
    return importing.compare(sheet, CATALOG.get("aed"))


def test_a_workbook_that_says_the_same_confirms_what_was_an_analogy(tmp_path: Path):
    found = compared(workbook(tmp_path / "table_a.xlsx", official()))
    assert {d.kind for d in found.differences} <= {"evidence", "mark"}
    assert "name" in {d.field for d in found.differences if d.kind == "evidence"}
    definitions.check(found.update, "aed.yaml")
    made = definitions.build(found.update)
    assert made.field("name").required and not CATALOG.get("aed").field("name").required
    assert [f.id for f in made.fields] == [f.id for f in CATALOG.get("aed").fields]
    assert made.distinctive == CATALOG.get("aed").distinctive


def test_changed_new_moved_and_missing_columns_are_named_and_ids_stay(tmp_path: Path):
    rows = official(position=("設置場所の詳細位置", "installationSpot", "◎", "どこに置いたか", "文字列", "1階"))
    rows = [row for row in rows if row[0] != "外部利用不可"]
    rows[0], rows[1] = rows[1], rows[0]
    rows.append(("電極使用期限", "electrodeExpiry", "○", "期限", "YYYY-MM-DD", "2028-03-31"))
    found = compared(workbook(tmp_path / "table_a.xlsx", rows))
    kinds = {(d.kind, d.column) for d in found.differences}
    assert ("added", "電極使用期限") in kinds and ("removed", "外部利用不可") in kinds and ("moved", "ID") in kinds
    update = definitions.build(found.update)
    new = update.field("electrode_expiry")
    assert (new.name, new.type, new.mark, new.example) == ("電極使用期限", "date", "○", "2028-03-31")
    assert "not_for_public" not in update
    assert all("not_for_public" not in group for group in update.distinctive)


def test_the_written_update_is_a_definition_that_loads(tmp_path: Path):
    found = compared(workbook(tmp_path / "table_a.xlsx", official(name=("名称", "", "◎", "施設の名称", "文字列", "見本"))))
    path = tmp_path / "aed.yaml"
    path.write_text(as_yaml(found.update), encoding="utf-8")
    assert definitions.build(definitions.read(path)).field("name").description == "施設の名称"


@pytest.mark.parametrize("definition", CATALOG.all(), ids=lambda d: f"{d.id}-{d.edition}")
def test_every_definition_can_be_written_back_as_yaml_without_loss(definition: definitions.Definition):
    raw = plain(definition) | {"fields": [importing.plain_field(f) for f in definition.fields]}
    again = yaml.load(as_yaml(raw), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    definitions.check({"fields": []} | (again | {"fields": again["fields"] or []}), "x.yaml")
    assert definitions.build(again | {"fields": again["fields"] or []}) == definition


def test_a_workbook_without_definitions_is_refused_with_what_to_do(tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.append(["ただの表"])
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(importing.WorkbookError, match="項目名"):
        importing.read_workbook(tmp_path / "x.xlsx")
    (tmp_path / "y.xlsx").write_bytes(b"no workbook")
    with pytest.raises(importing.WorkbookError, match=r"y\.xlsx"):
        importing.read_workbook(tmp_path / "y.xlsx")


def test_a_stricter_definition_names_the_files_whose_verdict_would_change(tmp_path: Path):
    text = (catalogs.ROOT / "standard" / "aed.yaml").read_text(encoding="utf-8")
    stricter = tmp_path / "aed.yaml"
    stricter.write_text(text.replace("name: 設置位置, type: text", "name: 設置位置, type: integer"), encoding="utf-8")
    old, new = definition_diff.load("aed", CATALOG), definition_diff.load(str(stricter), CATALOG)
    good, numbers = DATA / "aed" / "standard.good.csv", tmp_path / "numbers.csv"
    numbers.write_text(good.read_text(encoding="utf-8").replace("1階正面玄関", "1"), encoding="utf-8")
    same = definition_diff.verdicts(numbers, old, new, CATALOG)
    changed = definition_diff.verdicts(good, old, new, CATALOG)
    other = definition_diff.verdicts(DATA / "population" / "standard.good.csv", old, new, CATALOG)
    assert not same.changed and changed.changed and sum(changed.come().values()) and not changed.gone()
    assert other.reason == "other-dataset" and not other.changed
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04nothing")
    assert definition_diff.verdicts(broken, old, new, CATALOG).reason == "unreadable"


def test_old_and_new_may_be_a_file_a_folder_or_an_id():
    assert definition_diff.load("aed:recommended", CATALOG)["aed"].edition == "recommended"
    assert len(definition_diff.load(str(catalogs.ROOT), CATALOG)) == 27
    with pytest.raises(definitions.DefinitionError, match="nothing"):
        definition_diff.load("nothing", CATALOG)
