"""How the search server cuts and finds Japanese, asked of a real Solr with CKAN's own query parameters."""

from __future__ import annotations

import csv
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from recommended_datasets import municipality
from stack.settings import PROJECT, Stack

SITE = "test-japanese-search"
PLACES = [place for place in municipality.load() if place.kind == "municipality"]
TITLES = {
    "evacuation_space": "指定緊急避難場所一覧",
    "aed": "AED設置箇所一覧",
    "public_toilet": "公衆トイレ一覧",
    "public_facility": "公共施設一覧",
    "public_wireless_lan": "公衆無線LANアクセスポイント一覧",
    "hospital": "医療機関一覧",
    "preschool": "子育て施設一覧",
    "school_lunch": "学校給食献立情報",
    "population": "地域・年齢別人口",
    "tourism": "観光施設一覧",
    "fire_hydrant": "消防水利施設一覧",
    "polling_place": "投票所一覧",
}


def _get(stack: Stack, path: str, parameters: dict[str, Any]) -> Any:
    address = f"{stack.solr_url}{path}?{urlencode({'wt': 'json', **parameters}, doseq=True)}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def _post(stack: Stack, body: object) -> None:
    request = urllib.request.Request(
        f"{stack.solr_url}/update?commit=true", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60):
        pass


@pytest.fixture(scope="module")
def catalogue(stack: Stack) -> Iterator[Stack]:
    """A catalogue of every municipality's datasets, under a site of its own."""
    documents = [
        {
            "index_id": f"{SITE}/{place.code}/{dataset}",
            "id": f"{place.code}/{dataset}",
            "site_id": SITE,
            "name": f"{place.code}-{dataset.replace('_', '-')}",
            "title": f"{place.name} {title}",
            "notes": f"{place.name}が公開する{title}です。",
        }
        for place in PLACES
        for dataset, title in TITLES.items()
    ]
    _post(stack, documents)
    yield stack
    _post(stack, {"delete": {"query": f"site_id:{SITE}"}})


def _found(stack: Stack, query: str) -> set[tuple[str, str]]:
    """``(code, dataset)`` of what a search finds."""
    parameters = {
        "q": query, "fq": f"site_id:{SITE}", "defType": "edismax", "q.op": "AND", "mm": "2<-1 5<80%", "tie": "0.1",
        "qf": "name^4 title^4 tags^2 groups^2 text", "rows": 5000, "fl": "id",
    }  # fmt: skip
    return {tuple(row["id"].split("/")) for row in _get(stack, "/select", parameters)["response"]["docs"]}


def _words(stack: Stack, text: str, side: str = "index") -> list[str]:
    parameters = {"analysis.fieldtype": "text", "analysis.fieldvalue": text, "analysis.query": text}
    stages = _get(stack, "/analysis/field", parameters)["analysis"]["field_types"]["text"][side]
    return [token["text"] for token in stages[-1]]


@pytest.mark.parametrize(
    ("query", "dataset"),
    [
        ("避難場所", "evacuation_space"), ("避難", "evacuation_space"), ("緊急避難", "evacuation_space"),
        ("指定緊急避難場所", "evacuation_space"), ("evacuation", "evacuation_space"),
        ("AED", "aed"), ("ＡＥＤ", "aed"), ("aed", "aed"), ("自動体外式除細動器", "aed"),
        ("公衆トイレ", "public_toilet"), ("ﾄｲﾚ", "public_toilet"), ("便所", "public_toilet"),
        ("公共施設", "public_facility"), ("無線LAN", "public_wireless_lan"), ("Wi-Fi", "public_wireless_lan"),
        ("病院", "hospital"), ("医療機関", "hospital"), ("子育て", "preschool"),
        ("給食", "school_lunch"), ("献立", "school_lunch"),
        ("人口", "population"), ("観光", "tourism"), ("消火栓", "fire_hydrant"), ("投票所", "polling_place"),
    ],
)  # fmt: skip
def test_a_word_finds_its_dataset_of_every_municipality_and_nothing_else(catalogue: Stack, query: str, dataset: str) -> None:
    assert _found(catalogue, query) == {(place.code, dataset) for place in PLACES}


@pytest.mark.parametrize(
    ("query", "code", "dataset"),
    [
        ("霧島 避難", "462187", "evacuation_space"),
        ("鹿屋　ＡＥＤ", "462039", "aed"),
        ("霧島市の公共施設", "462187", "public_facility"),
        ("屋久島 観光", "465054", "tourism"),
        ("川内 給食", "462152", "school_lunch"),
    ],
)
def test_a_place_and_a_word_find_that_places_dataset(catalogue: Stack, query: str, code: str, dataset: str) -> None:
    assert _found(catalogue, query) == {(code, dataset)}


def test_the_name_of_a_place_finds_all_of_its_datasets_and_of_no_other(catalogue: Stack) -> None:
    for place in PLACES:
        assert {code for code, _ in _found(catalogue, place.name)} == {place.code}, place.name


def test_a_place_is_cut_into_its_name_and_its_kind(stack: Stack) -> None:
    for place in PLACES:
        words = _words(stack, place.name)
        assert (words[-1], "".join(words)) == (place.name[-1], place.name), words


def test_every_word_of_the_user_dictionary_is_cut_as_it_says(stack: Stack) -> None:
    file = PROJECT / "stack/solr/configset/userdict_ja.txt"
    rows = [row for row in csv.reader(line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#")]
    for text, words, reading, _ in rows:
        assert (text, len(words.split())) == (words.replace(" ", ""), len(reading.split()))
        assert _words(stack, text) == words.split(), text


def test_shelters_to_stay_in_and_places_to_flee_to_are_not_one_thing(stack: Stack) -> None:
    assert set(_words(stack, "指定避難所", "query")) == {"指定", "避難", "所"}
    lines = Path(PROJECT / "stack/solr/configset/synonyms.txt").read_text("utf-8").splitlines()
    merged = [line for line in lines if "避難所" in line and "避難場所" in line and not line.startswith(("#", "shelter"))]
    assert merged == []
