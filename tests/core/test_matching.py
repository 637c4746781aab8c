"""Header → fields, and which dataset a file is: the distinctive columns decide, never the shared ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommended_datasets import catalog as catalogs
from recommended_datasets.matching import fold, identify, match_columns, nearest
from recommended_datasets.reader import read_table

CATALOG = catalogs.load()
KNOWN = [d for d in CATALOG.all() if d.fields]


class Header:
    def __init__(self, *names: str) -> None:
        self.header = names


def dataset(*names: str) -> str | None:
    found = identify(Header(*names), CATALOG)
    return found[0].definition.id if found else None


def fields(definition_id: str, *names: str, edition: str = "standard") -> list[str | None]:
    return [c.field for c in match_columns(Header(*names), CATALOG.get(definition_id, edition))]


@pytest.mark.parametrize("definition", KNOWN, ids=lambda d: f"{d.id}-{d.edition}")
def test_the_exact_header_of_an_edition_is_that_edition_whole_and_in_any_order(definition):
    names = [f.name for f in definition.fields]
    for header in (names, names[::-1]):
        match = identify(Header(*header), CATALOG)[0]
        assert (match.definition.id, match.definition.edition, match.share) == (definition.id, definition.edition, 1.0)
        assert all(c.how == "exact" for c in match.columns)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("建物名等（方書）", "建物名等(方書)"),
        ("建物名等_方書", "建物名等(方書)"),
        ("全国地方公共団体ｺｰﾄﾞ", "全国地方公共団体コード"),
        ("全国地方公共団体コ―ド", "全国地方公共団体コード"),
        (" 名 称 ", "名称"),
        ("1.名称", "名称"),
        ("１．名称", "名称"),
        ("\ufeff名称", "名称"),
        ("名称\n（カナ）", "名称_カナ"),
        ("0－4歳の男性", "0-4歳の男性"),
        ("画像ライセンス", "画像_ライセンス"),
        ("ＵＲＬ", "URL"),
        ("災害種別_崖崩れ・土石流及び地滑り", "災害種別_崖崩れ、土石流及び地滑り"),
    ],
)
def test_width_blanks_brackets_dashes_and_leading_numbers_make_no_difference(written: str, name: str):
    assert fold(written) == fold(name)


def test_age_bands_do_not_fold_into_each_other():
    assert fold("0-4歳の男性") != fold("04歳の男性") and fold("5-9歳の男性") != fold("59歳の男性")


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_more_than_folding_once_for_any_text(text: str):
    assert isinstance(fold(text), str)
    assert match_columns(Header(text), CATALOG.get("aed"))[0].index == 0


def test_names_of_other_editions_synonyms_and_physical_names_are_understood():
    assert fields("aed", "住所", "方書", "都道府県コード又は市区町村コード", "NO") == [
        "address",
        "building",
        "municipality_code",
        "id",
    ]
    assert fields("public_toilet", "多機能トイレ数", "バリアフリートイレトイレ数")[0] == "accessible_total"
    assert fields("public_toilet", "localgov_code", "male_wc_total") == ["municipality_code", "male_total"]
    assert fields("garbage_separation", "ごみの分別方法_品目", "ごみの分別方法_分別区分") == ["name", "sorting_class"]
    assert fields("polling_place", "名称", "緯度") == ["name", "latitude"]
    assert fields("aed", "緯度（世界測地系）", "名称【必須】") == ["latitude", "name"]


def test_never_two_columns_to_one_field_the_nearer_one_has_it_and_the_other_is_named():
    columns = match_columns(Header("施設名", "名称", "緯度", "緯度"), CATALOG.get("aed"))
    assert [(c.field, c.how, c.conflict) for c in columns] == [
        (None, "none", "name"),
        ("name", "exact", ""),
        ("latitude", "exact", ""),
        (None, "none", "latitude"),
    ]


def test_blank_headers_are_columns_without_a_field():
    columns = match_columns(Header("名称", "", "　"), CATALOG.get("aed"))
    assert [(c.field, c.how, c.conflict) for c in columns[1:]] == [(None, "none", "")] * 2


def test_a_list_of_wells_polling_places_or_cameras_is_no_list_of_fire_hydrants():
    generic = [f.name for f in CATALOG.get("fire_hydrant").fields if f.id not in ("hydrant_type", "diameter")]
    assert len(generic) == 14
    assert dataset(*generic) is None
    assert dataset(*generic, "水質") is None and dataset(*generic, "種別") is None
    assert dataset(*generic, "種別", "口径") == "fire_hydrant"


def test_a_list_of_shelters_is_not_one_of_emergency_evacuation_sites():
    shelters = ["NO", "名称", "名称_カナ", "住所", "方書", "緯度", "経度", "標高", "電話番号", "想定収容人数", "URL", "備考"]
    assert dataset(*shelters) is None
    assert dataset(*shelters, "災害種別_洪水", "災害種別_地震") == "evacuation_space"


@pytest.mark.parametrize(
    "header",
    [
        ("公園名", "場所", "遊具の数", "駐車場"),
        ("施設名", "住所", "電話番号", "備考"),
        ("施設名", "住所", "設置基数", "設置場所", "備考"),
        ("名称", "緯度", "経度"),
        ("避難所名", "所在地", "洪水", "土砂災害", "地震", "津波", "収容人数"),
        ("施設名", "住所", "料金", "アクセス", "駐車場", "電話番号"),
        ("タイトル", "説明", "URL"),
        ("工事名", "開始日", "終了日", "場所"),
        ("樹種", "所有者", "指定日", "所在地"),
        ("業者名", "業種", "許可番号", "許可年月日"),
        ("スポット名", "エリア", "緯度", "経度"),
        ("", ""),
        ("a", "b"),
        (),
    ],
)
def test_lists_of_no_standard_are_none(header: tuple[str, ...]):
    assert identify(Header(*header), CATALOG) == []


def test_what_is_near_to_a_list_of_no_standard_is_named_with_its_share():
    near = nearest(Header("NO", "名称", "住所", "緯度", "経度", "設置位置"), CATALOG)
    assert near and len(near) <= 3 and near == sorted(near, key=lambda n: n[1], reverse=True) or near[0][1] > 0
    assert nearest(Header("まったく違う列"), CATALOG) == []


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("462012_public_facility.csv", "public_facility"),
        ("a/462012_population_20261001.csv", "population"),
        ("462012_food_business_all.csv", "food_business"),
    ],
)
def test_the_official_file_name_says_what_a_list_of_generic_columns_is_near_to(name: str, first: str):
    header = Header("名称", "住所", "緯度", "経度", "電話番号", "備考", "総人口", "屋号", "観光スポットの名称")
    assert nearest(header, CATALOG, name=name)[0][0] == first != nearest(header, CATALOG, name="list.csv")[0][0]
    assert identify(header, CATALOG) == []


@pytest.mark.parametrize(("count", "edition"), [(42, "standard-42"), (44, "standard-44"), (45, "standard")])
def test_editions_of_the_open_data_list_are_told_apart_by_their_own_columns(count: int, edition: str):
    names = [f.name for f in CATALOG.get("open_data_list", edition).fields]
    assert len(names) == count
    assert identify(Header(*names), CATALOG)[0].definition.edition == edition
    assert identify(Header(*names, "備考欄"), CATALOG)[0].definition.edition == edition


def test_where_the_names_do_not_tell_the_edition_it_is_the_newest():
    shared = ("名称", "緯度", "経度", "設置位置", "小児対応設備の有無")
    assert identify(Header(*shared), CATALOG)[0].definition.edition == "standard"
    assert identify(Header(*shared, "住所"), CATALOG)[0].definition.edition == "recommended"
    assert identify(Header(*shared, "所在地_連結表記"), CATALOG)[0].definition.edition == "standard"
    list_42 = [f.name for f in CATALOG.get("open_data_list", "standard-42").fields]
    assert identify(Header(*list_42[:-1]), CATALOG)[0].definition.edition == "standard-42"


def test_extra_columns_and_a_few_missing_ones_do_not_hide_a_dataset():
    names = [f.name for f in CATALOG.get("aed").fields]
    match = identify(Header(*names[:30], "担当課", "画像2"), CATALOG)[0]
    assert match.definition.id == "aed" and 0.7 < match.share < 1


EXPECTED = {
    "data__AED設置箇所一覧__222127_aed.csv": ("aed", "recommended"),
    "data__公衆トイレ一覧__222127_public_toilet.csv": ("public_toilet", "standard"),
    "data__公衆無線LAN一覧__222127_public_wireless_lan.csv": ("public_wireless_lan", "recommended"),
    "data__指定緊急避難場所一覧__222127_evacuation_space.csv": ("evacuation_space", "recommended"),
    "data__消防水利施設一覧__222127_fire_hydrant.csv": ("fire_hydrant", "standard"),
    "data__焼津観光マップ__222127_tourism.csv": ("tourism", "recommended"),
    "data__public_toilet__data.csv": ("public_toilet", "recommended"),
    "data__aed_location__data.xlsx": ("aed", "recommended"),
    "old_data__0002.csv": ("aed", "recommended"),
    "data__hospital__data.csv": ("hospital", "recommended"),
    "data__events__data.xlsx": ("event", "recommended"),
    "AED.csv": None,
    "data__institution01_20141128.csv": None,
    "data__metadata.csv": None,
    "data__utoilet_kobe_20141128.csv": None,
}


def test_every_real_sample_is_the_right_dataset_or_none(samples: Path):
    found: dict[str, tuple[str, str] | None] = {}
    for path in sorted(samples.glob("*/*")):
        matches = identify(read_table(path, name=path.name, known=CATALOG.knows), CATALOG)
        found[path.name] = (matches[0].definition.id, matches[0].definition.edition) if matches else None
    assert found == EXPECTED


def test_every_file_of_the_municipal_web_is_what_its_manifest_says(municipal_web: Path):
    import json

    wrong: list[str] = []
    for source in json.loads((municipal_web / "manifest.json").read_text(encoding="utf-8"))["sources"]:
        for entry in source["datasets"]:
            for part in entry.get("parts") or [entry]:
                table = read_table(municipal_web / part["path"], known=CATALOG.knows)
                matches = identify(table, CATALOG)
                if not matches or (matches[0].definition.id, matches[0].definition.edition) != (
                    entry["dataset"],
                    entry["edition"],
                ):
                    wrong.append(part["path"])
        for other in source.get("others", []):
            if other["format"] == "CSV" and identify(read_table(municipal_web / other["path"], known=CATALOG.knows), CATALOG):
                wrong.append(other["path"])
    assert wrong == []


def test_the_lists_of_the_municipal_web_are_open_data_lists(municipal_web: Path):
    lists = sorted(municipal_web.glob("*/opendata/open_data_list.csv*"))
    assert lists
    for path in lists:
        assert identify(read_table(path, known=CATALOG.knows), CATALOG)[0].definition.id == "open_data_list", path.name
