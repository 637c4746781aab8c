"""The catalog: the index is in step, extra folders count at once, and nothing is loaded that is not needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recommended_datasets import catalog as catalogs
from recommended_datasets.definition import DefinitionError
from recommended_datasets.matching import identify

PARKS = """
id: park
edition: common
title: {ja: 公園一覧, en: Parks}
number: 共通-1
file_name: '{code}_park.csv'
usable: [[name]]
distinctive: [[playground_count]]
sources: [県土木部の共通フォーマット]
fields:
- {id: municipality_code, name: 団体コード, type: municipality_code}
- {id: name, name: 公園名, type: name, mark: ◎}
- {id: place_name, name: 場所, type: name}
- {id: playground_count, name: 遊具の数, type: integer}
- {id: parking, name: 駐車場, type: text}
"""


class Header:
    def __init__(self, *names: str) -> None:
        self.header = names


def test_the_generated_index_is_in_step_with_the_yaml_files():
    assert catalogs.INDEX.read_text(encoding="utf-8") == catalogs.make_index(), "run: recommended-datasets definitions index"


def test_an_index_that_is_out_of_step_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    stale = json.loads(catalogs.INDEX.read_text(encoding="utf-8"))
    stale["fingerprint"], stale["definitions"] = "0" * 64, []
    index = tmp_path / "index.json"
    index.write_text(json.dumps(stale), encoding="utf-8")
    monkeypatch.setattr(catalogs, "INDEX", index)
    catalogs._load.cache_clear()
    try:
        assert len(catalogs.load().all()) == 44
    finally:
        catalogs._load.cache_clear()


def test_without_the_index_the_yaml_files_give_the_same_catalog(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with_index = catalogs.load()
    monkeypatch.setattr(catalogs, "INDEX", tmp_path / "nowhere.json")
    catalogs._load.cache_clear()
    try:
        without = catalogs.load()
        assert without.all() == with_index.all() and without.rule_set == with_index.rule_set
        assert without.headers.folded == with_index.headers.folded
    finally:
        catalogs._load.cache_clear()


def test_the_newest_edition_is_the_standard_one():
    catalog = catalogs.load()
    assert catalog.standard("open_data_list").edition == "standard"
    assert catalog.editions("open_data_list") == ("standard", "standard-44", "standard-42", "recommended")
    assert catalog.ids()[0] == "public_facility"
    with pytest.raises(KeyError):
        catalog.get("aed", "standard-99")
    with pytest.raises(KeyError):
        catalog.standard("nothing")


def test_a_department_adds_its_own_format_by_a_folder(tmp_path: Path):
    (tmp_path / "park.yaml").write_text(PARKS, encoding="utf-8")
    catalog = catalogs.load([tmp_path])
    parks = Header("公園名", "場所", "遊具の数", "駐車場")
    assert [m.definition.id for m in identify(parks, catalog)] == ["park"]
    assert identify(parks, catalogs.load()) == []
    assert catalog.rule_set != catalogs.load().rule_set
    assert catalog.get("park", "common").origin == tmp_path.name
    assert catalog.standard("park").edition == "common"


def test_a_changed_format_counts_without_a_restart(tmp_path: Path):
    path = tmp_path / "park.yaml"
    path.write_text(PARKS, encoding="utf-8")
    before = catalogs.load([tmp_path])
    path.write_text(PARKS.replace("遊具の数", "遊具数"), encoding="utf-8")
    after = catalogs.load([tmp_path])
    assert after.get("park", "common").field("playground_count").name == "遊具数"
    assert before.rule_set != after.rule_set


def test_a_format_that_takes_the_name_of_a_standard_is_refused(tmp_path: Path):
    text = PARKS.replace("id: park", "id: aed").replace("edition: common", "edition: standard")
    (tmp_path / "aed.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"aed\.yaml.*already"):
        catalogs.load([tmp_path])


def test_loading_and_identifying_imports_no_yaml_and_no_frames():
    code = (
        "import sys; from recommended_datasets import catalog, matching\n"
        "class H: header = ('名称', '緯度', '経度', '小児対応設備の有無', '設置位置')\n"
        "c = catalog.load(); m = matching.identify(H(), c); assert m[0].definition.id == 'aed', m\n"
        "print(sorted({'yaml', 'polars', 'numpy', 'pandas', 'ckan'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
