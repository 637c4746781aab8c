"""A person's column mapping: proposed, confirmed, read back, and stronger than every name."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommended_datasets import catalog as catalogs
from recommended_datasets import mapping as mappings
from recommended_datasets.checking import check_bytes
from recommended_datasets.mapping import Mapping, MappingError
from recommended_datasets.matching import match_columns
from recommended_datasets.reader import read_table

AED = catalogs.load().get("aed")
OWN = (
    "担当,施設の名前,ところ,どこに置いたか,ＴＥＬ,北緯N,東経E,こども用\r\n"
    "総務課,見本館,鹿児島県鹿児島市山下町1-1,1階,099-000-0000,31.5969,130.5572,有\r\n"
    "総務課,見本館2,鹿児島県鹿児島市山下町1-2,2階,099-000-0001,31.5970,130.5573,無\r\n"
    "総務課,見本館3,鹿児島県鹿児島市山下町1-3,3階,099-000-0002,31.5971,130.5574,有\r\n"
).encode()


def test_a_mapping_comes_before_every_name_and_by_the_place_of_a_column():
    class Header:
        header = ("名称", "施設名", "備考", "備考", "")

    given = Mapping({"名称": "ignore", "施設名": "name", "#4": "note", "#5": "url"})
    columns = match_columns(Header(), AED, given)
    assert [(c.field, c.how) for c in columns] == [
        (None, "mapping"), ("name", "mapping"), (None, "none"), ("note", "mapping"), ("url", "mapping"),
    ]  # fmt: skip


def test_a_proposal_says_how_sure_it_is_and_reads_cells_where_the_header_says_little():
    table = read_table(OWN)
    proposed = mappings.propose_mapping(table, AED)
    assert proposed.columns["北緯N"] == "latitude" and proposed.columns["東経E"] == "longitude"
    assert proposed.columns["ＴＥＬ"] == "phone" and proposed.scores["ＴＥＬ"] >= 0.9
    assert proposed.columns["担当"] == "ignore" and proposed.scores["担当"] == 0
    assert list(proposed.columns) == list(table.header)
    targets = [t for t in proposed.columns.values() if t != "ignore"]
    assert len(set(targets)) == len(targets)
    assert proposed.fits(table.header) and not proposed.fits(("違う", "見出し"))


def test_a_mapping_is_read_back_as_it_was_written(tmp_path: Path):
    proposed = mappings.propose_mapping(read_table(OWN), AED)
    path = tmp_path / "462012_aed.yaml"
    path.write_text(mappings.dump(proposed), encoding="utf-8")
    assert mappings.load(path, AED) == proposed


def test_a_confirmed_mapping_makes_a_file_of_ones_own_layout_that_dataset():
    confirmed = Mapping(
        {"施設の名前": "name", "ところ": "address", "どこに置いたか": "position", "北緯N": "latitude", "東経E": "longitude",
         "こども用": "child_equipment", "ＴＥＬ": "phone", "担当": "ignore"},
        {"municipality_code": "462012"},
        dataset="aed",
    )  # fmt: skip
    assert check_bytes(OWN).report.dataset is None
    checked = check_bytes(OWN, dataset="aed", mapping=confirmed)
    assert checked.report.dataset == "aed" and checked.report.accepted_count == 3
    assert checked.municipality_code == "462012"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "columns"),
        ("colour: red", "colour"),
        ("columns: [a]", "columns"),
        ("columns: {甲: name, 乙: name}", "name"),
        ("columns: {甲: nothing}", "nothing"),
        ("constants: {nothing: x}", "nothing"),
        ("header_line: 最初", "header_line"),
        ("columns: {甲: [", "mapping"),
    ],
)
def test_a_wrong_mapping_file_is_refused_with_what_to_do(tmp_path: Path, text: str, said: str):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as refused:
        mappings.load(path, AED)
    assert "mine.yaml" in str(refused.value) and said in str(refused.value)


def test_a_mapping_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(MappingError, match="nowhere.yaml"):
        mappings.load(tmp_path / "nowhere.yaml")
