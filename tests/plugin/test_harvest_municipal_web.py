"""The whole municipal web of ../shared: what two workers make of it, as its manifest says, and what each fault does to it.

Each test spoils the file of a municipality of its own; they may run in any order.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import every_store
import harvest_town as town
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers

from ckanext.kagoshima.cli import kagoshima
from ckanext.kagoshima.consolidation import jobs as consolidation
from ckanext.kagoshima.harvesting import nightly, sources
from ckanext.kagoshima.harvesting.model import Held, SourceFile, SourceState
from examples import serve

MY_NUMBER = "987654321093"
"""Made up; its check digit is right (省令85号第5条)."""
SAID = "市町村の最新版にありません（確認中）"


@dataclass
class Web:
    """The municipal web as it is served, a copy that tests may change; `first`: what two workers at once made of it; `alone`:
    what one worker had made of the same before, in a catalogue that was as empty."""

    folder: Path
    base: str
    manifest: dict[str, dict[str, Any]]
    first: dict[str, Any]
    alone: dict[str, Any]

    def file(self, code: str, dataset: str = "evacuation_space") -> Path:
        paths = [one["path"] for one in self.manifest[code]["datasets"] if one["dataset"] == dataset]
        return self.folder / paths[0]

    def harvest(self, code: str) -> list[Any]:
        found = town.harvest_all(code)
        merge()
        return found


def merge() -> dict[str, Any]:
    """The merged table that the tests look at, and its balance."""
    (balance,) = consolidation.consolidate(["evacuation_space"])
    return balance


@pytest.fixture(scope="module")
def web(shared: Path, application: Any, reset_db: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    from ckan.common import config
    from ckan.lib.search import clear_all

    folder = tmp_path_factory.mktemp("web") / "site"
    shutil.copytree(shared / "municipal_web", folder, copy_function=shutil.copyfile)
    for below in (folder, *folder.rglob("*")):
        os.chmod(below, 0o755)
    server = serve.server(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    entries = json.loads((folder / "manifest.json").read_text("utf-8"))["sources"]
    manifest = {one["municipality_code"]: one for one in entries}
    before = {key: config.get(key) for key in ("ckanext.kagoshima.harvest.allow", "ckanext.kagoshima.harvest.retries")}
    config["ckanext.kagoshima.harvest.allow"] = [f"127.0.0.1:{server.server_port}"]
    config["ckanext.kagoshima.harvest.retries"] = 0
    declared = [one for one in sources.from_manifest(folder / "manifest.json", base) if one.priority != sources.ALSO_PRIORITY]

    with pytest.MonkeyPatch.context() as patch:
        town.keep_files_in(tmp_path_factory.mktemp("files"), patch)
        made: list[dict[str, Any]] = []
        for workers in (1, 2):
            reset_db()
            clear_all()
            town.publishers(*manifest)
            assert not sources.sync(declared).refused
            chosen = nightly.chosen()
            orders = (chosen, chosen[::-1])[:workers]
            children = [town.worker(lambda order=order: list(nightly.run(order))) for order in orders]
            assert [os.waitpid(child, 0)[1] for child in children] == [0] * workers
            made.append({**town.state(), **merged(application)})
        yield Web(folder, base, manifest, made[1], made[0])
        model.Session.remove()
        reset_db()
        clear_all()
    config.update(before)
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def reachable(web: Web, ckan_config: Any) -> None:
    """`ckan_config` puts the options back for each test that asks for it."""
    ckan_config["ckanext.kagoshima.harvest.allow"] = [web.base.removeprefix("http://")]
    ckan_config["ckanext.kagoshima.harvest.retries"] = 0


def public_rows(app: Any, dataset: str = "evacuation_space") -> list[dict[str, str]]:
    """The merged table's rows without the mark of rows that wait for a confirmation."""
    body = app.get(f"/data/v1/{dataset}.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    return [{key: value for key, value in row.items() if key not in ("row_status", "行の状態")} for row in rows]


RANDOM_OR_TIMED = {"id", "revision_id", "package_id", "creator_user_id", "owner_org", "created", "metadata_created",
                   "metadata_modified", "last_modified", "validation_timestamp"}  # fmt: skip
"""Of datasets and resources: what a second catalogue has otherwise, with the very same content."""


def merged(application: Any) -> dict[str, Any]:
    """What the public sees after the merge: each dataset, and the rows of each merged table."""
    from ckan.tests.helpers import CKANTestApp

    tables = sorted(nightly.merge())
    found: dict[str, Any] = {f"metadata of {name}": _plain(town.show(name)) for name in town.names()}
    app = CKANTestApp(application)
    for dataset in tables:
        found[f"rows of {dataset}"] = sorted(tuple(row.values()) for row in public_rows(app, dataset))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key not in RANDOM_OR_TIMED}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def differences(one: Any, other: Any, place: str) -> Iterator[str]:
    """Where and how two nested values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys(), key=str):
            yield from differences(one.get(key), other.get(key), f"{place}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{place}/{number}")
    elif one != other:
        yield f"{place}: {str(one)[:300]} | {str(other)[:300]}"


def counts() -> dict[str, int]:
    """How many rows each table of the database has."""
    model.Session.remove()
    with model.meta.engine.connect() as connection:
        tables = sa.inspect(model.meta.engine).get_table_names()
        return {table: connection.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar() or 0 for table in tables}


def cut(path: Path, share: float) -> None:
    """Keep the header and `share` of the lines."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: max(round(len(lines) * share), 2)]))


