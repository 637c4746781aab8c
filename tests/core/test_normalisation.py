"""A table in the terms of its definition: canonical texts, unknown kept apart from blank, no row and no column lost."""

from __future__ import annotations

from pathlib import Path

from evacuation import DEFINITION, HEADER, check, csv_bytes, row, rows

from recommended_datasets.checking import check_bytes
from recommended_datasets.mapping import Mapping
from recommended_datasets.normalisation import Normalised, normalise, normalise_checked


def normal(records: list[dict[str, str]], header: list[str] | None = None) -> Normalised:
    checked = check(records, header)
    assert checked.table and checked.definition
    return normalise(checked.table, checked.definition, checked.columns, checked.municipality_code)


def test_canonical_texts_stand_in_columns_by_field() -> None:
    found = normal([row(1, 災害種別_地震="○", 全国地方公共団体コード="46201", 緯度="３１.６"), row(2)])
    assert found.columns["hazard_earthquake"] == ["1", "1"]
    assert found.columns["municipality_code"] == ["462012", "462012"]
    assert found.columns["latitude"] == ["31.6", "31.590002"]
    assert [(r.record, r.field, r.old, r.new, r.kind) for r in found.repairs] == [
        (1, "municipality_code", "46201", "462012", "safe"),
        (1, "latitude", "３１.６", "31.6", "safe"),
        (1, "hazard_earthquake", "○", "1", "safe"),
    ]


def test_what_cannot_be_read_is_unknown_and_keeps_its_text() -> None:
    found = normal([row(1, 緯度="31度33分", 災害種別_津波="△"), row(2, 災害種別_津波="")])
    assert found.columns["hazard_tsunami"] == [None, ""]
    assert found.unknown == {(0, "latitude"): "31度33分", (0, "hazard_tsunami"): "△"}


def test_rows_keep_their_number_and_the_reason_why_they_are_not_usable() -> None:
    found = normal([row(1), row(2, 名称=""), row(3, 緯度="", 経度="", 所在地_連結表記="")])
    assert found.usable == [None, "row-unusable", "row-unusable"]
    assert dict(found.reasons[1])["missing"] == "名称"
    assert list(found.lines) == [2, 3, 4]


def test_a_row_without_coordinates_but_with_an_address_is_usable() -> None:
    assert normal([row(1, 緯度="31度33分", 経度="")]).usable == [None]


def test_columns_that_no_field_took_are_kept() -> None:
    header = [*HEADER, "独自", "独自"]
    record = row(1) | {"独自": "あ"}
    assert normal([record], header).extra == {"独自": ["あ"], "独自_2": ["あ"]}


def test_swapped_coordinates_are_right_where_all_are_swapped_and_unknown_where_some_are() -> None:
    records = rows(3)
    for record in records:
        record["緯度"], record["経度"] = record["経度"], record["緯度"]
    assert normal(records).columns["latitude"] == ["31.590001", "31.590002", "31.590003"]
    records[0]["緯度"], records[0]["経度"] = records[0]["経度"], records[0]["緯度"]
    found = normal(records)
    assert found.columns["latitude"] == ["31.590001", None, None]
    assert found.unknown[1, "longitude"] == "31.590002"


def test_constants_of_a_mapping_fill_columns_that_the_file_lacks() -> None:
    header = [name for name in HEADER if name != "全国地方公共団体コード"]
    checked = check_bytes(csv_bytes(rows(2), header))
    assert checked.table
    found = normalise(checked.table, DEFINITION, checked.columns, constants={"municipality_code": "46201"})
    assert found.columns["municipality_code"] == ["462012", "462012"]


def test_the_verdict_and_the_merge_agree_on_what_is_usable(municipal_web: Path) -> None:
    rejected = 0
    for path in sorted(municipal_web.glob("46*/opendata/*evacuation_space*.csv")):
        checked = check_bytes(path)
        assert checked.table and checked.definition
        found = normalise(checked.table, checked.definition, checked.columns, checked.municipality_code)
        lost = sum(reason is not None for reason in found.usable)
        assert lost == checked.report.issue_counts.get("row-unusable", 0)
        rejected += lost
    assert rejected == 3


def test_what_a_mapping_says_of_a_missing_column_holds_in_every_row_swapped_coordinates_or_not() -> None:
    header = [name for name in HEADER if name != "地方公共団体名"]
    mapping = Mapping(constants={"municipality_name": "鹿児島市"})
    for places in ({}, {"緯度": "130.55", "経度": "31.59"}):
        checked = check_bytes(csv_bytes(rows(2, **places), header), mapping=mapping)
        found = normalise_checked(checked)
        assert found.columns["municipality_name"] == ["鹿児島市", "鹿児島市"]
        assert all(31 < float(text or 0) < 32 for text in found.columns["latitude"])
