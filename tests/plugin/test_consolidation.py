"""Merged tables on real services: files of publishers in, one table with a balance out, and a second run that does nothing."""

from __future__ import annotations

import csv
import gc
import io
import json
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from werkzeug.datastructures import FileStorage

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import datastore_tables, jobs, loading, memory, publishing
from ckanext.kagoshima.consolidation.model import MergeChange, MergeRun

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "clean_datastore")

HEADER = "NO,名称,住所,緯度,経度,市区町村コード,災害種別_洪水,災害種別_津波"


def uploaded(data: bytes, filename: str) -> FileStorage:
    """An uploaded file, as a request brings it."""
    return FileStorage(io.BytesIO(data), filename, content_type="text/csv")


def context() -> dict[str, Any]:
    return {"ignore_auth": True, "user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def publisher(code: str, name: str) -> None:
    factories.Organization(name=code, title=name, municipality_code=code)


def site(lines: list[str]) -> bytes:
    return "\r\n".join([HEADER, *lines, ""]).encode()


def publish(code: str, data: bytes, *, licence: str = "cc-by-4.0", resource: str | None = None) -> dict[str, Any]:
    """Publish `data` as the evacuation sites of `code`, or as the new version of `resource`."""
    if resource is not None:
        upload = uploaded(data, f"{code}_evacuation_space.csv")
        return helpers.call_action("resource_patch", context=context(), id=resource, upload=upload, hash="")
    helpers.call_action(
        "package_create", context=context(), name=f"{code}-evacuation-space", title="指定緊急避難場所一覧", owner_org=code,
        license_id=licence, recommended_dataset="evacuation_space", municipality_code=code,
    )  # fmt: skip
    return helpers.call_action(
        "resource_create", context=context(), package_id=f"{code}-evacuation-space", format="CSV", url="x",
        url_type="upload", upload=uploaded(data, f"{code}_evacuation_space.csv"),
    )  # fmt: skip


def merged() -> dict[str, Any]:
    return jobs.consolidate(["evacuation_space"])[0]


def table(app: Any, path: str = "/data/v1/evacuation_space.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(app.get(path).data.decode("utf-8-sig"))))


@pytest.fixture
def towns(app: Any) -> None:
    # `app` first: making the application empties the storages that a test keeps in memory
    publisher("460001", "鹿児島県")
    publisher("462012", "鹿児島市")
    publisher("462039", "鹿屋市")
    publisher("465232", "大和村")


@pytest.fixture
def files(towns: None) -> dict[str, str]:
    """Three publishers: clean; with faults; without a licence. Resource ids by code."""
    clean = publish("462012", site([f"{n},見本公園{n},見本町{n},31.5{n},130.5{n},462012,1," for n in range(1, 6)]))
    faults = publish(
        "462039",
        site(
            [
                "1,一号館,旭町1,31.39,130.87,46203,○,",
                "2,,旭町2,31.39,130.87,462039,,",
                "3,三号館,旭町3,３１．３９,130.87,462039,,1",
                "4,四号館,旭町4,31度33分,130.87,462039,,",
                "3,三号館,旭町3,３１．３９,130.87,462039,,1",
            ]
        ),
    )
    unlicensed = publish("465232", site(["1,見本館,戸円1,28.3,129.3,465232,1,1"]), licence="notspecified")
    return {"462012": clean["id"], "462039": faults["id"], "465232": unlicensed["id"]}


def test_every_row_is_accepted_rejected_a_duplicate_or_withheld(files, app):
    found = merged()
    assert {key: found[key] for key in ("rows_in", "accepted", "rejected", "duplicates", "withheld")} == {
        "rows_in": 11, "accepted": 8, "rejected": 1, "duplicates": 1, "withheld": 1,
    }  # fmt: skip
    by_code = {one["municipality_code"]: one for one in found["municipalities"]}
    assert (by_code["462039"]["rows_in"], by_code["462039"]["accepted"]) == (5, 3)
    assert by_code["465232"]["withheld"] == 1 and by_code["465232"]["accepted"] == 0
    shown = json.loads(app.get("/api/3/action/kagoshima_consolidation_show?dataset=evacuation_space").data)["result"]
    assert shown == found


def test_the_table_says_what_the_files_say_and_never_blank_for_what_cannot_be_read(files, app):
    merged()
    rows = {row["名称"]: row for row in table(app)}
    assert len(rows) == 8 and "見本館" not in rows
    assert rows["一号館"]["災害種別_洪水"] == "1", "a circle is a flag"
    assert rows["三号館"]["緯度"] == "31.39", "full-width digits are read"
    assert rows["四号館"]["緯度"] == "要確認（31度33分）"
    assert rows["一号館"]["災害種別_高潮"] == "要確認（列なし）", "a column that is not there says nothing, not no"
    assert rows["一号館"]["全国地方公共団体コード"] == "462039"
    assert rows["四号館"]["元ファイル行番号"] == "5"
    assert rows["四号館"]["公開者名"] == "鹿屋市"


def test_rejected_and_repeated_rows_are_public_with_reason_and_line(files, app):
    merged()
    (rejected,) = table(app, "/data/v1/evacuation_space/rejected.csv")
    assert (rejected["公開者コード"], rejected["元ファイル行番号"], len(rejected["元ファイルSHA256"])) == ("462039", "3", 64)
    assert "名称" in rejected["説明"]
    (repeated,) = table(app, "/data/v1/evacuation_space/duplicates.csv")
    assert (repeated["元ファイル行番号"], repeated["同じ行"]) == ("6", "4")


def test_a_second_run_changes_nothing(files):
    merged()
    run = MergeRun.last("evacuation_space")
    package = helpers.call_action("package_show", id="kagoshima-evacuation-space")
    again = merged()
    assert again["run"] == run.id and MergeRun.last("evacuation_space").id == run.id
    after = helpers.call_action("package_show", id="kagoshima-evacuation-space")
    assert after["metadata_modified"] == package["metadata_modified"]


def test_a_confirmed_licence_brings_the_withheld_rows_in_as_a_decision(files, app):
    merged()
    helpers.call_action("package_patch", context=context(), id="465232-evacuation-space", license_id="cc-by-4.0")
    found = merged()
    assert (found["accepted"], found["withheld"]) == (9, 0)
    assert "見本館" in {row["名称"] for row in table(app)}
    change = model.Session.query(MergeChange).order_by(MergeChange.seq.desc()).first()
    assert (change.kind, change.cause, change.publisher_code) == ("added", "decision", "465232")


def test_the_same_bytes_twice_from_one_publisher_are_one_file(files):
    data = site([f"{n},見本公園{n},見本町{n},31.5{n},130.5{n},462012,1," for n in range(1, 6)])
    helpers.call_action(
        "resource_create", context=context(), package_id="462012-evacuation-space", format="CSV", url="x",
        url_type="upload", upload=uploaded(data, "copy.csv"),
    )  # fmt: skip
    found = merged()
    assert found["rows_in"] == 11
    own = next(one for one in found["municipalities"] if one["municipality_code"] == "462012")
    assert sorted(file["outcome"] for file in own["files"]) == ["alias", "merged"]


def test_the_merged_dataset_is_the_prefectures_with_addresses_that_never_change(files):
    merged()
    package = helpers.call_action("package_show", id="kagoshima-evacuation-space")
    assert package["organization"]["name"] == "460001" and package["license_id"] == "cc-by-4.0"
    urls = {resource["url"] for resource in package["resources"]}
    assert "http://test.ckan.net/data/v1/evacuation_space.csv" in urls
    assert "http://test.ckan.net/data/v1/evacuation_space/rejected.csv" in urls
    ids = [resource["id"] for resource in package["resources"]]
    publish("462012", site(["1,新しい名,見本町1,31.5,130.5,462012,1,"]), resource=files["462012"])
    merged()
    assert [one["id"] for one in helpers.call_action("package_show", id=package["id"])["resources"]] == ids


def test_whole_files_come_with_etag_range_and_checksum(files, app):
    merged()
    response = app.get("/data/v1/evacuation_space.csv")
    manifest = json.loads(app.get("/data/v1/evacuation_space/manifest.json").data)
    entry = manifest["files"]["evacuation_space.csv"]
    assert entry["sha256"] in response.headers["ETag"] and entry["size"] == len(response.data) and entry["rows"] == 8
    assert app.get("/data/v1/evacuation_space.csv", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    part = app.get("/data/v1/evacuation_space.csv", headers={"Range": "bytes=0-2"})
    assert part.status_code == 206 and part.data == b"\xef\xbb\xbf"
    features = json.loads(app.get("/data/v1/evacuation_space.geojson").data)["features"]
    assert len(features) == 8
    unreadable = next(one for one in features if one["properties"]["name"] == "四号館")
    assert unreadable["geometry"] is None
    assert unreadable["properties"]["latitude"] is None and unreadable["properties"]["latitude_source"] == "31度33分"


def test_a_dataset_that_is_deleted_takes_its_rows_along(files):
    merged()
    helpers.call_action("package_delete", context=context(), id="462012-evacuation-space")
    found = merged()
    assert (found["rows_in"], found["accepted"]) == (6, 3)


def test_the_page_shows_the_balance_in_words(files, app):
    merged()
    page = app.get("/merged/evacuation_space").body
    assert "鹿屋市" in page and "rejected.csv" in page and "11" in page
    assert app.get("/merged/no_such_thing", status=404)


def test_a_first_run_that_died_before_its_indexes_were_made_is_finished_by_the_next(files, app, monkeypatch):
    definition = catalogue.load().standard("evacuation_space")
    create_indexes = datastore_tables.create_indexes

    def broken(connection, shape):
        if connection.execute(sa.text(f'SELECT count(*) FROM "{shape.table}"')).scalar():
            raise OSError("disk full")
        create_indexes(connection, shape)

    with monkeypatch.context() as patch:
        patch.setattr(datastore_tables, "create_indexes", broken)
        with pytest.raises(OSError):
            merged()
    model.Session.rollback()
    assert not loading.is_current(definition)
    assert MergeRun.public("evacuation_space") is None, "nothing is public of a table that is not finished"
    merged()
    assert loading.is_current(definition)
    assert len(table(app)) == 8


def test_a_run_that_died_before_its_files_were_written_is_finished_by_the_next(files, app, monkeypatch):
    merged()
    publish("462012", site(["1,新しい名,見本町1,31.51,130.51,462012,1,"]), resource=files["462012"])
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "write_files", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError):
            merged()
    assert len(table(app)) == 8, "the last consistent version stays public"
    merged()
    assert {row["名称"] for row in table(app) if row["公開者コード"] == "462012"} == {"新しい名"}


def test_a_merge_leaves_the_collection_of_garbage_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    before, during = gc.get_threshold(), []
    monkeypatch.setattr(jobs, "_consolidate", lambda _: during.append((gc.get_threshold()[0], gc.get_freeze_count() > 0)))
    jobs.consolidate_table("evacuation_space")
    assert during == [(100_000, True)]
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
    with pytest.raises(ValueError), memory.seldom_collected():
        raise ValueError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
