"""Workers that are killed with signal 9 at any point, and several at once, on real processes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import harvest_town as town
import pytest
from ckan import model
from ckanext.harvest.model import HarvestSource
from fault_server import FaultServer
from harvest_town import CITY, TOWN, VILLAGE

from ckanext.kagoshima.harvesting import lease, nightly, publishing, running, sources
from ckanext.kagoshima.harvesting.model import SourceState, now

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]

FILES = {"aed": 4, "public_facility": 5, "hospital": 6}


@pytest.fixture
def server(ckan_config: Any) -> Iterator[FaultServer]:
    running_server = FaultServer()
    ckan_config["ckanext.kagoshima.harvest.allow"] = [running_server.pair]
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0
    yield running_server
    running_server.close()


@pytest.fixture
def shared_files(clean_db: None, with_plugins: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    town.keep_files_in(tmp_path, monkeypatch)


def web(server: FaultServer) -> None:
    files = [{"dataset_title": dataset, "file_download_url": f"{dataset}.csv"} for dataset in FILES]
    server.pages["/list.csv"] = town.open_data_list(CITY, files)
    for dataset, rows in FILES.items():
        server.pages[f"/{dataset}.csv"] = town.table(dataset, CITY, rows)


def hang(reached: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    def play(_handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        time.sleep(600)

    return play


@pytest.mark.usefixtures("shared_files")
@pytest.mark.parametrize("stage", ["gather", "fetch", "before the save", "after the save"])
def test_a_worker_killed_at_any_stage_leaves_no_trace(
    server: FaultServer, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.publishers(CITY)
    web(server)
    source = town.declare(server, CITY, "/list.csv")
    reached = threading.Event()
    read, write = os.pipe()
    path = {"gather": "/list.csv", "fetch": "/public_facility.csv"}.get(stage, "")
    good = server.pages.get(path, b"")
    if path:
        server.pages[path] = hang(reached)

    def work() -> None:
        def stop(*_: Any, **__: Any) -> None:
            os.write(write, b"x")
            time.sleep(600)

        if stage == "before the save":
            publishing._store = stop  # type: ignore
        elif stage == "after the save":
            running._published = stop  # type: ignore
        town.harvest(source)

    child = town.worker(work)
    if path:
        assert reached.wait(300)
    else:
        assert os.read(read, 1) == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if path:
        server.pages[path] = good
    model.Session.remove()
    assert model.Session.get(SourceState, source).lease_owner, "it died with the lease in its hand"

    result = town.harvest(source)
    assert result.state != "busy", "a worker that died is known at once on its own host"
    after = town.state()
    expected = {f"462012-{dataset.replace('_', '-')}" for dataset in FILES} | {"462012-open-data-list"}
    assert set(town.names()) == expected
    assert all(len(after[name]) == 1 for name in expected), "no resource twice"
    assert {row[1] for row in after["files"]} == {"published"}
    assert (after["archive"], after["leases"], after["open jobs"]) == (4, 0, 0)
    assert town.harvest(source).datasets == {}
    assert town.state() == after


def three_towns(server: FaultServer) -> None:
    town.publishers(CITY, TOWN, VILLAGE)
    for code in (CITY, TOWN, VILLAGE):
        for dataset in ("aed", "hospital"):
            server.pages[f"/{code}/{dataset}.csv"] = town.table(dataset, code, 5)
            town.declare(server, code, f"/{code}/{dataset}.csv")
        # A second route to the same rows: whoever comes first, the authoritative one is public in the end.
        server.pages[f"/{code}/copy.csv"] = town.table("aed", code, 5, encoding="cp932")
        town.declare(server, code, f"/{code}/copy.csv", priority=50)


@pytest.mark.usefixtures("shared_files")
def test_two_workers_at_once_do_what_one_does(server: FaultServer, reset_db: Callable[[], None]) -> None:
    three_towns(server)
    town.harvest_all()
    one = town.state()
    model.Session.remove()
    reset_db()
    three_towns(server)
    chosen = nightly.chosen()
    children = [town.worker(lambda order=order: list(nightly.run(order))) for order in (chosen, chosen[::-1])]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    town.harvest_all()
    both = town.state()
    assert both == one
    assert town.names() == sorted(f"{code}-{dataset}" for code in (CITY, TOWN, VILLAGE) for dataset in ("aed", "hospital"))
    for code in (CITY, TOWN, VILLAGE):
        (resource,) = town.show(f"{code}-aed")["resources"]
        assert resource["download_url"] == server.url(f"/{code}/aed.csv")
    assert [row[1] for row in both["files"]].count("alias") == 3
    assert (both["leases"], both["open jobs"]) == (0, 0)
    before = town.stamps()
    assert {result.url: result.datasets for result in town.harvest_all() if result.datasets} == {}
    assert town.stamps() == before


def test_a_lease_is_one_workers_until_it_ends(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/a.csv"] = town.table("aed", CITY, 3)
    source = town.declare(server, CITY, "/a.csv")
    other = "another-host:1:1:abc"
    assert lease.acquire(source, other)
    assert town.harvest(source).state == "busy" and not server.gets
    assert lease.renew(source, other, stage="fetch") and not lease.renew(source, "somebody:1:1:else")
    found = model.Session.get(SourceState, source)
    model.Session.refresh(found)
    found.lease_until = now() - timedelta(seconds=1)
    model.Session.commit()
    assert town.harvest(source).datasets == {"462012-aed": "created"}
    assert not lease.is_dead(lease.new_owner()) and not lease.is_dead(other)
    assert lease.is_dead(f"{lease.new_owner().split(':')[0]}:999999999:1:abc")


def test_one_bad_source_never_blocks_the_others(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    town.publishers(CITY, TOWN)
    server.pages["/a.csv"] = town.table("aed", CITY, 3)
    server.pages["/b.csv"] = town.table("aed", TOWN, 3)
    bad = town.declare(server, CITY, "/a.csv")
    town.declare(server, TOWN, "/b.csv")
    collect = running.collecting.collect

    def broken(source_id: str, *args: Any, **options: Any) -> Any:
        if source_id == bad:
            raise RuntimeError("boom")
        return collect(source_id, *args, **options)

    monkeypatch.setattr(running.collecting, "collect", broken)
    results = {result.source: result for result in town.harvest_all()}
    assert [problem.code for problem in results[bad].problems] == ["unexpected"]
    assert town.names() == ["465011-aed"]
    monkeypatch.setattr(running.collecting, "collect", collect)
    due = nightly.chosen(due=True)
    assert bad not in due and not due, "the failed one waits an hour, the other a day"


def test_sources_take_turns_by_publisher(server: FaultServer) -> None:
    town.publishers(CITY, TOWN)
    for number in range(3):
        town.declare(server, CITY, f"/{number}.csv")
    town.declare(server, TOWN, "/x.csv")
    town.declare(server, CITY, "/also.csv", priority=50)
    order = [sources.Declared.of(HarvestSource.get(one)) for one in nightly.chosen()]
    assert [one.municipality_code for one in order] == [CITY, TOWN, CITY, CITY, CITY]
    assert order[-1].priority == 50


def test_what_the_archive_lost_is_fetched_again(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.kagoshima.harvesting import archive

    town.publishers(CITY)
    server.pages["/a.csv"] = town.table("aed", CITY, 3)
    source = town.declare(server, CITY, "/a.csv")
    publish_ready = running.publish_ready
    monkeypatch.setattr(running, "publish_ready", lambda *_: "unchanged")
    town.harvest(source)
    row = town.file_of(server, "/a.csv")
    assert row.state == "ready"
    archive._storage().remove(archive.files.FileData(archive.files.Location(archive._path(row.sha256))))
    monkeypatch.setattr(running, "publish_ready", publish_ready)
    assert town.harvest(source).datasets == {"462012-aed": "created"}
    assert archive.read(town.file_of(server, "/a.csv").sha256) == server.pages["/a.csv"]