def test_two_workers_at_once_make_what_the_manifest_names(web: Web) -> None:
    states = model.Session.query(SourceState).all()
    assert len(states) == sum(1 for entry in web.manifest.values() if entry.get("source"))
    assert not [state.problem for state in states if state.problem] and (web.first["leases"], web.first["open jobs"]) == (0, 0)
    assert len({url for url, _state, _sha256 in web.first["files"]}) == len(web.first["files"])
    for code, entry in web.manifest.items():
        for dataset in entry.get("datasets", []):
            package = town.show(f"{code}-{dataset['dataset'].replace('_', '-')}")
            assert package["organization"]["name"] == code
            assert package["license_id"] == (entry["licence"] or "notspecified")
            assert sum(one["row_count"] for one in package["resources"]) == dataset["rows"], package["name"]
            parts = {(part.get("part", ""), part.get("period", ""), part["rows"]) for part in dataset.get("parts", [])}
            found = {(one["part"], one["period"], one["row_count"]) for one in package["resources"]}
            assert not parts or found == parts, package["name"]
        if entry["publishes"].startswith("list"):
            assert town.show(f"{code}-open-data-list")
    others = {file["path"].rsplit("/", 1)[-1] for entry in web.manifest.values() for file in entry.get("others", [])}
    collected = {row.url.rsplit("/", 1)[-1] for row in model.Session.query(SourceFile).filter(SourceFile.state == "published")}
    assert others and others <= collected
    titles = {town.show(name)["title"] for name in town.names() if name.startswith("462250")}
    assert {"公園一覧", "予算書", "コミュニティバス 標準的なバス情報フォーマット"} < titles


def test_two_workers_at_once_make_what_one_makes(web: Web) -> None:
    assert not list(differences(web.alone, web.first, ""))
    assert len(web.first["rows of evacuation_space"]) > 1000 and len(web.first["files"]) > len(web.manifest)


def test_a_second_route_is_an_alias_and_no_row_is_merged_twice(web: Web, app: Any) -> None:
    (code,) = [code for code, entry in web.manifest.items() if entry.get("also")]
    rows, datasets = public_rows(app), town.names()
    balance = merge()
    for path in web.manifest[code]["also"]:
        assert len(sources.sync([sources.Declared(code, f"{web.base}/{path}")]).created) == 1
    results = {result.url: result.counts for result in web.harvest(code)}
    assert [results[f"{web.base}/{path}"] for path in web.manifest[code]["also"]] == [{"alias": 1}]
    assert town.names() == datasets and public_rows(app) == rows
    after = merge()
    assert {key: after[key] for key in ("rows_in", "accepted")} == {key: balance[key] for key in ("rows_in", "accepted")}


def test_a_second_harvest_writes_nothing(web: Web) -> None:
    town.harvest_all()
    before = town.written()
    results = town.harvest_all()
    assert {tuple(result.datasets) for result in results} == {()}
    assert len(results) >= sum(1 for entry in web.manifest.values() if entry.get("source"))
    assert sum(result.state == "unchanged" for result in results) >= len(results) - 5, "but those that other tests spoiled"
    assert town.written() == before


