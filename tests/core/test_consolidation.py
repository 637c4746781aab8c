"""Every row of a file is accepted, rejected, a duplicate or withheld, exactly once; what cannot be read is never blank."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recommended_datasets import catalog, licence, sensitive, suspects
from recommended_datasets.checking import check_bytes
from recommended_datasets.consolidation import Balance, BalanceError, Contribution, Source, contribute
from recommended_datasets.merged_versions import identify
from recommended_datasets.normalisation import normalise

CATALOG = catalog.load()
DEFINITION = CATALOG.standard("evacuation_space")
HEADER = (
    "NO,名称,名称_カナ,住所,緯度,経度,市区町村コード,災害種別_洪水,災害種別_崖崩れ、土石流及び地滑り,災害種別_高潮,災害種別_地震,"
    "災害種別_津波,災害種別_大規模な火事,災害種別_内水氾濫,災害種別_火山現象,独自の列"
)


def row(number: str, name: str, *, address: str = "見本町1", lat: str = "31.5", lng: str = "130.5", code: str = "462012",
        flood: str = "1", own: str = "") -> str:  # fmt: skip
    return f"{number},{name},,{address},{lat},{lng},{code},{flood},,,,,,,,{own}"


def contribution(*rows: str, publisher: str = "462012", **more: Any) -> Contribution:
    data = "\r\n".join([HEADER, *rows, ""]).encode("cp932")
    checked = check_bytes(data, name=f"{publisher}_evacuation_space.csv", municipality_code=publisher)
    assert checked.table is not None and checked.definition is not None and checked.definition.id == "evacuation_space"
    normalised = normalise(checked.table, checked.definition, checked.columns, publisher)
    return contribute(checked.table, normalised, DEFINITION, Source(publisher, "見本市", resource="r1"), **more)


def test_each_row_is_counted_once():
    found = contribution(row("1", "甲"), row("2", ""), row("3", "乙"), row("3", "乙"), row("4", "", address="", lat=""))
    assert found.balance == Balance(5, 2, 2, 1, 0)
    assert [(dropped.line, dropped.reason) for dropped in found.rejected] == [(3, "row-unusable"), (6, "row-unusable")]
    assert [(dropped.line, dropped.repeats) for dropped in found.duplicates] == [(5, 4)]
    assert json.loads(found.rejected[0].text)["NO"] == "2"


def test_a_balance_that_does_not_add_up_stops_everything():
    with pytest.raises(BalanceError):
        Balance(rows_in=3, accepted=1, rejected=1)


def test_a_rejected_row_written_twice_is_rejected_twice_and_no_duplicate():
    assert contribution(row("1", ""), row("1", "")).balance == Balance(2, 0, 2, 0, 0)


def test_rows_without_a_licence_are_counted_and_their_values_shown_nowhere():
    found = contribution(row("1", "甲"), row("2", ""), withheld=licence.withheld_reason(""))
    assert found.balance == Balance(2, withheld=2) and found.withheld == {"licence-not-stated": 2}
    assert not found.rows and not found.rejected


def test_a_cell_that_cannot_be_read_is_null_with_its_original_and_a_circle_is_a_flag():
    (cells,) = contribution(row("1", "甲", lat="31度33分", flood="○")).rows
    assert cells["latitude"] is None and json.loads(cells["unknown"] or "")["latitude_source"] == "31度33分"
    assert cells["hazard_flood"] == "1" and cells["hazard_tsunami"] == ""


def test_a_flag_whose_column_is_missing_is_unknown_and_not_no():
    (cells,) = contribution(row("1", "甲")).rows
    assert cells["shelter_overlap"] is None


def test_an_empty_code_and_a_foreign_code_both_give_the_publishers():
    found = contribution(row("1", "甲", code=""), row("2", "乙", code="462039"), row("3", "丙", code="46201"))
    assert [cells["municipality_code"] for cells in found.rows] == ["462012"] * 3
    assert found.foreign_codes == 1
    assert json.loads(found.rows[1]["unknown"] or "")["municipality_code_source"] == "462039"


def test_a_publishers_own_columns_are_kept():
    (cells,) = contribution(row("1", "甲", own="独自の値")).rows
    assert json.loads(cells["extra"] or "")["独自の列"] == "独自の値"


def test_equal_rows_without_an_id_are_two_things_where_the_standard_allows_copies():
    from dataclasses import replace

    data = "\r\n".join([HEADER, row("", "甲"), row("", "甲"), ""]).encode()
    checked = check_bytes(data, name="x.csv", municipality_code="462012")
    assert checked.table is not None and checked.definition is not None
    normalised = normalise(checked.table, checked.definition, checked.columns, "462012")
    for copies, expected in (("possible", Balance(2, 2)), ("never", Balance(2, 1, 0, 1))):
        target = replace(DEFINITION, copies=copies, _index={})
        assert contribute(checked.table, normalised, target, Source("462012")).balance == expected


def test_a_row_that_moves_to_another_file_of_its_publisher_keeps_its_id():
    first = identify({}, [contribution(row("1", "甲"), row("2", "乙", address="見本町2"))], DEFINITION)
    moved = contribution(row("1", "甲"), row("2", "乙", address="見本町2"))
    columns = {**moved.columns, "source_resource": ["r2"] * len(moved.rows)}
    moved = Contribution(Source("462012", resource="r2"), moved.balance, columns)
    second = identify(first.columns, [moved], DEFINITION)
    assert second.rows.keys() == first.rows.keys()
    assert {change.kind for change in second.changes} == {"provenance"}


def test_the_same_name_at_one_place_is_suspected_and_kept():
    one, other = row("1", "避難舎", lat="31.555579"), row("2", "避難舎", lat="31.555580", flood="")
    found = contribution(one, other, row("3", "別の舎"))
    rows = identify({}, [found], DEFINITION).rows
    assert len(rows) == 3
    (pair,) = suspects.pairs(DEFINITION, rows.values())
    assert pair.reason == "same-name-near" and {rows[pair.row_id]["name"], rows[pair.other_row_id]["name"]} == {"避難舎"}


def test_the_shared_municipal_web_comes_out_as_its_manifest_says(shared):
    manifest = json.loads((shared / "municipal_web" / "manifest.json").read_text("utf-8"))
    total, flags = Balance(), 0
    arimura: set[str] = set()
    for source in manifest["sources"]:
        for dataset in source["datasets"]:
            if dataset["dataset"] != "evacuation_space":
                continue
            for file in dataset.get("parts") or [dataset]:
                path = shared / "municipal_web" / file["path"]
                code = source["municipality_code"]
                checked = check_bytes(path.read_bytes(), name=path.name, municipality_code=code)
                assert checked.table is not None and checked.definition is not None
                found = contribute(
                    checked.table,
                    normalise(checked.table, checked.definition, checked.columns, code),
                    DEFINITION,
                    Source(code),
                    withheld=licence.withheld_reason(source["licence"]),
                )
                assert not [one for one in sensitive.scan(checked.table, checked.definition) if one.holds]
                assert found.balance.rows_in == file["rows"]
                if code == "462012":
                    rows = identify({}, [found], DEFINITION).rows
                    pairs = suspects.pairs(DEFINITION, rows.values())
                    arimura |= {rows[pair.row_id]["name"] or "" for pair in pairs}
                total += found.balance
                flags += sum(cells[f] == "1" for cells in found.rows for f in cells if f.startswith("hazard_"))
    assert total == Balance(2425, 2398, 3, 2, 22)
    assert flags == 8563
    assert any("有村" in name for name in arimura)
