"""推奨データセット ↔ 自治体標準オープンデータセット: carried over by id, every loss named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from recommended_datasets import catalog as catalogs
from recommended_datasets.checking import check_bytes
from recommended_datasets.conversion import Converted, convert
from recommended_datasets.normalisation import normalise

DATA = Path(__file__).resolve().parents[1] / "data"
CATALOG = catalogs.load()
BOTH = [d for d in CATALOG.ids() if {"standard", "recommended"} <= set(CATALOG.editions(d))]


def converted(data: bytes | Path, to: str, **options: bool) -> Converted:
    checked = check_bytes(data)
    assert checked.table and checked.definition
    target = CATALOG.get(checked.definition.id, to)
    return convert(normalise(checked.table, checked.definition, checked.columns), checked.definition, target, **options)


def as_bytes(result: Converted) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([result.header(), *result.rows()])
    return out.getvalue().encode("utf-8-sig")


def file(dataset: str, edition: str, **cells: str) -> bytes:
    """A file of one row with these cells, in the edition's own header."""
    definition = CATALOG.get(dataset, edition)
    out = io.StringIO()
    csv.writer(out).writerows([[f.name for f in definition.fields], [cells.get(f.id, "") for f in definition.fields]])
    return out.getvalue().encode()


@pytest.mark.parametrize("dataset", BOTH)
def test_a_good_file_of_each_edition_becomes_one_of_the_other_without_an_error(dataset: str):
    for source, target in (("recommended", "standard"), ("standard", "recommended")):
        result = converted(DATA / dataset / f"{source}.good.csv", target)
        report = check_bytes(as_bytes(result)).report
        assert (report.dataset, report.edition) == (dataset, target)
        assert [i for i in report.issues if i.severity == "error" and i.code != "missing-value"] == []


@pytest.mark.parametrize("dataset", BOTH)
def test_what_is_lost_on_the_way_is_named_or_comes_back(dataset: str):
    source = CATALOG.get(dataset, "recommended")
    path = DATA / dataset / "recommended.good.csv"
    there = converted(path, "standard")
    back = converted(as_bytes(there), "recommended")
    original = converted(path, "recommended")
    named = {loss.column for loss in (*there.losses, *back.losses)}
    for f in source.fields:
        assert original.columns[f.id] == back.columns[f.id] or f.name in named, f.name


def test_the_publisher_is_one_column_in_the_standard_and_two_in_the_recommended_edition():
    rec = file(
        "aed", "recommended", municipality_code="462012", prefecture_name="鹿児島県", city_name="鹿児島市", name="見本館"
    )
    standard = converted(rec, "standard")
    assert standard.columns["municipality_name"] == ["鹿児島県鹿児島市"]
    back = converted(as_bytes(standard), "recommended")
    assert (back.columns["prefecture_name"], back.columns["city_name"]) == (["鹿児島県"], ["鹿児島市"])


def test_an_address_in_one_cell_stays_in_one_cell_and_split_parts_are_joined():
    joined = converted(file("aed", "recommended", name="見本館", address="鹿児島県鹿児島市山下町11番1号"), "standard")
    assert joined.columns["address"] == ["鹿児島県鹿児島市山下町11番1号"] and joined.columns["town"] == [""]
    assert ("not-derived", "所在地_町字") in {(loss.kind, loss.column) for loss in joined.losses}
    parts = file("aed", "standard", name="見本館", prefecture="鹿児島県", city="鹿児島市", town="山下町", block="11番1号")
    assert converted(parts, "recommended").columns["address"] == ["鹿児島県鹿児島市山下町11番1号"]


def test_the_accessibility_list_becomes_yes_no_columns_where_it_can_be_read():
    rec = file("tourism", "recommended", name="見本園", accessibility="車椅子可;オストメイト対応トイレあり;段差なし")
    standard = converted(rec, "standard")
    assert standard.columns["wheelchair_access"] == ["可"] and standard.columns["ostomate_facility"] == ["有"]
    assert standard.columns["subtitles"] == [""], "what is not said stays unknown"
    lost = [loss for loss in standard.losses if loss.kind == "not-readable"]
    assert [(loss.count, loss.example) for loss in lost] == [(1, "段差なし")]
    back = converted(as_bytes(standard), "recommended")
    assert back.columns["accessibility"] == ["車椅子可;オストメイト対応トイレ"]


def test_a_no_that_the_other_edition_cannot_say_is_named():
    result = converted(file("tourism", "standard", name="見本園", wheelchair_access="不可", fee="300"), "recommended")
    assert ("車椅子可", "不可") in {(loss.column, loss.example) for loss in result.losses}


def test_columns_without_a_place_are_named_or_kept_at_the_end():
    source = file("aed", "standard", name="見本館", email="mihon@example.lg.jp")
    lost = converted(source, "recommended")
    assert [(loss.count, loss.example) for loss in lost.losses if loss.column == "連絡先メールアドレス"] == [
        (1, "mihon@example.lg.jp")
    ]
    kept = converted(source, "recommended", keep=True)
    assert kept.header()[-1] == "連絡先メールアドレス" and kept.rows()[0][-1] == "mihon@example.lg.jp"


def test_a_publishers_own_columns_are_kept():
    definition = CATALOG.get("aed", "recommended")
    out = io.StringIO()
    csv.writer(out).writerows(
        [[*(f.name for f in definition.fields), "担当課"], [*(f.example for f in definition.fields), "総務課"]]
    )
    assert converted(out.getvalue().encode(), "standard").extra == {"担当課": ["総務課"]}


def test_a_cell_that_cannot_be_read_is_carried_over_as_written():
    result = converted(file("aed", "recommended", name="見本館", latitude="31度くらい", child_equipment="有"), "standard")
    assert result.columns["latitude"] == ["31度くらい"]


def test_one_row_per_file_becomes_one_row_per_dataset():
    definition = CATALOG.get("open_data_list")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f.name for f in definition.fields])
    for form in ("CSV", "XLSX"):
        cells = {"dataset_id": "D1", "municipality_code": "462012", "dataset_title": "AED設置箇所一覧", "file_format": form}
        writer.writerow([(cells | {"file_title": f"AED（{form}）"}).get(f.id, "") for f in definition.fields])
    result = converted(out.getvalue().encode(), "recommended")
    assert result.row_count == 1 and result.columns["file_format"] == ["CSV;XLSX"]
    assert any(loss.column == "ファイル_タイトル" for loss in result.losses)


def test_another_dataset_is_refused():
    checked = check_bytes(DATA / "aed" / "standard.good.csv")
    assert checked.table and checked.definition
    with pytest.raises(ValueError, match="aed"):
        convert(normalise(checked.table, checked.definition), checked.definition, CATALOG.get("hospital"))