def test_empty_html_and_cut_files_are_held_until_somebody_decides(web: Web, app: Any) -> None:
    spoiled = {"462012": "rows-shrunk", "462039": "html-not-csv", "462101": "empty-file"}
    names = {code: f"{code}-evacuation-space" for code in spoiled}
    before = {code: town.show(name)["resources"] for code, name in names.items()}
    rows, stamps = public_rows(app), town.stamps()
    cut(web.file("462012"), 0.1)
    web.file("462039").write_bytes("<!DOCTYPE html><html><body><h1>メンテナンス中</h1></body></html>".encode())
    web.file("462101").write_bytes(b"")
    for _night in range(2):
        for code, reason in spoiled.items():
            (result,) = town.harvest_all(code)
            assert result.counts == {"held": 1} and [one.code for one in result.problems] == [reason], code
    merge()
    assert town.stamps() == stamps and public_rows(app) == rows
    assert {code: town.show(name)["resources"] for code, name in names.items()} == before
    held = {one.municipality_code: one for one in town.open_held() if one.municipality_code in spoiled}
    assert {code: one.reasons[0]["code"] for code, one in held.items()} == spoiled

    user = factories.Sysadmin()["name"]
    helpers.call_action("kagoshima_held_release", {"user": user}, id=held["462012"].id, reason="指定の見直し")
    merge()
    after = public_rows(app)
    (resource,) = town.show(names["462012"])["resources"]
    assert resource["row_count"] < before["462012"][0]["row_count"] * 0.2 and len(after) < len(rows)
    asked = model.Session.query(Held).count()
    for code in spoiled:
        (result,) = town.harvest_all(code)
        assert result.counts == ({"unchanged": 1} if code == "462012" else {"held": 1})
    assert model.Session.query(Held).count() == asked and public_rows(app) == after


def test_one_row_of_two_is_not_held_and_the_vanished_row_is_marked(web: Web, app: Any) -> None:
    code = next(code for code, entry in web.manifest.items() if entry.get("municipality") == "中種子町")
    file = web.file(code)
    was = [row for row in csv.DictReader(io.StringIO(app.get("/data/v1/evacuation_space.csv").data.decode("utf-8-sig")))]
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    results = web.harvest(code)
    assert [result.counts.get("held") for result in results] == [None] * len(results)
    assert sum(one["row_count"] for one in town.show(f"{code}-evacuation-space")["resources"]) == 1
    (mark,) = helpers.call_action("kagoshima_missing_row_list", package=f"{code}-evacuation-space")
    now = list(csv.DictReader(io.StringIO(app.get("/data/v1/evacuation_space.csv").data.decode("utf-8-sig"))))
    marked = [row for row in now if SAID in row.values() and mark["name"] in row.values()]
    assert len(marked) == 1 and len(now) == len(was)


def test_a_personal_number_makes_the_file_withheld_and_stands_nowhere(
    web: Web, app: Any, cli: Any, caplog: pytest.LogCaptureFixture
) -> None:
    code = "462161"
    caplog.set_level(logging.DEBUG)
    before, rows = town.show(f"{code}-evacuation-space")["resources"], public_rows(app)
    file = web.file(code)
    table = list(csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))
    table[3][table[0].index("備考")] = MY_NUMBER
    text = io.StringIO()
    csv.writer(text).writerows(table)
    file.write_text(text.getvalue(), "utf-8")
    said = cli.invoke(kagoshima, ["harvest", "--municipality", code]).output
    assert "personal-data" in said
    (held,) = [one for one in town.open_held() if one.municipality_code == code]
    assert held.reasons[0]["values"]["places"], "the place is told, not the value"
    assert every_store.places_of(MY_NUMBER) == [] and MY_NUMBER not in said + caplog.text
    assert town.show(f"{code}-evacuation-space")["resources"] == before and public_rows(app) == rows
    every = every_store.places_of(before[0]["hash"])
    assert every, "a search that finds nothing proves nothing"


def test_a_dry_run_prints_the_plan_and_writes_nothing(web: Web, cli: Any) -> None:
    code = "462047"
    file = web.file(code)
    file.write_bytes(file.read_bytes() + b"\r\n")
    cut(file, 0.8)
    before, written = counts(), town.written()
    done = cli.invoke(kagoshima, ["harvest", "--dry-run"])
    assert done.exit_code == 0 and "何も書いていません" in done.output
    assert f"{code} " in done.output and "更新 1" in done.output
    assert counts() == before and town.written() == written
