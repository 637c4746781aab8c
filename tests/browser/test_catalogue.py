"""What a visitor does first, in a real browser, on a catalogue made by the same steps as `make demo`."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


def test_the_home_page_is_japanese_and_leads_to_the_data(page: Page) -> None:
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "ja"
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("[ぁ-ん一-龠]"))
    page.locator("#kagoshima-q").fill("避難場所")
    page.locator("#kagoshima-q").press("Enter")
    expect(page).to_have_url(re.compile(r"/dataset/\?q="))
    expect(page.locator(".dataset-item").first).to_contain_text("避難")


@pytest.mark.parametrize("words", ["避難場所", "避難", "緊急避難", "霧島 避難", "ＡＥＤ"])
def test_a_search_finds_what_is_meant(page: Page, words: str) -> None:
    page.goto(f"/dataset/?q={words}")
    titles = page.locator(".dataset-item .dataset-heading").all_inner_texts()
    assert titles, f"nothing found for {words}"
    wanted = "AED" if words == "ＡＥＤ" else "避難"
    assert wanted in titles[0]
    if words.startswith("霧島"):
        assert "霧島市" in titles[0]


def test_a_dataset_leads_to_its_file_and_its_report(page: Page) -> None:
    page.goto("/dataset/?q=避難場所 霧島")
    page.locator(".dataset-item a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("避難")
    page.locator(".resource-item a.heading, .resource-item a").first.click()
    expect(page).to_have_url(re.compile(r"/resource/"))


def test_the_pages_speak_english_too(new_page: Callable[..., Page]) -> None:
    page = new_page(locale="en-US")
    page.goto("/en/")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.get_by_role("heading", level=1)).not_to_contain_text(re.compile("[ぁ-んァ-ヶ一-龠]"))


def test_staff_log_in_and_see_their_own_pages(staff_page: Page) -> None:
    expect(staff_page.locator(".account, .account-masthead").first).to_be_visible()
    staff_page.goto("/organization/")
    assert staff_page.locator(".account-masthead .username, .account .username").count() >= 1
