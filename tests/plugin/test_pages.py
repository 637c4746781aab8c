"""Our pages, and CKAN's as we dress them: what they say, in Japanese and in English."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from catalogue_town import GOOD, dataset, publisher, sites, upload

import ckanext.kagoshima
from ckanext.kagoshima.checking import jobs
from ckanext.kagoshima.core_messages import MESSAGES

HOME = Path(ckanext.kagoshima.__file__).parent
ENGLISH = re.compile(r"\b[A-Za-z]{3,}\b")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龥]")
NAMES = {
    "AED", "API", "APIトークン", "CKAN", "CSV", "DCAT", "English", "Excel", "JSON", "Shift_JIS", "Solr", "Turtle", "URL",
    "URI", "UTF", "UTF-8", "GitHub", "XLSX", "Facebook", "https", "http", "BOM", "kagoshima", "text", "csv", "example", "test", "net",
    "Mihon", "Facility", "YYYY",
}  # fmt: skip


class Words(HTMLParser):
    """The texts and labels that a person reads or hears; what stands in ``code`` or an id is no sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.texts: list[str] = []
        self.stack: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        silent = tag in ("script", "style", "code", "pre") or "kagoshima-code" in (values.get("class") or "")
        if tag not in ("meta", "link", "br", "img", "input", "hr"):
            self.stack.append((tag, silent))
            self.silent += silent
        for name in ("aria-label", "placeholder", "title", "alt"):
            if values.get(name) and not silent:
                self.texts.append(values[name] or "")

    def handle_endtag(self, tag: str) -> None:
        while self.stack:
            opened, silent = self.stack.pop()
            self.silent -= silent
            if opened == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.texts.append(data.strip())


def english(html: str) -> set[str]:
    """Texts of a Japanese page that are English sentences or words."""
    words = Words()
    words.feed(html)
    return {
        text
        for text in words.texts
        if ENGLISH.search(text) and not JAPANESE.search(text) and not set(ENGLISH.findall(text)) <= NAMES
        and not re.fullmatch(r"(https?|tel|mailto):\S+|[\w.+-]+@[\w.-]+|[\w-]+/[\w.+-]+|[a-z0-9_{}.*-]+", text)
    }  # fmt: skip


@pytest.fixture
def town() -> dict[str, Any]:
    publisher("460001")
    publisher("462012", parent="460001")
    package = dataset("462012", notes="見本", reference_date="2026-04-01")
    resource = upload(package["id"], sites([*GOOD, "6,見本館,見本町6,緯度不明,130.5,462012,1,"]), name="見本")
    jobs.check_resource(resource["id"])
    return resource


def paths(resource: dict[str, Any]) -> list[str]:
    file = f"/dataset/462012-evacuation-space/resource/{resource['id']}"
    return [
        "/", "/dataset/", "/dataset/?q=避難", "/dataset/?q=nothing-of-this-kind", "/dataset/462012-evacuation-space", file,
        f"{file}/report", "/organization/", "/organization/462012", "/organization/about/462012", "/standards",
        "/standards/evacuation_space", "/standards/evacuation_space?edition=recommended", "/check", "/about", "/user/login",
        "/user/reset", "/no-such-page",
    ]  # fmt: skip


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
class TestPages:
    def test_a_japanese_page_speaks_japanese(self, town: dict[str, Any], app: Any) -> None:
        strange = {}
        for path in paths(town):
            page = app.get(path)
            assert page.status_code == (404 if path == "/no-such-page" else 200), path
            found = english(page.get_data(as_text=True))
            if found:
                strange[path] = sorted(found)
        assert not strange

    def test_the_same_pages_speak_english(self, town: dict[str, Any], app: Any) -> None:
        for path, sentence in {
            "/en/": "Open data of Kagoshima",
            "/en/check": "Choose a CSV file",
            "/en/standards": "Standard datasets",
            "/en/standards/evacuation_space": "required",
        }.items():
            assert sentence in app.get(path).get_data(as_text=True), path

    def test_the_dataset_page_says_how_its_file_was_judged(self, town: dict[str, Any], app: Any) -> None:
        page = app.get("/dataset/462012-evacuation-space").get_data(as_text=True)
        assert "検証：エラーあり" in page and "6行" in page and "基準日：2026-04-01" in page

    def test_the_report_page_names_line_column_and_value(self, town: dict[str, Any], app: Any) -> None:
        address = f"/dataset/462012-evacuation-space/resource/{town['id']}/report"
        page = app.get(address).get_data(as_text=True)
        for word in ("緯度", "緯度不明", "7行目"):
            assert word in page, word
        csv = app.get(f"{address}?format=csv").get_data(as_text=True)
        assert csv.splitlines()[0].lstrip("\ufeff") == "record,line,column,field,code,severity,value,message"
        assert app.get(f"{address}?format=json").json["dataset"] == "evacuation_space"

    @pytest.mark.parametrize("path", ["/standards/no-such", "/dataset/462012-evacuation-space/resource/no-such/report"])
    def test_what_is_not_there_is_404(self, town: dict[str, Any], app: Any, path: str) -> None:
        assert app.get(path).status_code == 404

    def test_the_organisation_page_has_region_and_code(self, town: dict[str, Any], app: Any) -> None:
        page = app.get("/organization/462012").get_data(as_text=True)
        assert "鹿児島地域" in page and "462012" in page and "カゴシマシ" in page


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_message_is_translated_and_compiled(lang: str) -> None:
    folder = HOME / "i18n" / lang / "LC_MESSAGES"
    with (folder / "ckanext-kagoshima.po").open("rb") as file:
        catalogue = read_po(file)
    with (folder / "ckanext-kagoshima.mo").open("rb") as file:
        compiled = read_mo(file)
    messages = {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id}
    for text, message in messages.items():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), text
        places = re.compile(r"%\(\w+\)s|\{\w*\}|%s")
        assert set(places.findall(strings[0])) <= set(places.findall(text)), text
        assert compiled.get(text) is not None, f"{text}: run pybabel compile"
    if lang == "ja":
        assert set(MESSAGES) <= set(messages)
