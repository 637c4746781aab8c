"""``ckan kagoshima sources``: what somebody at the machine's command line names is what the harvester may reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harvest_town as town
import pytest
from fault_server import FaultServer
from harvest_town import CITY

from ckanext.kagoshima.cli import kagoshima
from ckanext.kagoshima.harvesting import sources

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]


@pytest.fixture
def server(ckan_config: Any) -> Iterator[FaultServer]:
    running = FaultServer()
    ckan_config["ckanext.kagoshima.harvest.allow"] = []
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0
    yield running
    running.close()


def test_a_manifest_imported_by_hand_opens_its_own_local_server_and_no_other(
    cli: Any, server: FaultServer, tmp_path: Path
) -> None:
    town.publishers(CITY)
    other = FaultServer()
    try:
        server.pages["/a.csv"] = other.pages["/a.csv"] = town.table("aed", CITY, 3)
        # A source that nobody named at the command line reaches no local server.
        unnamed = town.harvest(town.declare(other, CITY, "/a.csv"))
        assert not unnamed.datasets and [problem.code for problem in unnamed.problems]

        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps({"sources": [{"municipality_code": CITY, "source": "a.csv"}]}))
        done = cli.invoke(kagoshima, ["sources", "import", str(manifest), "--base", server.url("/")])
        assert done.exit_code == 0 and server.pair in done.output and other.pair not in done.output

        (declared,) = sources.from_manifest(manifest, server.url("/"))
        found = sources.find(declared)
        assert found is not None and town.harvest(found.id).datasets == {"462012-aed": "created"}
        still = sources.find(sources.Declared(CITY, other.url("/a.csv")))
        assert still is not None and not town.harvest(still.id).datasets
    finally:
        other.close()
