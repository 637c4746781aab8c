"""The disaster bundle on a USB stick: the page works from ``file://`` with the network off, prints, and fits a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, BrowserContext

from recommended_datasets import bundle, catalog

ROWS = [
    {"name": f"見本公園{n}", "address": f"見本町{n}", "latitude": 31.5 + n / 100, "longitude": 130.5, "hazard_flood": "1"}
    for n in range(150)
]
ROWS.append({"name": "四号館", "latitude": None, "longitude": 130.5, "latitude_source": "31度33分", "hazard_flood": None})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    definition = catalog.load().standard("evacuation_space")
    part = bundle.Part(definition, ROWS, b"csv", b"{}", "2026-04-01")
    publishers = {"all": ("鹿児島県", [part]), "462012": ("鹿児島市", [part])}
    files = bundle.files(publishers, built="2026-11-23 10:00", editor="鹿児島県", credits={"462012": "出典：鹿児島市"})
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@pytest.fixture
def offline(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="ja-JP", offline=True, viewport={"width": 375, "height": 740})
    yield context
    context.close()


def test_the_page_lists_searches_maps_and_prints_without_any_network(folder: Path, offline: BrowserContext) -> None:
    page = offline.new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(urlparse(request.url).scheme))
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("link", name="鹿児島市").click()
    assert page.locator("#list li").count() == 100
    for text in ("開設状況は市町村へ", "2026-11-23 10:00", "2026-04-01", "出典：鹿児島市"):
        assert text in page.inner_text("body"), text
    page.fill("#words", "四号館")
    assert page.locator("#list li").count() == 1 and "要確認（31度33分）" in page.inner_text("#list")
    page.fill("#words", "")
    assert page.evaluate("""() => { const c = document.getElementById("map"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return d.some((value) => value !== 0); }"""), "the map is drawn"  # fmt: skip
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing is cut off at 375 px"
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 10_000
    assert page.locator("#list li").count() == 151, "print has every row"
    assert set(asked) <= {"file", "data", "blob"} and not errors


def test_a_phone_that_opened_it_once_has_it_without_the_server(folder: Path, browser: Browser) -> None:
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(locale="ja-JP")
    try:
        page = context.new_page()
        page.goto(f"{address}/462012/index.html")
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        page.reload()
        assert page.evaluate("() => navigator.serviceWorker.controller !== null")
        server.shutdown()
        server.server_close()
        context.set_offline(True)
        page.reload()
        assert page.locator("#list li").count() == 100
    finally:
        context.close()
