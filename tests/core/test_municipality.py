"""Codes with their check digits, and who publishes for which area."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommended_datasets import municipality

HEAD = "code,name,kana,kind,parent,region,latitude,longitude,bounds,members,former,islands,url\n"


def test_every_code_of_the_data_has_its_check_digit_and_every_former_one():
    everyone = municipality.load()
    assert all(municipality.valid(m.code) for m in everyone)
    assert all(municipality.valid(code) for m in everyone for _, code in m.former if code)
    assert [m.kind for m in everyone].count("prefecture") == 1
    prefecture = next(m for m in everyone if m.kind == "prefecture")
    west, south, east, north = prefecture.bounds or (0, 0, 0, 0)
    for m in everyone:
        assert m.lat and m.lng and south <= m.lat <= north and west <= m.lng <= east
        assert m.kind == "prefecture" or (m.parent == prefecture.code and m.region)


@pytest.mark.parametrize("code", ["460001", "462012", "462209", "465356", "131016", "092011"])
def test_known_codes_are_valid(code: str):
    assert municipality.valid(code) and municipality.complete(code) == code


@pytest.mark.parametrize("code", ["462013", "46201", "", "４６２０１２", "46201a", "221390"])
def test_other_texts_are_not(code: str):
    assert not municipality.valid(code)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("46201", "462012"), ("92011", "092011"), ("1100", "011002"), ("462013", None), ("99999", None), ("", None)],
)
def test_a_shorter_code_is_completed_where_one_reading_is_possible(written: str, meant: str | None):
    assert municipality.complete(written) == meant


@given(st.integers(1000, 47999).map(lambda n: f"{n:05d}"))
def test_a_code_without_its_check_digit_never_becomes_an_invalid_one(code5: str):
    meant = municipality.complete(code5)
    assert meant is None or municipality.valid(meant)
    assert municipality.valid(code5 + municipality.check_digit(code5))


def test_the_prefecture_publishes_for_all_its_municipalities_and_a_municipality_for_itself():
    assert municipality.in_area("462012", "460001") and municipality.in_area("465356", "460001")
    assert not municipality.in_area("131016", "460001")
    assert municipality.in_area("462012", "462012") and not municipality.in_area("462039", "462012")
    assert municipality.in_area("462071", "462225"), "the code of 名瀬市, now 奄美市"


def test_names_are_found_with_prefecture_and_county_and_by_former_names():
    def code(text: str) -> str | None:
        found = municipality.by_name(text)
        return found.code if found else None

    assert code("鹿児島市") == code("鹿児島県鹿児島市") == "462012"
    assert code("鹿児島県薩摩郡さつま町") == "463922"
    assert code("名瀬市") == "462225"
    assert code("鹿児島県") == "460001"
    assert code("別府市") is None and code("") is None


def test_unions_departments_and_companies_come_from_a_folder(tmp_path: Path):
    rows = (
        "468011,見本広域連合,ミホンコウイキレンゴウ,union,460001,,,,,462012;462039,,,\n"
        "460001-dobo,見本部,ミホンブ,department,460001,,,,,,,,\n"
        "8000020460001,見本会社,ミホンガイシャ,private,,,,,,,,,\n"
    )
    union = "46801" + municipality.check_digit("46801")
    (tmp_path / "publishers.csv").write_text(HEAD + rows.replace("468011", union), encoding="utf-8")
    assert municipality.by_code(union, [tmp_path]) and municipality.by_code(union) is None
    assert municipality.in_area("462039", union, [tmp_path]) and not municipality.in_area("462047", union, [tmp_path])
    assert municipality.in_area("465356", "460001-dobo", [tmp_path])
    assert municipality.in_area("131016", "8000020460001", [tmp_path])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("462013,見本市,ミホンシ,municipality,460001,,,,,,,,", "code"),
        ("462012,見本市,ミホンシ,town,460001,,,,,,,,", "kind"),
        ("462012,,ミホンシ,municipality,460001,,,,,,,,", "name"),
        ("462012,見本市,ミホンシ,municipality,460001,,北,,,,,,", "latitude"),
        ("462012,見本市,ミホンシ,municipality,460001,,,,1 2,,,,", "bounds"),
        ("462012,見本市,ミホンシ,municipality,460001,,,,,,旧市:462013,,", "former"),
    ],
)
def test_a_wrong_line_is_named_with_line_and_column_and_the_others_go_on(tmp_path: Path, row: str, said: str):
    good = "468011,見本組合,ミホンクミアイ,union,460001,,,,,,,,"
    (tmp_path / "publishers.csv").write_text(f"{HEAD}{row}\n{good}\n", encoding="utf-8")
    (problem,) = municipality.problems([tmp_path])
    assert "publishers.csv" in problem and "line 2" in problem and said in problem
    assert len(municipality.load([tmp_path])) == len(municipality.load()) + 1
