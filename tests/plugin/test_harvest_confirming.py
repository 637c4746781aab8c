"""What persons confirm of a source — a mapping, repairs, a route, a renewed site — holds on every route from then on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import harvest_town as town
import pytest
from ckan import model
from ckan.tests import factories, helpers
from fault_server import FaultServer
from harvest_town import CITY, TOWN

from ckanext.kagoshima.checking import jobs as checking
from ckanext.kagoshima.checking.model import StoredReport
from ckanext.kagoshima.consolidation import jobs as merging
from ckanext.kagoshima.harvesting import problems, sources
from ckanext.kagoshima.harvesting.model import Event
from recommended_datasets import mapping as mappings

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "clean_datastore")]

OWN_HEADER = ["置き場の名まえ", "ところ番地", "北緯", "東経", "建物のどこか"]


@pytest.fixture
def server(ckan_config: Any, app: Any) -> Iterator[FaultServer]:
    running = FaultServer()
    ckan_config["ckanext.kagoshima.harvest.allow"] = [running.pair]
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0
    yield running
    running.close()


def own_table(header: list[str], rows: int = 4) -> bytes:
    lines = [header, *([f"見本施設{n}", f"見本町{n}番地", f"31.5{n}", f"130.5{n}", f"{n}階"] for n in range(1, rows + 1))]
    return "".join(",".join(line) + "\r\n" for line in lines).encode()


def own_mapping(header: list[str]) -> str:
    fields = ["name", "address", "latitude", "longitude", "position"]
    columns = dict(zip(header, fields, strict=True))
    made = mappings.Mapping(columns, dataset="aed", edition="standard", header=mappings.fingerprint(header))
    return mappings.dump(made)


def by_line(app: Any, dataset: str) -> dict[str, dict[str, Any]]:
    rows = app.get(f"/data/v1/{dataset}/rows?limit=100").json["rows"]
    return {row["name"]: row for row in rows}


def test_a_confirmed_mapping_and_accepted_repairs_hold_on_every_route(server: FaultServer, app: Any) -> None:
    town.publishers(CITY)
    server.pages["/okiba.csv"] = own_table(OWN_HEADER)
    source = town.declare(
        server, CITY, "/okiba.csv", licence="CC BY 4.0", dataset="aed", mapping=own_mapping(OWN_HEADER)
    )
    assert town.harvest(source).datasets == {"462012-aed": "created"}
    (resource,) = town.show("462012-aed")["resources"]
    before = StoredReport.of(resource["id"])
    assert before is not None and before.accepted_count == 4
    as_read = before.report["columns"]
    checking.check_resource(resource["id"], force=True)
    again = StoredReport.of(resource["id"])
    assert again is not None and list(again.report["columns"]) == list(as_read), "a later check reads as the harvest did"
    merging.consolidate(["aed"])
    assert by_line(app, "aed")["見本施設2"]["position"] == "2階", "and so does the merge"

    # The header changes: one question, with a proposal; confirmed, it is public and not asked again.
    header = [*OWN_HEADER[:4], "どこに"]
    server.pages["/okiba.csv"] = own_table(header, 5)
    assert [problem.code for problem in town.harvest(source).problems] == ["header-changed"]
    (held,) = town.open_held()
    assert mappings.fingerprint(header) in held.reasons[0]["values"]["proposal"]
    assert town.show("462012-aed")["resources"][0]["row_count"] == 4
    user = factories.Sysadmin()["name"]
    with pytest.raises(tk.ValidationError):
        helpers.call_action("kagoshima_mapping_confirm", {"user": user}, id=source, mapping="columns: [", reason="x")
    done = helpers.call_action(
        "kagoshima_mapping_confirm", {"user": user}, id=source, mapping=own_mapping(header), reason="見出しの言い換え"
    )
    assert done["datasets"] == {"462012-aed": "updated"} and town.open_held() == []
    assert town.harvest(source).counts == {"unchanged": 1}
    assert town.show("462012-aed")["resources"][0]["row_count"] == 5

    # A repair: applied to what is public now, and to the next version, until the source has it.
    recipe = "dataset: aed\nrepairs:\n- {key: {name: 見本施設3, address: 見本町3番地}, field: position, old: 3階, new: 1階}\n"
    helpers.call_action(
        "kagoshima_recipe_accept", {"user": user}, municipality_code=CITY, recipe=recipe, reason="現地で確認"
    )
    merging.consolidate(["aed"])
    row = by_line(app, "aed")["見本施設3"]
    assert row["position"] == "1階"
    passport = app.get(f"/data/v1/aed/rows/{row['row_id']}").json["passport"]
    assert ("3階", "1階") in {(one["before"], one["after"]) for one in passport["repairs"]}
    server.pages["/okiba.csv"] = own_table(header, 6)
    assert town.harvest(source).datasets == {"462012-aed": "updated"}
    merging.consolidate(["aed"])
    assert (by_line(app, "aed")["見本施設3"]["position"], len(by_line(app, "aed"))) == ("1階", 6)
    server.pages["/okiba.csv"] = own_table(header, 6).replace(b"3\xe9\x9a\x8e", b"9\xe9\x9a\x8e")
    assert [problem.code for problem in town.harvest(source).problems] == ["recipe-question"], "never an overwrite"
    merging.consolidate(["aed"])
    assert by_line(app, "aed")["見本施設3"]["position"] == "9階"
    kinds = {event.kind for event in model.Session.query(Event).filter(Event.actor == user)}
    assert kinds == {"mapping", "recipe"}


def test_a_mapping_stands_in_the_sources_file_and_a_wrong_one_is_named(server: FaultServer, tmp_path: Path) -> None:
    town.publishers(CITY)
    server.pages["/okiba.csv"] = own_table(OWN_HEADER)
    file = tmp_path / "sources.yaml"
    file.write_text(f'- municipality_code: "{CITY}"\n  url: {server.url("/okiba.csv")}\n  mapping: okiba.yaml\n', "utf-8")
    with pytest.raises(sources.SourcesError, match=r"okiba\.yaml"):
        sources.read(file)
    (tmp_path / "okiba.yaml").write_text("columns: [", "utf-8")
    done = sources.sync(sources.read(file))
    assert len(done.created) == 1
    (result,) = town.harvest_all()
    assert [problem.code for problem in result.problems] == ["mapping-wrong"] and result.state == "failing"
    assert "sources sync" in problems.both(result.problems[0]) and town.names() == []
    (tmp_path / "okiba.yaml").write_text(own_mapping(OWN_HEADER), "utf-8")
    assert len(sources.sync(sources.read(file)).updated) == 1
    (result,) = town.harvest_all()
    assert (result.problems, result.datasets) == ([], {"462012-aed": "created"})
    (resource,) = town.show("462012-aed")["resources"]
    report = StoredReport.of(resource["id"])
    assert report is not None and report.accepted_count == 4


def test_many_sources_are_one_commit_of_the_index(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import pysolr

    town.publishers(CITY)
    commits: list[str] = []
    for name in ("add", "commit", "delete"):
        real = getattr(pysolr.Solr, name)

        def counted(self: Any, *args: Any, _name: str = name, _real: Any = real, **options: Any) -> Any:
            if _name == "commit" or options.get("commit"):
                commits.append(_name)
            return _real(self, *args, **options)

        monkeypatch.setattr(pysolr.Solr, name, counted)
    declared = [sources.Declared(CITY, server.url(f"/{number}.csv")) for number in range(5)]
    assert len(sources.sync(declared).created) == 5 and len(commits) == 1
    assert len(sources.sync(declared).unchanged) == 5
    for _wait in range(50):  # the commit does not wait for its searcher
        found = helpers.call_action("package_search", fq="dataset_type:harvest", rows=0)["count"]
        if found == 5:
            break
        time.sleep(0.1)
    assert found == 5


def test_a_conflict_and_a_renewed_site_are_decided_once(server: FaultServer) -> None:
    town.publishers(CITY, TOWN)
    user = factories.Sysadmin()["name"]
    server.pages["/own.csv"] = town.table("aed", CITY, 6)
    server.pages["/copy.csv"] = town.table("aed", CITY, 7)
    town.declare(server, CITY, "/own.csv", priority=10)
    copy = town.declare(server, CITY, "/copy.csv", priority=50)
    town.harvest_all()
    assert town.file_of(server, "/copy.csv").state == "conflict"
    stranger = factories.User()["name"]
    chosen = town.file_of(server, "/copy.csv").id
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("kagoshima_route_choose")({"user": stranger}, {"file_id": chosen, "reason": "x"})
    helpers.call_action("kagoshima_route_choose", {"user": user}, file_id=chosen, reason="写しの方が新しい")
    assert town.show("462012-aed")["resources"][0]["row_count"] == 7
    assert town.file_of(server, "/own.csv").problem["code"] == "conflict-decided"
    before = town.stamps()
    for _night in range(2):
        results = town.harvest_all()
        assert not [problem for result in results for problem in result.problems if problem.severity == "error"]
    assert town.stamps() == before and town.harvest(copy).counts == {"unchanged": 1}

    names = ("hospital", "public_facility", "preschool", "tourism")

    def site(folder: str) -> bytes:
        links = "".join(f'<a href="/{folder}/{name}.csv">{name}</a>' for name in names)
        return f"<html><body>{links}</body></html>".encode()

    for name in names:
        server.pages[f"/old/{name}.csv"] = town.table(name, TOWN, 3)
    server.pages["/index.html"] = site("old")
    source = town.declare(server, TOWN, "/index.html")
    town.harvest(source)
    ids = {name: town.show(name)["resources"][0]["id"] for name in town.names()}
    for name in names:
        server.pages[f"/new/{name}.csv"] = server.pages.pop(f"/old/{name}.csv")
    server.pages["/index.html"] = site("new")
    for _night in range(2):
        assert [problem.code for problem in town.harvest(source).problems] == ["site-renewed"]
    (held,) = town.open_held()
    helpers.call_action("kagoshima_held_release", {"user": user}, id=held.id, reason="サイトの改修")
    assert {name: town.show(name)["resources"][0]["id"] for name in town.names()} == ids
    assert town.show("465011-hospital")["resources"][0]["download_url"] == server.url("/new/hospital.csv")
    result = town.harvest(source)
    assert (result.datasets, result.counts, result.problems) == ({}, {"unchanged": 4}, [])
