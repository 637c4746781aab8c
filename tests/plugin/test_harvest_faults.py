"""Every bad thing that a municipal server may do one night to files that were good the night before: the table of
docs/harvesting.md, played whole."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fault_server
import harvest_town as town
import pytest
from ckan import model
from fault_server import FaultServer
from harvest_town import CITY

from ckanext.kagoshima.harvesting import guarded_connection
from ckanext.kagoshima.harvesting.model import SourceFile

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]

REBINDING = "rebinding.example"


@pytest.fixture
def server(ckan_config: Any) -> Iterator[FaultServer]:
    running = FaultServer()
    ckan_config["ckanext.kagoshima.harvest.allow"] = [running.pair, f"{REBINDING}:{running.port}"]
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0
    ckan_config["ckanext.kagoshima.harvest.max_bytes"] = 1_000_000
    yield running
    running.close()


def good(number: int, encoding: str = "utf-8") -> bytes:
    rows = "".join(f"見本井戸{number}-{row},見本{row}番地,{row}\r\n" for row in range(1, 13))
    return f"名前,場所,口数\r\n{rows}".encode(encoding)


Fault = Callable[[bytes], Any]
"""What the server does instead of sending the good bytes."""
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "drip": (lambda _: fault_server.drip(0.05), "published", "too-slow"),
    "headers": (lambda _: fault_server.drip_headers(0.05), "published", "too-slow"),
    "endless": (lambda _: fault_server.endless(), "published", "too-large"),
    "length": (lambda body: fault_server.wrong_length(body[:50], len(body)), "published", "cut-short"),
    "loop": (lambda _: fault_server.redirect("/loop.csv"), "published", "redirect-loop"),
    "loopback": (lambda _: fault_server.redirect("http://127.0.0.1:1/"), "published", "address-forbidden"),
    "metadata": (lambda _: fault_server.redirect("http://169.254.169.254/latest/"), "published", "address-forbidden"),
    "bomb": (lambda _: fault_server.bomb(50_000_000), "published", "too-large"),
    "error": (lambda _: lambda handler: fault_server.answer(handler, 500, b"", {}), "published", "http-status"),
    "gone": (lambda _: None, "published", "http-status"),
    "html": (lambda _: "<!doctype html><html><body>メンテナンス中</body></html>".encode(), "held", "html-not-csv"),
    "truncated": (lambda body: body[: len(body) * 4 // 5], "held", "ends-early"),
    "tenth": (lambda body: body[: len(body) // 10], "held", "rows-shrunk"),
    "header": (lambda body: body.splitlines(keepends=True)[0], "held", "no-rows"),
    "empty": (lambda _: b"", "held", "empty-file"),
    "bytes": (lambda _: bytes(range(128, 256)) * 16, "held", "unreadable"),
    "pdf": (lambda _: b"%PDF-1.4 x", "held", "no-longer-a-table"),
    "encoding": (lambda body: body.decode().encode("cp932"), "published", ""),
    "lines": (lambda body: b"\xef\xbb\xbf" + body.replace(b"\r\n", b"\n"), "published", ""),
}


def test_no_fault_reaches_the_public_and_none_stops_the_others(
    server: FaultServer, ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.publishers(CITY)
    names = {name: f"/{name}.csv" for name in FAULTS}
    odd = {"/../../見本 名簿.csv": good(90), "/dns.csv": good(91), "/once.csv": good(92)}
    for number, path in enumerate(names.values()):
        server.pages[path] = good(number)
    server.pages |= {"/見本 名簿.csv": odd["/../../見本 名簿.csv"], "/dns.csv": odd["/dns.csv"], "/once.csv": odd["/once.csv"]}
    answers = ["127.0.0.1"]
    real = socket.getaddrinfo

    def resolve(host: str, port: Any, *rest: Any) -> Any:
        return real(answers[-1] if host == REBINDING else host, port, *rest)

    monkeypatch.setattr(guarded_connection.socket, "getaddrinfo", resolve)
    listed = [{"dataset_title": name, "file_download_url": f"{{base}}{path}"} for name, path in names.items()]
    listed += [
        {"dataset_title": "見本名簿", "file_download_url": "../../見本 名簿.csv"},
        {"dataset_title": "dns", "file_download_url": f"http://{REBINDING}:{server.port}/dns.csv"},
        {"dataset_title": "once", "file_download_url": "{base}/once.csv"},
    ]
    server.pages["/a/list.csv"] = town.open_data_list(CITY, listed)
    source = town.declare(server, CITY, "/a/list.csv")
    first = town.harvest(source)
    assert set(first.datasets.values()) == {"created"} and len(first.datasets) == len(FAULTS) + 4, first.problems
    assert all(name.isascii() for name in first.datasets)

    before = town.stamps()
    for path, (fault, _state, _code) in zip(names.values(), FAULTS.values(), strict=True):
        server.pages[path] = fault(server.pages[path])  # type: ignore[arg-type]
    server.pages["/once.csv"] = fault_server.once(500, odd["/once.csv"])
    answers.append("169.254.169.254")
    ckan_config["ckanext.kagoshima.harvest.timeout"] = 1
    result = town.harvest(source)
    rows = {row.url.rsplit("/", 1)[-1]: row for row in model.Session.query(SourceFile)}
    found = {name: (rows[f"{name}.csv"].state, (rows[f"{name}.csv"].problem or {}).get("code", "")) for name in FAULTS}
    assert found == {name: (state, code) for name, (_fault, state, code) in FAULTS.items()}
    assert rows["dns.csv"].problem["code"] == "address-forbidden" and rows["once.csv"].problem["code"] == "http-status"
    assert town.stamps() == before, "what is public did not change"
    told = [problem.code for problem in result.problems]
    assert len(told) == 2 + sum(1 for _fault, _state, code in FAULTS.values() if code)

    ckan_config["ckanext.kagoshima.harvest.retries"] = 1
    server.pages["/once.csv"] = fault_server.once(500, odd["/once.csv"])
    for number, path in enumerate(names.values()):
        server.pages[path] = good(number)
    answers.append("127.0.0.1")
    ended = town.harvest(source)
    assert (ended.state, ended.problems, ended.datasets) == ("unchanged", [], {}), "and when all is well again nothing is left"
    assert town.stamps() == before and town.open_held() == []


def test_the_documents_table_of_faults_names_tests_that_exist(project: Path) -> None:
    words = (project / "docs" / "harvesting.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", words))
    here = "".join(file.read_text("utf-8") for file in (project / "tests" / "plugin").glob("test_harvest_*.py"))
    assert named and not [name for name in named if f"def {name}(" not in here]
