"""The catalogue's pages in a real browser: searching, checking a file, small screens, and axe-core's WCAG 2.2 AA rules."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

PAGES = (
    "/", "/dataset/", "/organization/", "/standards", "/standards/evacuation_space", "/check", "/merged/evacuation_space", "/about"
)  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core's script, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        ["npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        pytest.fail(f"axe-core could not be installed with npm:\n{done.stderr}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(result => result.violations)", TAGS
    )
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_accessibility_rule_and_fits_a_telephone(
    new_page: Callable[..., Page], axe: str, path: str
) -> None:
    page = new_page(viewport={"width": 375, "height": 740})
    page.goto(path)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_somebody_finds_evacuation_sites_from_the_home_page(page: Page, axe: str) -> None:
    page.goto("/")
    page.fill("#kagoshima-q", "避難場所")
    page.press("#kagoshima-q", "Enter")
    page.wait_for_url("**/dataset/**")
    page.locator(".dataset-item .dataset-heading a").first.click()
    expect(page.locator("h1").last).to_contain_text("避難")
    assert violations(page, axe) == []


def test_a_clerk_checks_a_file_and_reads_what_to_mend(page: Page, axe: str, tmp_path: Path) -> None:
    path = tmp_path / "462012_evacuation_space.csv"
    rows = ["NO,名称,住所,緯度,経度,市区町村コード,災害種別_洪水,災害種別_津波", "1,見本公園,見本町1,緯度不明,130.5,462012,1,"]
    path.write_bytes("\r\n".join([*rows, ""]).encode("cp932"))
    page.goto("/check")
    page.set_input_files("#field-upload", path)
    page.get_by_role("button", name="確かめる").click()
    expect(page.locator(".kagoshima-verdict").first).to_contain_text("エラーあり")
    expect(page.locator(".kagoshima-table").first).to_contain_text("緯度不明")
    expect(page.locator(".kagoshima-table").first).to_contain_text("2行目")
    assert violations(page, axe) == []


def test_the_language_can_be_changed(page: Page) -> None:
    page.goto("/en/")
    expect(page.locator("h1").last).to_contain_text("Open data of Kagoshima")
    expect(page.locator("html")).to_have_attribute("lang", "en")
