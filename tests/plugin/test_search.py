"""Japanese search on the real Solr, and what people narrow down by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from catalogue_town import dataset, publisher
from ckan.tests import helpers

from ckanext.kagoshima.search import index

pytestmark = pytest.mark.usefixtures("with_plugins")


@pytest.fixture(scope="module")
def catalogue(application: Any, reset_db: Callable[[], None], reset_index: Callable[[], None]) -> None:
    """Five datasets of three municipalities, for every test of this module: none changes them."""
    reset_db()
    reset_index()
    publisher("460001")
    for code in ("462012", "462187", "465348"):
        publisher(code, parent="460001")
    dataset("462012", tags=[{"name": "防災"}])
    dataset("462187")
    dataset("462012", title="AED設置箇所一覧", recommended_dataset="aed")
    dataset("465348", title="公共施設一覧", recommended_dataset="public_facility")
    dataset("462187", title="令和6年度予算", recommended_dataset="", name="462187-budget", notes="霧島市の一般会計")


def found(query: str, **values: Any) -> set[str]:
    return {one["name"] for one in helpers.call_action("package_search", q=query, **values)["results"]}


EVACUATION = {"462012-evacuation-space", "462187-evacuation-space"}


@pytest.mark.parametrize("query, names", [
    ("避難場所", EVACUATION),
    ("避難", EVACUATION),
    ("緊急避難", EVACUATION),
    ("霧島 避難", {"462187-evacuation-space"}),
    ("ＡＥＤ", {"462012-aed"}),
    ("aed", {"462012-aed"}),
    ("AED", {"462012-aed"}),
    ("きりしまし 避難", {"462187-evacuation-space"}),
    ("桜島 避難", {"462012-evacuation-space"}),
    ("知名町 公共施設", {"465348-public-facility"}),
    ("予算", {"462187-budget"}),
    ("防災 避難場所 鹿児島市", {"462012-evacuation-space"}),
    ("鹿児島市", {"462012-aed", "462012-evacuation-space"}),
    ("霧島市の避難場所", {"462187-evacuation-space"}),
    ("国分市", {"462187-evacuation-space", "462187-budget"}),
    ("success", set()),
])  # fmt: skip
@pytest.mark.usefixtures("catalogue")
def test_japanese_words_find_the_right_datasets(query: str, names: set[str]) -> None:
    assert found(query) == names


@pytest.mark.usefixtures("catalogue")
def test_datasets_are_narrowed_down_by_region_and_standard() -> None:
    assert found("*:*", fq="region:大島地域") == {"465348-public-facility"}
    assert found("*:*", fq="recommended_dataset:evacuation_space") == EVACUATION


@pytest.mark.usefixtures("catalogue")
def test_facets_are_in_words_and_in_the_pages_language(app: Any) -> None:
    page = app.get("/dataset/").get_data(as_text=True)
    for word in ("地域", "標準データセット", "公開団体", "指定緊急避難場所一覧", "鹿児島地域"):
        assert word in page, word
    english = app.get("/en/dataset/").get_data(as_text=True)
    assert "Region" in english and "Publisher" in english


@pytest.mark.usefixtures("catalogue")
def test_the_numbers_of_the_home_page() -> None:
    numbers = helpers.call_action("kagoshima_summary_show", context={"user": "", "ignore_auth": False})
    assert (numbers["organizations"], numbers["publishers"], numbers["datasets"]) == (4, 3, 5)
    assert {region["name"]: region["datasets"] for region in numbers["regions"]} == {
        "鹿児島地域": 2, "姶良・伊佐地域": 2, "大島地域": 1
    }  # fmt: skip


def test_kana_are_indexed_in_both_scripts() -> None:
    assert index.hiragana("ｶｺﾞｼﾏｼ キリシマ") == "かごしまし きりしま"


def test_lists_are_text_in_the_document_not_json() -> None:
    document = index.document({"theme": '["\\u9632\\u707d", "b"]', "conforms_to": ["https://example.jp/"], "owner_org": None})
    assert document == {"theme": "防災 b", "conforms_to": "https://example.jp/"}
