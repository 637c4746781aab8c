"""From sources of every kind to datasets in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import harvest_town as town
import pytest
from ckan import model
from ckan.lib import uploader
from ckanext.harvest.model import HarvestJob
from fault_server import FaultServer
from harvest_town import CITY, TOWN, VILLAGE

from ckanext.kagoshima.checking.model import StoredReport
from ckanext.kagoshima.harvesting import archive, sources
from ckanext.kagoshima.harvesting.model import SourceState
from ckanext.kagoshima.resources import content

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]


@pytest.fixture
def server(ckan_config: Any) -> Iterator[FaultServer]:
    running = FaultServer()
    ckan_config["ckanext.kagoshima.harvest.allow"] = [running.pair]
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0
    yield running
    running.close()


def test_a_file_becomes_a_dataset_with_its_report_in_one_save(server: FaultServer) -> None:
    town.publishers(CITY)
    body = town.table("aed", CITY, 6, encoding="cp932")
    server.pages["/462012_aed.csv"] = body
    source = town.declare(server, CITY, "/462012_aed.csv", licence="CC BY 4.0")
    result = town.harvest(source)
    assert result.datasets == {"462012-aed": "created"} and not result.problems
    package = town.show("462012-aed")
    assert (package["municipality_code"], package["recommended_dataset"], package["license_id"]) == (CITY, "aed", "cc-by-4.0")
    assert package["organization"]["name"] == CITY
    (resource,) = package["resources"]
    assert (resource["encoding"], resource["row_count"], resource["validation_status"]) == ("cp932", 6, "success")
    assert resource["url"].endswith("/462012_aed.csv") and resource["download_url"] == server.url("/462012_aed.csv")
    assert content.read(resource) == body and archive.read(resource["hash"]) == body
    report = StoredReport.of(resource["id"])
    assert report is not None and report.sha256 == resource["hash"]


def test_what_has_not_changed_is_not_written_again(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/a.csv"] = town.table("aed", CITY, 6)
    source = town.declare(server, CITY, "/a.csv")
    server.pages["/h.csv"] = town.table("hospital", CITY, 3)
    server.pages["/list.csv"] = town.open_data_list(CITY, [{"dataset_title": "病院", "file_download_url": "h.csv"}])
    town.declare(server, CITY, "/list.csv")
    server.pages["/p.csv"] = town.table("preschool", CITY, 3)
    server.pages["/index.html"] = b'<html><body><a href="p.csv">p</a><a href="gone.pdf">x</a></body></html>'
    town.declare(server, CITY, "/index.html")
    town.harvest_all()
    # Nothing changed anywhere: only conditional requests, no job, and not a row or document of any dataset anew.
    written, jobs = town.written(), model.Session.query(HarvestJob).count()
    server.gets.clear()
    results = town.harvest_all()
    assert {result.state for result in results} == {"unchanged"} and [result.datasets for result in results] == [{}] * 3
    assert dict(server.gets) == {path: 1 for path in ("/a.csv", "/list.csv", "/h.csv", "/index.html", "/p.csv", "/gone.pdf", "/robots.txt")}
    assert town.written() == written and model.Session.query(HarvestJob).count() == jobs
    assert not model.Session.query(SourceState).filter(SourceState.last_tried.is_(None)).count()
    before = town.stamps()
    assert town.harvest(source).datasets == {}
    # The same rows in another order, encoding and line ends are the same rows.
    server.pages["/a.csv"] = town.table("aed", CITY, 6, encoding="cp932", change=lambda rows, _columns: rows.reverse())
    result = town.harvest(source)
    assert result.datasets == {} and result.counts == {"unchanged": 1}
    assert town.stamps() == before


def test_a_list_names_files_pages_and_itself(server: FaultServer) -> None:
    town.publishers(CITY)
    files = [
        {"dataset_title": "AED設置箇所一覧", "file_download_url": "aed.csv", "file_licence": "CC BY 4.0"},
        {"dataset_title": "令和6年度予算書", "dataset_id": f"{CITY}-yosan_r6.pdf", "file_download_url": "{base}/yosan_r6.pdf"},
        {"dataset_title": "令和7年度予算書", "dataset_id": f"{CITY}-yosan_r7.pdf", "file_download_url": "{base}/yosan_r7.pdf"},
        {"dataset_title": "井戸一覧", "file_download_url": "井戸 一覧.csv"},
        {"dataset_title": "住所のない行"},
    ]
    server.pages["/opendata/list.csv"] = town.open_data_list(CITY, files)
    server.pages["/opendata/aed.csv"] = town.table("aed", CITY, 3)
    server.pages["/yosan_r6.pdf"] = b"%PDF-1.4 6"
    server.pages["/yosan_r7.pdf"] = b"%PDF-1.4 7"
    server.pages["/opendata/井戸 一覧.csv"] = "名前,場所\r\n見本井戸,見本1番地\r\n".encode("cp932")
    source = town.declare(server, CITY, "/opendata/list.csv")
    result = town.harvest(source)
    assert result.kind == "list"
    assert [problem.code for problem in result.problems] == ["list-no-address"]
    assert {"462012-aed", "462012-open-data-list", "462012-yosan"} < set(result.datasets)
    assert town.show("462012-aed")["license_id"] == "cc-by-4.0"
    budget = town.show("462012-yosan")
    assert budget["title"] == "予算書" and budget["license_id"] == "notspecified"
    assert [(one["name"], one["period"], one["format"]) for one in budget["resources"]] == [
        ("令和7年度予算書", "2025", "PDF"),
        ("令和6年度予算書", "2024", "PDF"),
    ]
    (wells,) = [town.show(name) for name in town.names() if town.show(name)["title"] == "井戸一覧"]
    assert wells["name"].isascii() and not wells["recommended_dataset"]
    assert wells["resources"][0]["encoding"] == "cp932"
    assert town.harvest(source).datasets == {}


def test_a_list_of_fifteen_columns_names_pages(server: FaultServer) -> None:
    town.publishers(CITY)
    row = {
        "dataset_id": "1",
        "dataset_title": "AED設置箇所一覧",
        "dataset_url": "{base}/aed.html",
        "file_licence": "CC BY 4.0",
    }
    server.pages["/list.csv"] = town.open_data_list(CITY, [row], "recommended")
    server.pages["/aed.html"] = b'<html><body><a href="462012_aed.csv">AED (CSV)</a><a href="x.pdf">PDF</a></body></html>'
    server.pages["/462012_aed.csv"] = town.table("aed", CITY, 3, edition="recommended")
    source = town.declare(server, CITY, "/list.csv")
    result = town.harvest(source)
    assert result.datasets["462012-aed"] == "created" and result.counts["dead-link"] == 1
    assert not [problem for problem in result.problems if problem.severity == "error"]
    assert town.show("462012-aed")["license_id"] == "cc-by-4.0"


def test_a_page_names_files_and_parts_of_one_dataset(server: FaultServer) -> None:
    town.publishers(CITY)
    page = """<html><body><h1>見本</h1><p>ライセンス：CC BY 4.0</p>
    <a href="462012_evacuation_space_kita.csv">指定緊急避難場所一覧（北地区）（CSV：4KB）</a>
    <a href="462012_evacuation_space_minami.csv">指定緊急避難場所一覧（南地区）（CSV：4KB）</a>
    <a href="mailto:x@example.invalid">問い合わせ</a><a href="/more/">さらに</a>
    <a href="riyou.pdf">利用規約（PDF）</a></body></html>"""
    server.pages["/index.html"] = page.encode()
    server.pages["/462012_evacuation_space_kita.csv"] = town.table("evacuation_space", CITY, 4)
    server.pages["/462012_evacuation_space_minami.csv"] = town.table("evacuation_space", CITY, 5)
    server.pages["/more/"] = b'<html><body><a href="/aed.csv">AED</a></body></html>'
    server.pages["/aed.csv"] = town.table("aed", CITY, 3)
    result = town.harvest(town.declare(server, CITY, "/index.html"))
    assert result.kind == "html"
    package = town.show("462012-evacuation-space")
    assert sorted((one["part"], one["row_count"]) for one in package["resources"]) == [("北", 4), ("南", 5)]
    assert package["license_id"] == "cc-by-4.0"
    assert "462012-aed" in town.names(), "one level below the page"


def test_robots_txt_binds_pages_that_we_find_but_not_a_registered_address(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/robots.txt"] = b"User-agent: *\nDisallow: /closed/\nDisallow: /index.html\n"
    server.pages["/index.html"] = b'<html><body><a href="/closed/a.csv">a</a><a href="/b.csv">b</a></body></html>'
    server.pages["/closed/a.csv"] = town.table("aed", CITY, 3)
    server.pages["/b.csv"] = town.table("public_facility", CITY, 3)
    result = town.harvest(town.declare(server, CITY, "/index.html"))
    assert [problem.code for problem in result.problems] == ["robots"] and "462012-public-facility" in town.names()
    assert "/closed/a.csv" not in server.gets
    assert town.harvest(town.declare(server, CITY, "/closed/a.csv")).datasets == {"462012-aed": "created"}


def test_periods_are_resources_of_one_dataset(server: FaultServer) -> None:
    town.publishers(CITY)
    dates = ("2026-08-01", "2026-09-01")
    paths = [f"462012_population_{date.replace('-', '')}.csv" for date in dates]
    files = [{"dataset_title": "地域・年齢別人口", "file_download_url": path} for path in paths]
    server.pages["/list.csv"] = town.open_data_list(CITY, files)
    for path, date in zip(paths, dates, strict=True):
        server.pages[f"/{path}"] = town.table("population", CITY, 3, date=date)
    town.harvest(town.declare(server, CITY, "/list.csv"))
    package = town.show("462012-population")
    assert [one["period"] for one in package["resources"]] == ["2026-09-01", "2026-08-01"]


def test_a_failure_is_named_with_what_to_do_and_the_others_go_on(server: FaultServer) -> None:
    town.publishers(CITY)
    titles = ["gone.csv", "page.csv", "empty.csv", "unknown.csv", "good.csv"]
    server.pages["/list.csv"] = town.open_data_list(CITY, [{"dataset_title": t, "file_download_url": t} for t in titles])
    server.pages["/page.csv"] = b"<!DOCTYPE html><html><body>404</body></html>"
    server.pages["/empty.csv"] = b""
    server.pages["/unknown.csv"] = bytes(range(128, 256)) * 16
    server.pages["/good.csv"] = town.table("aed", CITY, 3)
    result = town.harvest(town.declare(server, CITY, "/list.csv"))
    assert [problem.code for problem in result.problems] == ["http-status", "html-not-csv", "empty-file", "unreadable"]
    assert result.datasets == {"462012-open-data-list": "created", "462012-aed": "created"}
    assert result.state == "failing"


def test_the_same_rows_by_a_second_route_are_an_alias_and_other_rows_a_conflict(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/462012_aed.csv"] = town.table("aed", CITY, 6)
    server.pages["/other/aed.csv"] = town.table("aed", CITY, 6, encoding="utf-8", change=lambda rows, _columns: rows.reverse())
    server.pages["/third/aed.csv"] = town.table("aed", CITY, 7)
    second = town.declare(server, CITY, "/other/aed.csv", priority=50)
    third = town.declare(server, CITY, "/third/aed.csv", priority=60)
    town.declare(server, CITY, "/462012_aed.csv", priority=10)
    results = {result.url: result for result in town.harvest_all()}
    assert results[server.url("/other/aed.csv")].counts == {"alias": 1}
    assert results[server.url("/third/aed.csv")].counts == {"conflict": 1}
    (resource,) = town.show("462012-aed")["resources"]
    assert resource["download_url"] == server.url("/462012_aed.csv") and resource["row_count"] == 6
    assert town.harvest(second).counts == {"alias": 1} and town.harvest(third).counts == {"conflict": 1}
    # The authority changes: what was an alias differs now, and the other way round.
    server.pages["/462012_aed.csv"] = town.table("aed", CITY, 7)
    town.harvest_all()
    assert town.file_of(server, "/other/aed.csv").state == "conflict"
    assert town.file_of(server, "/third/aed.csv").state == "alias"


def test_the_route_of_the_lower_number_takes_over_when_it_comes_later(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/copy.csv"] = town.table("aed", CITY, 5)
    server.pages["/own.csv"] = town.table("aed", CITY, 6)
    copy = town.declare(server, CITY, "/copy.csv", priority=50)
    town.harvest(copy)
    town.harvest(town.declare(server, CITY, "/own.csv", priority=10))
    (resource,) = town.show("462012-aed")["resources"]
    assert resource["row_count"] == 6
    assert town.file_of(server, "/copy.csv").state == "conflict"
    assert town.harvest(copy).datasets == {}


def test_of_two_routes_of_one_priority_the_fresher_is_authoritative_and_it_stays_so(server: FaultServer) -> None:
    from fault_server import answer

    def dated(body: bytes, date: str) -> Any:
        return lambda handler: answer(handler, 200, body, {"Last-Modified": date, "Content-Type": "text/csv"})

    town.publishers(CITY)
    server.pages["/old.csv"] = dated(town.table("aed", CITY, 6), "Wed, 01 Apr 2026 00:00:00 GMT")
    server.pages["/new.csv"] = dated(town.table("aed", CITY, 7), "Tue, 01 Sep 2026 00:00:00 GMT")
    server.pages["/same.csv"] = dated(town.table("aed", CITY, 7, encoding="cp932"), "Thu, 01 Oct 2026 00:00:00 GMT")
    for path in ("/old.csv", "/new.csv", "/same.csv"):
        town.harvest(town.declare(server, CITY, path))
    (resource,) = town.show("462012-aed")["resources"]
    assert (resource["row_count"], resource["download_url"]) == (7, server.url("/new.csv"))
    assert town.file_of(server, "/old.csv").state == "conflict"
    assert town.file_of(server, "/same.csv").state == "alias", "what is public does not move for the same rows"
    before = town.stamps()
    # A server that dates every answer anew makes its file no fresher.
    server.pages["/old.csv"] = dated(town.table("aed", CITY, 6), "Sun, 01 Nov 2026 00:00:00 GMT")
    assert [result.datasets for result in town.harvest_all()] == [{}] * 3 and town.stamps() == before


def test_what_staff_changed_by_hand_stays(server: FaultServer) -> None:
    import ckan.plugins.toolkit as tk

    town.publishers(VILLAGE)
    server.pages["/a.csv"] = town.table("aed", VILLAGE, 3)
    source = town.declare(server, VILLAGE, "/a.csv")
    town.harvest(source)
    assert town.show("465232-aed")["license_id"] == "notspecified"
    context: Any = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    tk.get_action("package_patch")(
        context, {"id": "465232-aed", "title": "職員が直した題名", "license_id": "cc-by-4.0"}
    )
    server.pages["/a.csv"] = town.table("aed", VILLAGE, 4)
    assert town.harvest(source).datasets == {"465232-aed": "updated"}
    package = town.show("465232-aed")
    assert (package["title"], package["license_id"]) == ("職員が直した題名", "cc-by-4.0")
    assert package["resources"][0]["row_count"] == 4


def test_a_sources_file_is_read_and_its_errors_are_named(server: FaultServer, tmp_path: Path) -> None:
    town.publishers(CITY)
    path = tmp_path / "sources.yaml"
    path.write_text(f'- municipality_code: "{CITY}"\n  url: {server.url("/a.csv")}\n  frequency: DAILY\n', "utf-8")
    assert len(sources.sync(sources.read(path)).created) == 1
    assert len(sources.sync(sources.read(path)).unchanged) == 1
    unknown = sources.sync([sources.Declared(TOWN, server.url("/b.csv"))])
    assert TOWN in unknown.refused[0] and "organizations sync" in unknown.refused[0]
    for text, part in (
        ("- municipality_code: '462013'\n  url: http://x/\n", "462013"),
        ("- municipality_code: '462012'\n  url: ftp://x/\n", "ftp://x/"),
        ("- municipality_code: '462012'\n  url: http://x/\n  kind: pdf\n", "pdf"),
        ("- municipality_code: '462012'\n  url: http://x/\n  colour: red\n", "colour"),
        ("a: b", "municipality_code"),
        ("- [", "sources.yaml"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(sources.SourcesError, match=part):
            sources.read(path)


def test_an_uploaded_file_lies_where_ckan_looks_for_it(server: FaultServer) -> None:
    town.publishers(CITY)
    server.pages["/公共施設一覧.csv"] = town.table("public_facility", CITY, 3)
    town.harvest(town.declare(server, CITY, "/公共施設一覧.csv"))
    (resource,) = town.show("462012-public-facility")["resources"]
    assert resource["url"].endswith("/download/462012_public_facility.csv") and resource["format"] == "CSV"
    stored = model.Resource.get(resource["id"])
    assert stored is not None and uploader.get_resource_uploader({"id": stored.id, "url_type": "upload"}) is not None


def test_a_linked_file_is_checked_and_one_with_personal_data_is_not_told(server: FaultServer) -> None:
    import ckan.plugins.toolkit as tk

    from ckanext.kagoshima.checking import jobs

    town.publishers(CITY)
    server.pages["/aed.csv"] = town.table("aed", CITY, 4)
    context: Any = {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    resource = {"name": "AED", "url": server.url("/aed.csv"), "format": "CSV"}
    fields = {"name": "linked", "title": "リンク", "owner_org": CITY, "municipality_code": CITY, "recommended_dataset": "aed"}
    made = tk.get_action("package_create")(context.copy(), {**fields, "resources": [resource]})
    identifier = made["resources"][0]["id"]
    stored = model.Resource.get(identifier)
    assert stored is not None and jobs.is_stale(stored)
    assert jobs.check_resource(identifier) == "success" and jobs.check_resource(identifier) == "success"
    shown = tk.get_action("resource_show")(context.copy(), {"id": identifier})
    assert (shown["row_count"], shown["validation_status"], shown["url"]) == (4, "success", server.url("/aed.csv"))
    assert not jobs.is_stale(model.Resource.get(identifier)), "it is looked at again when its address changes"
    server.pages["/names.csv"] = "氏名,生年月日\r\n見本太郎,1975-03-02\r\n".encode()
    tk.get_action("resource_patch")(context.copy(), {"id": identifier, "url": server.url("/names.csv")})
    assert jobs.is_stale(model.Resource.get(identifier)) and jobs.check_resource(identifier) == "none"
    assert "見本太郎" not in str(tk.get_action("package_show")(context.copy(), {"id": "linked"}))
    tk.get_action("resource_patch")(context.copy(), {"id": identifier, "url": "http://10.0.0.1/secret.csv"})
    assert jobs.check_resource(identifier) == "none"


def test_the_queues_of_ckanext_harvest_run_the_same_work(server: FaultServer, ckan_config: Any) -> None:
    from ckan import plugins
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

    town.publishers(CITY)
    files = [{"dataset_title": name, "file_download_url": name} for name in ("aed.csv", "gone.csv")]
    server.pages["/list.csv"] = town.open_data_list(CITY, files)
    server.pages["/aed.csv"] = town.table("aed", CITY, 3)
    source = town.declare(server, CITY, "/list.csv")
    harvester = queue.get_harvester(sources.TYPE)
    assert harvester is not None and plugins.plugin_loaded("kagoshima_harvester")

    def run() -> HarvestJob:
        job = HarvestJob(source=HarvestSource.get(source))
        job.save()
        for identifier in queue.gather_stage(harvester, job):
            queue.fetch_and_import_stages(harvester, HarvestObject.get(identifier))
        return job

    job = run()
    assert town.names() == ["462012-aed", "462012-open-data-list"]
    assert {found.report_status for found in job.objects} == {"added"}
    assert ["404" in error.message for error in job.gather_errors] == [True]
    before = town.stamps()
    assert run().objects == [] and town.stamps() == before
    server.pages["/aed.csv"] = town.table("aed", CITY, 4)
    assert [found.report_status for found in run().objects] == ["updated"]
    assert town.show("462012-aed")["resources"][0]["row_count"] == 4

    # Without an object the job ends with its gather, told truly; where mails are wanted, its own cron ends and mails it.
    job = run()
    said = tk.get_action("harvest_source_show_status")({"ignore_auth": True}, {"id": source})
    assert (job.status, said["last_job"]["id"], said["last_job"]["stats"]["errored"]) == ("Finished", job.id, 1)
    assert said["total_datasets"] == 2 and said["last_job"]["finished"]
    ckan_config["ckan.harvest.status_mail.errored"] = True
    assert run().status != "Finished"
    ckan_config["ckan.harvest.status_mail.errored"] = False
    server.pages["/gone.csv"] = town.table("hospital", CITY, 3)
    assert [found.report_status for found in run().objects] == ["added"]
    asked, written = server.gets.total(), town.written()
    job = run()
    assert (job.status, job.objects, job.gather_errors) == ("Finished", [], []) and server.gets.total() == asked + 3
    state = model.Session.get(SourceState, source)
    assert state is not None and (state.state, state.lease_owner) == ("unchanged", None)
    assert town.written() == written
