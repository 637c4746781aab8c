"""The invented municipal web: deterministic, for everybody, and as good or as faulty as it says."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from examples import generate, serve
from recommended_datasets import municipality
from recommended_datasets.checking import check_bytes


@pytest.fixture(scope="module")
def made() -> list[generate.Site]:
    return generate.sites()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    generate.write(folder, "http://127.0.0.1:8600")
    return folder


def test_two_runs_write_the_same_bytes(web: Path, tmp_path: Path) -> None:
    generate.write(tmp_path, "http://127.0.0.1:8600")
    first = {path.relative_to(web): path.read_bytes() for path in web.rglob("*") if path.is_file()}
    second = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert first == second


def test_every_municipality_has_a_site_and_one_publishes_nothing(made: list[generate.Site]) -> None:
    assert {site.publisher.code for site in made} == {publisher.code for publisher in municipality.load()}
    assert [site.how for site in made].count("none") == 1
    assert any(not site.licence for site in made)
    assert {"direct", "html", "list-15", "list-42", "list-44", "list-45"} <= {site.how for site in made}


def test_the_sources_file_names_what_the_web_serves(web: Path) -> None:
    for entry in yaml.safe_load((web / "sources.yaml").read_text("utf-8")):
        path = web / "web" / entry["url"].removeprefix("http://127.0.0.1:8600/")
        assert path.is_file() or path.with_name(path.name + ".in").is_file(), entry["url"]
        assert municipality.valid(entry["municipality_code"])


def test_files_without_a_fault_follow_their_standard(made: list[generate.Site]) -> None:
    checked = 0
    for site in made:
        for file in site.files:
            code, _, rest = Path(file.path).stem.partition("_")
            if code != site.publisher.code or file.path.endswith("evacuation_space.csv"):
                continue
            report = check_bytes(file.body, name=file.path, municipality_code=code).report
            assert (report.status, report.accepted_count) == ("success", report.row_count), (file.path, report.issues[:3])
            assert report.dataset is not None and rest.startswith(report.dataset)
            checked += 1
    assert checked > 20


def test_evacuation_sites_are_recognised_whatever_their_fault(made: list[generate.Site]) -> None:
    for site in made:
        for file in site.files:
            if file.path.endswith("evacuation_space.csv"):
                report = check_bytes(file.body, name=file.path, municipality_code=site.publisher.code).report
                assert report.dataset == "evacuation_space", (file.path, report.issues[:3])
                assert report.row_count >= 4


def test_the_server_knows_what_has_not_changed(web: Path, made: list[generate.Site]) -> None:
    running = serve.server(web / "web")
    threading.Thread(target=running.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{running.server_port}"
    try:
        code = next(site.publisher.code for site in made if site.how == "list-45")
        with urllib.request.urlopen(f"{base}/{code}/open_data_list.csv") as answer:
            assert base.encode() in answer.read()
            etag = answer.headers["ETag"]
        again = urllib.request.Request(f"{base}/{code}/open_data_list.csv", headers={"If-None-Match": etag})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(again)
        assert caught.value.code == 304
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{base}/../sources.yaml")
        assert caught.value.code == 404
    finally:
        running.shutdown()
