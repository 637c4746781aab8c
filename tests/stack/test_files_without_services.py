"""The web server alone — no CKAN, PostgreSQL, Redis or Solr — goes on serving the merged tables' files and the bundle."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from stack.rendering import render

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx with the stack's own configuration and nothing behind it."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        pytest.fail("nginx is missing. Debian:  apt-get install nginx-light")
    run = tmp_path_factory.mktemp("run")
    for name in ("log", "nginx/temp", "sockets", "public/current"):
        (run / name).mkdir(parents=True)
    files = {
        "versions/aed/1/aed.csv": "\ufeff名称\r\n見本館\r\n",
        "versions/aed/1/manifest.json": "{}",
        "versions/aed/1/rejected.csv": "理由\r\n",
        "versions/bundle/1/index.html": "<h1>防災拠点</h1>",
    }
    for name, text in files.items():
        (run / "public" / name).parent.mkdir(parents=True, exist_ok=True)
        (run / "public" / name).write_text(text, "utf-8", newline="")
    for name in ("aed", "bundle"):
        (run / "public" / "current" / name).symlink_to(f"../versions/{name}/1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = {
        "RUN": str(run), "CKAN_PORT": str(port), "NGINX_USER": "user root;" if os.geteuid() == 0 else "",
        "NGINX_TYPES": "/etc/nginx/mime.types", "SOCKETS": str(run / "sockets"), "CKAN_PUBLIC": str(run), "PROJECT": str(PROJECT),
    }  # fmt: skip
    configuration = run / "nginx" / "nginx.conf"
    configuration.write_text(render("nginx.conf", values), "utf-8")
    process = subprocess.Popen([nginx, "-p", str(run / "nginx"), "-c", str(configuration)], stderr=subprocess.PIPE)
    for _ in range(200):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)


def get(address: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers or {}), timeout=20) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except HTTPError as error:
        return error.code, {}, error.read()


def test_whole_files_are_served_with_etag_range_and_for_every_site(address: str) -> None:
    status, headers, body = get(f"{address}/data/v1/aed.csv")
    assert status == 200 and "見本館" in body.decode("utf-8-sig") and headers["access-control-allow-origin"] == "*"
    assert get(f"{address}/data/v1/aed.csv", {"If-None-Match": headers["etag"]})[0] == 304
    assert get(f"{address}/data/v1/aed.csv", {"Range": "bytes=0-2"})[::2] == (206, b"\xef\xbb\xbf")
    assert get(f"{address}/data/v1/aed/manifest.json")[::2] == (200, b"{}")
    assert get(f"{address}/data/v1/aed/rejected.csv")[0] == 200


def test_the_bundle_is_served_and_what_needs_ckan_says_that_it_is_down(address: str) -> None:
    assert get(f"{address}/bundle/")[::2] == (200, "<h1>防災拠点</h1>".encode())
    for path in ("/", "/data/v1/aed.csv?as_of=2026-01-01", "/data/v1/aed.csv?encoding=cp932"):
        assert get(address + path)[0] in (502, 503, 504), path
