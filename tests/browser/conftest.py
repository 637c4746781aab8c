"""A real browser on the running catalogue of the test stack (`make test-demo`; `make test-browser` does it all).

`page` is a fresh browser window in Japanese; an error on its console or an exception in its scripts fails the test.
`staff_page` is the same with the prefecture's administrator logged in.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
RUN = PROJECT / ".run-test"


@pytest.fixture(scope="session")
def site_url() -> str:
    """The address of the catalogue: KAGOSHIMA_SITE_URL, else that of the test stack."""
    address = os.environ.get("KAGOSHIMA_SITE_URL")
    if not address:
        try:
            ports = json.loads((RUN / "stack.json").read_text(encoding="utf-8"))["ports"]
        except OSError:
            pytest.fail("The test stack does not run. Start it with:  make test-demo")
        address = f"http://127.0.0.1:{ports['CKAN_PORT']}"
    try:
        with urllib.request.urlopen(f"{address}/api/3/action/status_show", timeout=60):
            pass
    except OSError as error:
        pytest.fail(f"{address} does not answer ({error}). Start the test stack with:  make test-demo")
    return address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.fail("No browser. Debian:  apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=program, args=[*arguments, "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser, site_url: str) -> Iterator[Callable[..., Page]]:
    """Makes windows: ``new_page(locale="en-US", viewport={"width": 360, "height": 740})``; addresses are below the site."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A page that answers 404 on purpose is written to the console too.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(f"{message.location.get('url')}: {message.text}")

    def make(**options: object) -> Page:
        settings = {"locale": "ja-JP", "viewport": {"width": 1280, "height": 900}, "timezone_id": "Asia/Tokyo", **options}
        context = browser.new_context(base_url=site_url, **settings)  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, "the page's scripts complained:\n" + "\n".join(errors)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture(scope="session")
def staff() -> tuple[str, str]:
    """Name and password of a system administrator, made for this run on the test stack."""
    name, password = f"browser-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    ckan = [str(PROJECT / os.environ.get("VENV", ".run/venv") / "bin" / "ckan"), "-c", str(RUN / "ckan.ini")]
    for command in (
        ["user", "add", name, f"email={name}@example.invalid", f"password={password}"],
        ["sysadmin", "add", name],
    ):
        subprocess.run([*ckan, *command], check=True, capture_output=True, stdin=subprocess.DEVNULL, cwd=PROJECT)
    return name, password


@pytest.fixture
def staff_page(page: Page, staff: tuple[str, str]) -> Page:
    """A window in which `staff` is logged in."""
    page.goto("/user/login")
    page.fill("#field-login", staff[0])
    page.fill("#field-password", staff[1])
    page.click("form button[type=submit].btn-primary, form .form-actions button")
    page.wait_for_url("**/dashboard/**")
    return page
