"""What waits for a person: bad revisions never replace good ones, and a decision holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import every_store
import harvest_town as town
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from fault_server import FaultServer
from harvest_town import CITY, TOWN

from ckanext.kagoshima.consolidation import bundling, feed
from ckanext.kagoshima.consolidation import jobs as merging
from ckanext.kagoshima.harvesting import archive, guards, nightly, retention
from ckanext.kagoshima.harvesting.guards import Revision, Thresholds
from ckanext.kagoshima.harvesting.model import ArchivedFile, ArchiveVisit, Event, SourceFile, SourcePage, now

MY_NUMBER = "123456789018"
"""Made up: twelve digits with a right check digit (省令85号)."""


@pytest.fixture
def server(ckan_config: Any) -> Iterator[FaultServer]:
    running = FaultServer()
    ckan_config["ckanext.kagoshima.harvest.allow"] = [running.pair]
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0
    yield running
    running.close()


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [(2, 1, False), (100, 71, False), (100, 70, True), (6, 2, False), (7, 2, True), (10, 1, True), (100, 200, False)],
)
def test_a_file_shrank_by_a_share_and_by_a_number(before: int, after: int, held: bool) -> None:
    found = guards.compare(Revision("u", "aed", before), Revision("u", "aed", after), Thresholds())
    assert [problem.code for problem in found] == (["rows-shrunk"] if held else [])
    assert not guards.compare(Revision("u", "event", before), Revision("u", "event", after), Thresholds(), volatile=True)


def test_what_else_is_held() -> None:
    def codes(before: Revision, after: Revision) -> list[str]:
        return [problem.code for problem in guards.compare(before, after, Thresholds())]

    base = Revision("u", "aed", 5, ("名称", "住所"), "cc-by-4.0")
    assert codes(base, Revision("u", "aed", 5, ("名称", "住所", "備考"), "cc-by-4.0")) == []
    assert codes(base, Revision("u", "aed", 5, ("名称",), "cc-by-4.0")) == ["columns-lost"]
    assert codes(base, Revision("u", "hospital", 5, ("名称", "住所"), "cc-by-4.0")) == ["other-standard"]
    assert codes(base, Revision("u", "aed", 5, ("名称", "住所"), "cc-by-nc-4.0")) == ["licence-changed"]
    assert codes(base, Revision("u", "aed", 5, ("名称", "住所"), "notspecified")) == ["licence-changed"]
    cut = Revision("u", "aed", 4, ("名称", "住所"), "cc-by-4.0", ends_early=True)
    assert codes(base, cut) == ["ends-early"] and codes(cut, cut) == []
    assert guards.mass_delete(10, 5) and not guards.mass_delete(10, 4) and not guards.mass_delete(2, 2)


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_empty_html_and_cut_files_are_held_and_one_is_released(server: FaultServer) -> None:
    town.publishers(CITY)
    paths = {"aed": "/aed.csv", "public_facility": "/public_facility.csv", "hospital": "/hospital.csv"}
    for dataset, path in paths.items():
        server.pages[path] = town.table(dataset, CITY, 30)
    ids = {dataset: town.declare(server, CITY, path) for dataset, path in paths.items()}
    town.harvest_all()
    before = town.stamps()
    server.pages["/aed.csv"] = b""
    server.pages["/public_facility.csv"] = b"<!doctype html><html><body>maintenance</body></html>"
    server.pages["/hospital.csv"] = town.table("hospital", CITY, 3)
    for _night in range(2):
        results = town.harvest_all()
        assert all(result.counts == {"held": 1} and result.state == "held" for result in results), results
    assert town.stamps() == before, "the public catalogue did not change"
    held = town.open_held()
    assert sorted(one.reasons[0]["code"] for one in held) == ["empty-file", "html-not-csv", "rows-shrunk"]

    shrunk = next(one for one in held if one.reasons[0]["code"] == "rows-shrunk")
    user = factories.Sysadmin()["name"]
    done = helpers.call_action("kagoshima_held_release", {"user": user}, id=shrunk.id, reason="閉院が多かったため")
    assert done["state"] == "released"
    assert town.show("462012-hospital")["resources"][0]["row_count"] == 3
    assert town.harvest(ids["hospital"]).counts == {"unchanged": 1}
    event = model.Session.query(Event).filter(Event.kind == "release").one()
    assert (event.actor, event.reason, event.dataset) == (user, "閉院が多かったため", "hospital")

    html = next(one for one in held if one.reasons[0]["code"] == "html-not-csv")
    helpers.call_action("kagoshima_held_reject", {"user": user}, id=html.id, reason="誤り")
    assert town.harvest(ids["public_facility"]).counts == {"rejected": 1}
    assert town.show("462012-public-facility")["resources"][0]["row_count"] == 30
    with pytest.raises(tk.ValidationError):
        helpers.call_action("kagoshima_held_reject", {"user": user}, id=html.id, reason="もう一度")

    # A good revision later stands; what was held before it needs no decision any more.
    server.pages["/aed.csv"] = town.table("aed", CITY, 31)
    assert town.harvest(ids["aed"]).datasets == {"462012-aed": "updated"}
    assert town.open_held() == []
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        model.Session.query(Event).filter(Event.id == event.id).update({"reason": "x"})
    model.Session.rollback()


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "clean_datastore")
def test_a_personal_number_is_kept_nowhere(server: FaultServer, app: Any, caplog: pytest.LogCaptureFixture) -> None:
    town.publishers(CITY)
    secret = lambda rows, columns: rows[1].__setitem__(columns["note"], MY_NUMBER)  # noqa: E731
    server.pages["/aed.csv"] = town.table("aed", CITY, 5)
    server.pages["/new.csv"] = town.table("hospital", CITY, 5, change=secret)
    source = town.declare(server, CITY, "/aed.csv", licence="CC BY 4.0")
    fresh = town.declare(server, CITY, "/new.csv", licence="CC BY 4.0")
    town.harvest(source)
    server.pages["/aed.csv"] = town.table("aed", CITY, 5, change=secret)
    results = [town.harvest(source), town.harvest(fresh), town.harvest(source)]
    assert all(result.counts == {"quarantined": 1} for result in results)
    assert [problem.code for result in results[:2] for problem in result.problems] == ["personal-data", "personal-data"]
    assert MY_NUMBER not in repr(results) + caplog.text
    assert town.names() == ["462012-aed"] and town.show("462012-aed")["resources"][0]["row_count"] == 5
    assert not archive.has(town.file_of(server, "/aed.csv").sha256)
    nightly.merge()
    assert every_store.places_of(MY_NUMBER) == []
    token = {"Authorization": factories.SysadminWithToken()["token"]}
    pages = ["/harvest/state", f"/harvest/state/{source}", "/dataset/462012-aed", "/data/v1/aed/rows", "/data/v1/aed/rejected.csv"]
    assert not [page for page in pages if MY_NUMBER in app.get(page, headers=token).body]

    (held, _other) = [one for one in town.open_held() if one.dataset == "aed"] + [None]
    assert held is not None and held.reasons[0]["code"] == "personal-data"
    editor = factories.UserWithToken()
    helpers.call_action("organization_member_create", {"ignore_auth": True}, id=CITY, username=editor["name"], role="editor")
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("kagoshima_held_release")({"user": editor["name"]}, {"id": held.id, "reason": "x"})
    admin = factories.Sysadmin()["name"]
    tk.get_action("kagoshima_held_release")({"user": admin}, {"id": held.id, "reason": "管理番号だった"})
    assert town.harvest(source).counts == {"unchanged": 1}
    published = town.show("462012-aed")["resources"][0]["hash"]
    nightly.merge()
    before = every_store.places_of(MY_NUMBER)
    kinds = {place.split()[0] for place in before}
    assert {"file", "DataStore"} <= kinds and archive.has(published), "a test that finds nothing proves nothing"
    tk.get_action("kagoshima_content_purge")({"user": admin}, {"sha256": published, "reason": "本物だった"})
    assert every_store.places_of(MY_NUMBER) == [], before
    assert not archive.has(published) and town.names() == ["kagoshima-aed"]
    assert not [page for page in ("/data/v1/aed/rows", "/data/v1/aed/changes", "/data/v1/aed.csv", "/catalog.ttl")
                if MY_NUMBER in app.get(page).body]  # fmt: skip
    assert town.harvest(source).counts == {"quarantined": 1}


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_files_that_vanish_wait_and_many_at_once_are_one_decision(server: FaultServer) -> None:
    town.publishers(CITY)
    datasets = ("aed", "hospital", "public_facility", "preschool")
    for dataset in datasets:
        server.pages[f"/{dataset}.csv"] = town.table(dataset, CITY, 3)

    def listed(*wanted: str) -> bytes:
        return town.open_data_list(CITY, [{"dataset_title": d, "file_download_url": f"{d}.csv"} for d in wanted])

    server.pages["/list.csv"] = listed(*datasets)
    source = town.declare(server, CITY, "/list.csv", licence="CC BY 4.0")
    town.harvest(source)
    merging.consolidate(["preschool"])
    everything = town.names()
    server.pages["/preschool.csv"] = town.table("preschool", CITY, 2)
    town.harvest(source)
    merging.consolidate(["preschool"])

    server.pages["/list.csv"] = listed("aed", "hospital", "public_facility")
    result = town.harvest(source)
    assert [problem.code for problem in result.problems] == ["vanished"]
    assert town.names() == everything, "there is a time of grace"
    row = town.file_of(server, "/preschool.csv")
    row.missing_since = row_gone = now() - timedelta(days=30)
    model.Session.commit()
    town.harvest(source)
    assert town.names() == [name for name in everything if name != "462012-preschool"]
    assert model.Package.get("462012-preschool").state == "deleted", "withdrawn, not purged"
    merging.consolidate(["preschool"])
    (gone, *left) = [one for one in feed.page(feed.Request("preschool"))["changes"] if one["kind"] == "removed"]
    since = row_gone.date().isoformat()
    assert "reason" not in gone and [one["cause"] for one in left] == ["source", "source"]
    assert all("公開を終えました" in one["reason"] and since in one["reason"] for one in left)

    server.pages["/list.csv"] = listed(*datasets)
    town.harvest(source)
    assert town.names() == everything, "it comes back under its own name"

    server.pages["/list.csv"] = listed("aed")
    for _night in range(2):
        assert [problem.code for problem in town.harvest(source).problems] == ["mass-delete"]
    (held,) = town.open_held()
    assert town.names() == everything
    helpers.call_action("kagoshima_held_release", {"user": factories.Sysadmin()["name"]}, id=held.id, reason="サイトの整理")
    assert town.names() == ["462012-aed", "462012-open-data-list", "kagoshima-preschool"]


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_an_empty_list_or_a_broken_one_takes_nothing_away(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/aed.csv"] = town.table("aed", CITY, 3)
    files = [{"dataset_title": "AED", "file_download_url": "aed.csv"}]
    server.pages["/list.csv"] = town.open_data_list(CITY, files)
    source = town.declare(server, CITY, "/list.csv")
    town.harvest(source)
    names = town.names()
    for broken in (b"", b"<html><body>503</body></html>", town.open_data_list(CITY, [])):
        server.pages["/list.csv"] = broken
        result = town.harvest(source)
        assert result.state in ("failing", "held") and result.problems, broken[:20]
        assert town.names() == names
    server.pages["/list.csv"] = town.open_data_list(CITY, files)
    assert town.harvest(source).state == "unchanged"


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_file_that_moved_keeps_its_place(server: FaultServer) -> None:
    town.publishers(CITY)
    body = "名前,場所\r\n見本井戸,見本1番地\r\n".encode()
    server.pages["/old.csv"] = body
    server.pages["/index.html"] = '<html><body><a href="old.csv">井戸一覧</a></body></html>'.encode()
    source = town.declare(server, CITY, "/index.html")
    town.harvest(source)
    (name,) = town.names()
    (resource,) = town.show(name)["resources"]
    server.pages["/new.csv"] = server.pages.pop("/old.csv")
    server.pages["/index.html"] = '<html><body><a href="new.csv">井戸のデータ</a></body></html>'.encode()
    town.harvest(source)
    (moved,) = town.show(name)["resources"]
    assert town.names() == [name] and moved["id"] == resource["id"]
    assert moved["download_url"] == server.url("/new.csv")
    assert town.file_of(server, "/old.csv").state == "moved"


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_dry_run_says_what_would_happen_and_writes_nothing(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/aed.csv"] = town.table("aed", CITY, 3)
    server.pages["/list.csv"] = town.open_data_list(CITY, [{"dataset_title": "AED", "file_download_url": "aed.csv"}])
    town.declare(server, CITY, "/list.csv")

    def rows() -> dict[str, int]:
        with model.meta.engine.connect() as connection:
            return {
                table: connection.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar() or 0
                for table in sa.inspect(model.meta.engine).get_table_names()
            }

    before = rows()
    (result,) = nightly.preview(nightly.chosen())
    assert result.datasets == {"462012-open-data-list": "created", "462012-aed": "created"}
    assert rows() == before
    user = factories.Sysadmin()["name"]
    before = rows()
    plan = helpers.call_action(
        "kagoshima_source_preview", {"user": user}, municipality_code=CITY, url=server.url("/aed.csv"), dataset="aed"
    )
    assert plan["datasets"] == {"462012-aed": "created"} and rows() == before
    with pytest.raises(tk.NotAuthorized):
        stranger = factories.User()["name"]
        tk.get_action("kagoshima_source_preview")({"user": stranger}, {"municipality_code": CITY, "url": server.url("/a")})


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_publishers_admin_sees_and_decides_its_own(server: FaultServer) -> None:
    town.publishers(CITY, TOWN)
    for code in (CITY, TOWN):
        server.pages[f"/{code}.csv"] = town.table("aed", code, 30)
        town.declare(server, code, f"/{code}.csv")
    town.harvest_all()
    for code in (CITY, TOWN):
        server.pages[f"/{code}.csv"] = town.table("aed", code, 3)
    town.harvest_all()
    user = factories.User()["name"]
    helpers.call_action("organization_member_create", {"ignore_auth": True}, id=TOWN, username=user, role="admin")
    ask = tk.get_action("kagoshima_held_list")
    (mine,) = ask({"user": user}, {})
    assert (mine["municipality_code"], mine["dataset"], mine["reason"]) == (TOWN, "aed", "rows-shrunk")
    other = next(one for one in town.open_held() if one.municipality_code == CITY)
    with pytest.raises(tk.NotAuthorized):
        tk.get_action("kagoshima_held_release")({"user": user}, {"id": other.id, "reason": "x"})
    with pytest.raises(tk.NotAuthorized):
        ask({"user": factories.User()["name"]}, {})
    with pytest.raises(tk.ValidationError):
        tk.get_action("kagoshima_held_release")({"user": user}, {"id": mine["id"], "reason": " "})
    tk.get_action("kagoshima_held_release")({"user": user}, {"id": mine["id"], "reason": "統廃合"})
    assert ask({"user": user}, {}) == []


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_list_of_five_thousand_files_is_bounded(server: FaultServer, ckan_config: Any) -> None:
    town.publishers(CITY)
    ckan_config["ckanext.kagoshima.harvest.max_files"] = 20
    files = [{"dataset_title": f"見本{n}", "file_download_url": f"{n}.pdf"} for n in range(5000)]
    files[3]["file_download_url"] = "../../../etc/見本.pdf"
    files[4]["file_download_url"] = "{base}/list.csv"
    server.pages["/list.csv"] = town.open_data_list(CITY, files)
    result = town.harvest(town.declare(server, CITY, "/list.csv"))
    codes = [problem.code for problem in result.problems]
    assert "list-too-long" in codes and "list-names-itself" in codes
    assert sum(server.gets.values()) < 40
    assert model.Session.query(SourceFile).count() == 20 and model.Session.query(SourcePage).count() == 1
    assert result.datasets == {"462012-open-data-list": "created"}


def test_every_problem_has_words_in_both_languages() -> None:
    import re

    from ckanext.kagoshima import harvesting
    from ckanext.kagoshima.harvesting import problems

    folder = Path(harvesting.__file__).parent
    used = set()
    for file in folder.glob("*.py"):
        used |= set(re.findall(r'(?:Problem|FetchError)\(\s*"([a-z-]+)"', file.read_text("utf-8")))
    assert used <= set(problems.messages())
    for code, words in problems.messages().items():
        assert words["ja"] and words["en"], code
        assert set(re.findall(r"\{(\w+)\}", words["ja"])) == set(re.findall(r"\{(\w+)\}", words["en"])), code
        assert ("do_ja" in words) and ("do_en" in words), code


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "clean_datastore")
def test_a_shelter_that_the_newest_file_lacks_is_marked_wherever_it_appears(server: FaultServer, app: Any) -> None:
    town.publishers(TOWN)
    said = "市町村の最新版にありません（確認中）"
    server.pages["/a.csv"] = town.table("evacuation_space", TOWN, 2)
    source = town.declare(server, TOWN, "/a.csv", licence="CC BY 4.0")
    town.harvest(source)
    nightly.merge()
    was = app.get("/data/v1/evacuation_space/rows").json["rows"]
    assert [row["row_status"] for row in was] == [None, None]
    since = app.get("/data/v1/evacuation_space/changes").json["next_cursor"]

    server.pages["/a.csv"] = town.table("evacuation_space", TOWN, 1)
    result = town.harvest(source)
    assert result.datasets == {"465011-evacuation-space": "updated"} and result.counts == {"ready": 1}, "not held"
    (mark,) = helpers.call_action("kagoshima_missing_row_list", dataset="evacuation_space")
    assert (mark["municipality_code"], mark["line"], mark["held"]) == (TOWN, 3, False) and "第2" in mark["name"]
    balance = nightly.merge()["evacuation_space"]
    assert (balance["rows_in"], balance["accepted"]) == (1, 1), "the balance is that of the file"
    for page in ("/dataset/465011-evacuation-space", "/merged/evacuation_space"):
        body = app.get(page).body
        assert said in body and mark["name"] in body, page
    rows = {row["name"]: row for row in app.get("/data/v1/evacuation_space/rows").json["rows"]}
    assert len(rows) == 2 and rows[mark["name"]]["row_status"] == said
    assert {row["row_id"] for row in rows.values()} == {row["row_id"] for row in was}, "it is the same row"
    for table in ("/data/v1/evacuation_space.csv", "/data/v1/evacuation_space/rows?format=csv"):
        lines = app.get(table).data.decode("utf-8-sig").splitlines()
        assert [said in line for line in lines] == [False, *(mark["name"] in line for line in lines[1:])], table
    gone = rows[mark["name"]]
    passport = app.get(f"/data/v1/evacuation_space/rows/{gone['row_id']}").json["passport"]
    assert (passport["status"], passport["line"], passport["sha256"]) == (said, 3, mark["sha256"])
    assert said in app.get(f"/merged/evacuation_space/rows/{gone['row_id']}").body
    assert said in bundling.read(f"{TOWN}/index.html").decode() and said in bundling.read(f"{TOWN}/evacuation_space.csv").decode()
    (change,) = app.get(f"/data/v1/evacuation_space/changes?cursor={since}").json["changes"]
    assert (change["kind"], change["after"]["row_status"]) == ("changed", said)

    server.pages["/a.csv"] = town.table("evacuation_space", TOWN, 2)
    town.harvest(source)
    nightly.merge()
    assert helpers.call_action("kagoshima_missing_row_list", dataset="evacuation_space") == []
    assert [row["row_status"] for row in app.get("/data/v1/evacuation_space/rows").json["rows"]] == [None, None]
    server.pages["/a.csv"] = town.table("evacuation_space", TOWN, 1)
    town.harvest(source)
    user = factories.Sysadmin()["name"]
    helpers.call_action(
        "kagoshima_missing_row_confirm", {"user": user}, file_id=mark["file_id"], key=mark["key"], reason="廃止を確認"
    )
    nightly.merge()
    assert helpers.call_action("kagoshima_missing_row_list", package="465011-evacuation-space") == []
    assert [row["name"] for row in app.get("/data/v1/evacuation_space/rows").json["rows"]] == [was[0]["name"]]


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_the_pages_show_states_and_decide_with_one_click(server: FaultServer, app: Any) -> None:
    town.publishers(CITY)
    server.pages["/a.csv"] = town.table("aed", CITY, 30)
    source = town.declare(server, CITY, "/a.csv")
    town.harvest(source)
    server.pages["/a.csv"] = town.table("aed", CITY, 3)
    town.harvest(source)
    token = {"Authorization": factories.SysadminWithToken()["token"]}
    assert app.get("/harvest/state", status=403)
    page = app.get("/harvest/state", headers=token).body
    assert "確認待ち" in page and "30 行から 3 行に減りました" in page and server.url("/a.csv") in page
    assert "aed" in app.get(f"/harvest/state/{source}", headers=token).body
    assert 'hx-boost="true"' not in app.get("/harvest", headers=token).body.split("kagoshima-unboosted")[1]
    (held,) = town.open_held()
    app.post(f"/harvest/held/{held.id}/release", headers=token, data={"reason": "撤去"}, follow_redirects=False)
    assert town.show("462012-aed")["resources"][0]["row_count"] == 3

    # An address that nobody registered: what it would bring, and nothing is written.
    server.pages["/b.csv"] = town.table("hospital", CITY, 4)
    written = town.written()
    asked = {"url": server.url("/b.csv"), "municipality_code": CITY}
    plan = app.post("/harvest/preview", headers=token, data=asked).body
    assert "462012-hospital: 新しく登録します" in plan and "4 行" in plan and town.written() == written
    assert app.get("/harvest/preview", status=403)
    answer = app.post(f"/harvest/state/{source}/run", headers=token, follow_redirects=False)
    assert answer.status_code == 302 and tk.get_job_queue("kagoshima").jobs[-1].args[0] == source
    assert "公開を決定" in app.get(f"/harvest/state/{source}", headers=token).body

    # What nothing refers to leaves the archive when it is old; what is public or behind a row stays.
    old, public = archive.store(b"old", url="x"), town.show("462012-aed")["resources"][0]["hash"]
    assert retention.prune(30) == 0 and archive.has(old)
    model.Session.query(ArchivedFile).update({"first_seen": now() - timedelta(days=40)})
    model.Session.query(ArchiveVisit).update({"at": now() - timedelta(days=40)})
    model.Session.commit()
    assert retention.prune(0) == 0 and retention.prune(50) == 0
    assert retention.prune(30) >= 1 and not archive.has(old) and archive.has(public)


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_publisher_may_stay_on_a_remote_ckan(server: FaultServer) -> None:
    import json
    from urllib.parse import parse_qs, urlsplit

    from fault_server import answer

    town.publishers(CITY)
    server.pages["/files/aed.csv"] = town.table("aed", CITY, 4)
    packages = [
        {
            "name": f"{CITY}_{'aed' if number == 7 else f'other{number}'}",
            "title": "AED設置箇所一覧" if number == 7 else f"見本{number}",
            "license_id": "cc-by-40-intl",
            "state": "active",
            "resources": [
                {
                    "id": f"r{number}",
                    "name": f"見本{number}",
                    "format": "CSV" if number == 7 else "PDF",
                    "url": server.url("/files/aed.csv" if number == 7 else f"/files/{number}.pdf"),
                }
            ],
        }
        for number in range(105)
    ]
    for number in range(105):
        server.pages[f"/files/{number}.pdf"] = b"%PDF-1.4 " + str(number).encode()
    asked: list[dict[str, list[str]]] = []

    def search(handler: Any) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        asked.append(query)
        start, rows = int(query["start"][0]), int(query["rows"][0])
        result = {"count": len(packages), "results": packages[start : start + rows]}
        answer(handler, 200, json.dumps({"success": True, "result": result}).encode(), {"Content-Type": "application/json"})

    server.pages["/api/3/action/package_search"] = search
    plan = helpers.call_action(
        "kagoshima_source_preview",
        {"user": factories.Sysadmin()["name"]},
        municipality_code=CITY,
        url=server.url(f"/organization/{CITY}"),
        kind="ckan",
    )
    assert [(query["fq"], query["start"]) for query in asked] == [
        ([f"organization:{CITY}"], ["0"]),
        ([f"organization:{CITY}"], ["100"]),
    ]
    assert plan["kind"] == "ckan" and len(plan["datasets"]) == 105 and not plan["problems"]
    del packages[8:]
    result = town.harvest(town.declare(server, CITY, f"/organization/{CITY}", kind="ckan"))
    assert set(result.datasets.values()) == {"created"} and len(result.datasets) == 8
    assert town.show("462012-aed")["license_id"] == "cc-by-4.0" and town.show("462012-other3")["title"] == "見本3"
    server.pages["/api/3/action/package_search"] = b"<html>maintenance</html>"
    assert [problem.code for problem in town.harvest_all()[0].problems] == ["not-ckan"] and len(town.names()) == 8


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_dcat_catalogue_is_a_source(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/aed.csv"] = town.table("aed", CITY, 4)
    server.pages["/catalog.ttl"] = b"""
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        <{base}/d/1> a dcat:Dataset ; dct:title "AED" ; dct:identifier "aed-1" ; dcat:distribution <{base}/d/1/csv> .
        <{base}/d/1/csv> a dcat:Distribution ; dcat:downloadURL <{base}/aed.csv> ;
            dct:license <http://creativecommons.org/licenses/by/4.0/> ."""
    result = town.harvest(town.declare(server, CITY, "/catalog.ttl"))
    assert (result.kind, result.datasets) == ("dcat", {"462012-aed": "created"})
    assert town.show("462012-aed")["license_id"] == "cc-by-4.0"
    server.pages["/remote.jsonld"] = b'{"@context": "http://169.254.169.254/context", "@id": "x"}'
    (problem,) = town.harvest(town.declare(server, CITY, "/remote.jsonld", kind="dcat")).problems
    assert problem.code == "remote-context"


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_a_mail_goes_out_once_and_only_when_somebody_has_to_act(
    server: FaultServer, ckan_config: Any, mail_server: Any
) -> None:
    town.publishers(CITY)
    ckan_config["smtp.mail_from"] = "catalogue@example.invalid"
    admins = {code: factories.User(email=f"{code}@example.invalid")["name"] for code in (CITY, "460001")}
    for code, name in admins.items():
        helpers.call_action("organization_member_create", {"ignore_auth": True}, id=code, username=name, role="admin")
    server.pages["/a.csv"] = town.table("aed", CITY, 30)
    source = town.declare(server, CITY, "/a.csv")
    town.harvest(source)
    mail_server.clear_smtp_messages()
    assert nightly.tell() == 0
    server.pages["/a.csv"] = town.table("aed", CITY, 3)
    town.harvest(source)
    assert (nightly.tell(), nightly.tell()) == (1, 0)
    (message,) = mail_server.get_smtp_messages()
    assert message[2] == [f"{CITY}@example.invalid"]
    (held,) = town.open_held()
    # Everything that the decision needs stands in the text: file, rows by line and name, where and what to write.
    words = mail_words(message)
    for part in (server.url("/a.csv"), "462012-aed", "30 行から 3 行", "なくなった行（前の版の行番号） 27 件", "5 行目「", held.id,
                 f"/harvest/state/{source}", "「公開する」", "「却下する」", "書き方の例"):  # fmt: skip
        assert part in words, part
    held.since = now() - timedelta(hours=30)
    model.Session.commit()
    assert (nightly.tell(), nightly.tell()) == (1, 0)
    assert mail_server.get_smtp_messages()[-1][2] == ["460001@example.invalid"]

    # Two routes that differ, and an accepted repair that no longer fits: which cell, what stands there, what to do.
    server.pages["/own.csv"] = town.table("hospital", CITY, 4)
    renamed = lambda rows, columns: rows[1].__setitem__(columns["note"], "改装中")  # noqa: E731
    server.pages["/copy.csv"] = town.table("hospital", CITY, 4, change=renamed)
    own = town.declare(server, CITY, "/own.csv")
    town.harvest(own)
    town.harvest(town.declare(server, CITY, "/copy.csv", priority=50))
    (name, address) = [town.file_of(server, "/own.csv").header.index(one) for one in ("名称", "所在地_連結表記")]
    cells = server.pages["/own.csv"].decode("utf-8-sig").splitlines()[1].split(",")
    key = f"{{name: {cells[name]}, address: {cells[address]}}}"
    recipe = f"dataset: hospital\nrepairs:\n- {{key: {key}, field: note, old: 休業, new: 再開}}\n"
    user = factories.Sysadmin()["name"]
    helpers.call_action("kagoshima_recipe_accept", {"user": user}, municipality_code=CITY, recipe=recipe, reason="電話で確認")
    mail_server.clear_smtp_messages()
    assert (nightly.tell(), nightly.tell()) == (1, 0)
    words = mail_words(mail_server.get_smtp_messages()[-1])
    for part in ("変わった値 1 件", "3 行目「", "列「備考」", "→「改装中」", "この経路を正とする",
                 "当てられない修正 1 件", "2 行目「", "採用した修正は「休業」→「再開」"):  # fmt: skip
        assert part in words, part


def mail_words(message: Any) -> str:
    import email
    import email.policy

    body = email.message_from_string(message[3], policy=email.policy.default).get_body(("plain",))
    assert body is not None
    return body.get_content()
