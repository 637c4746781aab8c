"""What people who depend on a merged table are promised: every row leads to its line, nothing personal gets out, past states
come back, and the usual tools open it."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from ckanext.datastore.backend.postgres import get_write_engine
from test_consolidation import context, merged, publish, publisher, table
from test_data_api import get
from werkzeug.datastructures import FileStorage

from ckanext.kagoshima.consolidation import (
    bundling,
    feed,
    jobs,
    loading,
    municipal,
    naming,
    parts,
    redaction,
    suspecting,
    workbook,
)
from ckanext.kagoshima.consolidation.model import MergeChange, MergeFile, MergeRun
from recommended_datasets.changes import Change, apply

csv.field_size_limit(1 << 30)
pytestmark = pytest.mark.usefixtures("with_plugins")
HEADER = "NO,名称,住所,緯度,経度,全国地方公共団体コード,災害種別_洪水,備考," + "独自" * 50
BASE = "/data/v1/evacuation_space"
SECRET = "123456789018"
"""An invented number with the check digit of a マイナンバー."""


def site(lines: list[str], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(["令和8年度 指定緊急避難場所", HEADER, *lines, ""]).encode(encoding)


def lines(count: int, code: str, start: int = 1) -> list[str]:
    return [
        f"{n:04},見本{code}第{n}公園,見本町{n},{31.3 + n / 1000:.4f},{130.4 + n / 1000:.4f},{code},{n % 2 or ''},,独自の値{n}"
        for n in range(start, start + count)
    ]


@pytest.fixture(scope="module")
def browser(application: Any) -> Any:
    return helpers.CKANTestApp(application)


@pytest.fixture(scope="module")
def town(application: Any, reset_db: Callable[[], None], reset_index: Callable[[], None]) -> dict[str, str]:
    """Four publishers, with the faults of real files. The tests of this module that change it come last."""
    reset_db()
    reset_index()
    with get_write_engine().begin() as connection:
        found = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT starts_with(tablename, '_')"
        for name in list(connection.execute(sa.text(found)).scalars()):
            connection.execute(sa.text(f'DROP TABLE "{name}" CASCADE'))
        connection.execute(sa.text('DELETE FROM "_table_stats"'))
    for code, name in (("460001", "鹿児島県"), ("462012", "鹿児島市"), ("462039", "鹿屋市"), ("462187", "霧島市")):
        publisher(code, name)
    first = lines(150, "462012")
    first[9] = '0010,"見本462012第10公園","見本町10\r\n(旧道沿い)",31.31,130.41,462012,1,,'
    faults = [
        *lines(60, "462039"),
        "0061,短い行,見本町61",
        "0062,長い行,見本町62,31.39,130.87,462039,,,x,余り",
        "0063,大きなセル,見本町63,31.39,130.87,462039,,," + "字" * 1_000_000,
        f"0064,個人の行,見本町64,31.39,130.87,462039,,{SECRET},",
        "0065,前の市の行,見本町65,31.39,130.87,462110,,,",
        "0066,=1+1,見本町66,31.39,130.87,462039,,髙﨑②と\U00020bb7,",
        "0067,舎,見本町67,31.555579,130.87,462039,1,,",
        "0068,舎,見本町67,31.555580,130.87,462039,,,",
        "0069,,見本町69,31.39,130.87,462039,,,",
    ]
    east = ["0001,東の果て,見本町1,31.5,179.9,462187,,,", "0002,西の果て,見本町2,31.5,-179.9,462187,,,"]
    resources = {
        "462012": publish("462012", site(first, "cp932")),
        "462039": publish("462039", site(faults)),
        "462187": publish("462187", site(east)),
    }
    merged()
    return {code: one["id"] for code, one in resources.items()}


def test_every_row_is_somewhere_and_personal_rows_are_counted_only(town, browser):
    shown = json.loads(browser.get("/api/3/action/kagoshima_consolidation_show?dataset=evacuation_space").data)["result"]
    counts = {name: shown[name] for name in ("rows_in", "accepted", "rejected", "duplicates", "withheld")}
    assert counts == {"rows_in": 221, "accepted": 219, "rejected": 1, "duplicates": 0, "withheld": 1}
    (own,) = [one for one in shown["municipalities"] if one["municipality_code"] == "462039"]
    assert own["files"][0]["reasons"]["withheld"] == {"personal-data": 1}
    for path in (".csv", ".geojson", ".parquet", "/rejected.csv", "/duplicates.csv", "/changes?limit=1000", "/rows?limit=1000"):
        assert SECRET.encode() not in browser.get(BASE + path).data, path
    assert SECRET not in json.dumps([[one.before, one.after] for one in model.Session.query(MergeChange)])


def test_two_hundred_random_rows_lead_to_the_line_of_the_archived_file(town, browser):
    rows = table(browser)
    originals: dict[str, list[str]] = {}
    for number, row in enumerate(random.Random(6).sample(rows, 200)):
        passport = helpers.call_action("kagoshima_row_show", dataset="evacuation_space", row_id=row["行ID"])["passport"]
        if number % 40 == 0:
            assert get(browser, f"{BASE}/rows/{row['行ID']}")[1]["passport"] == passport
        if passport["sha256"] not in originals:
            data = browser.get(f"{BASE}/rows/{row['行ID']}/original").data
            text = data.decode("cp932" if passport["publisher"]["code"] == "462012" else "utf-8")
            originals[passport["sha256"]] = text.split("\r\n")
        line = originals[passport["sha256"]][passport["line"] - 1]
        assert row["名称"].removeprefix("'") in line, (row["行ID"], passport["line"])


def test_odd_rows_and_columns_lose_nothing(town, browser):
    rows = {row["名称"]: row for row in table(browser)}
    assert json.loads(rows["見本462039第1公園"]["公開者独自の列"]) == {"独自" * 50: "独自の値1"}
    assert json.loads(rows["大きなセル"]["公開者独自の列"]) == {"独自" * 50: "字" * 1_000_000}
    assert rows["短い行"]["緯度"] == "" and rows["長い行"]["緯度"] == "31.39"
    (former,) = get(browser, f"{BASE}/rows?f.name=前の市の行")[1]["rows"]
    assert (former["municipality_code"], former["municipality_code_source"]) == ("462039", "462110")
    assert "'=1+1" in rows, "a formula is led by an apostrophe"


def test_a_box_may_cross_the_180th_meridian(town, browser):
    names = {row["name"] for row in get(browser, f"{BASE}/rows?bbox=179,31,-179,32")[1]["rows"]}
    assert names == {"東の果て", "西の果て"}
    assert get(browser, f"{BASE}/rows?bbox=-179,31,179,32&q=果て")[1]["rows"] == []


def test_nothing_in_any_parameter_is_taken_for_sql(town, browser):
    evil = urllib.parse.quote("x'); DROP TABLE package; --")
    names = ("q", "municipality", "bbox", "near", "radius", "fields", "sort", "limit", "cursor", "format", "total", "attribution",
             "f.name", "f.latitude", "f.x'; --", "since")  # fmt: skip
    for path in ("/rows", "/changes", "/changes.csv", "/changes.atom", "/schema"):
        for name in names:
            response = browser.get(f"{BASE}{path}?{urllib.parse.quote(name)}={evil}", expect_errors=True)
            assert response.status_code in (200, 400, 404, 406), (path, name, response.status_code)
            if response.status_code != 200:
                assert " / " in json.loads(response.data)["error"]["message"]
    for path in (f"/rows/{evil}", f"/rows/{evil}/original"):
        assert browser.get(BASE + path, expect_errors=True).status_code == 404
    for path in ("as_of", "encoding"):
        assert browser.get(f"{BASE}.csv?{path}={evil}", expect_errors=True).status_code == 400
    for path in ("bbox", "limit", "datetime", "cursor", "crs", "f", "nope"):
        assert browser.get(f"/ogc/collections/evacuation_space/items?{path}={evil}", expect_errors=True).status_code in (400, 406)
    for cursor in ("-1", "1e3", "é", "WyJ4IiwxLDJd", "9" * 30):
        for path in ("/rows", "/changes"):
            assert browser.get(f"{BASE}{path}?cursor={urllib.parse.quote(cursor)}", expect_errors=True).status_code == 400


def test_the_usual_tools_read_the_files_without_options(town, browser, tmp_path: Path):
    pandas = pytest.importorskip("pandas")
    import polars

    (tmp_path / "t.parquet").write_bytes(browser.get(f"{BASE}.parquet").data)
    (tmp_path / "t.csv").write_bytes(browser.get(f"{BASE}.csv").data)
    frame = polars.read_parquet(tmp_path / "t.parquet")
    assert frame.height == 219 and frame["id"].to_list()[0] == "0001"
    assert pandas.read_parquet(tmp_path / "t.parquet")["id"].iloc[0] == "0001"
    duckdb = pytest.importorskip("duckdb")
    count = f"SELECT count(*), min(id) FROM read_parquet('{tmp_path}/t.parquet')"
    assert duckdb.connect().execute(count).fetchone() == (219, "0001")
    loaded = pandas.read_csv(tmp_path / "t.csv", dtype=str)
    assert len(loaded) == 219 and list(loaded.columns) == list(table(browser)[0])
    assert loaded["ID"].iloc[0] == "0001" and len(pandas.read_csv(tmp_path / "t.csv")) == 219
    documented = (Path(__file__).resolve().parents[2] / "docs" / "data_api.md").read_text("utf-8")
    assert "dtype=str" in documented


def test_old_programs_get_cp932_and_are_told_what_it_lacks(town, browser):
    response = browser.get(f"{BASE}.csv?encoding=cp932")
    text = response.data.decode("cp932")
    assert "髙﨑②と〓" in text and "見本462012第1公園" in text
    assert "\U00020bb7" in urllib.parse.unquote(response.headers["X-Lost-Characters"])
    (lost,) = json.loads(browser.get(f"{BASE}.csv?lost=true").data)
    assert lost == {"character": "\U00020bb7", "code_point": "U+20BB7", "count": 1}


def test_a_workbook_is_made_on_request_and_runs_nothing(town, browser):
    import openpyxl

    assert browser.get(f"{BASE}.xlsx").status_code == 202
    workbook.make("evacuation_space")
    response = browser.get(f"{BASE}.xlsx")
    assert response.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(response.data), read_only=True)["全件"]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 220 and "0001" in rows[1] and any("=1+1" in row for row in rows)
    files = MergeFile.of_dataset("evacuation_space")
    split = list(workbook.sheets(files, 219, most=200))
    assert [name for name, _ in split] == ["462012 鹿児島市", "462039 鹿屋市", "462187 霧島市"]


def test_gdal_opens_the_table_by_one_address(town, application, browser):
    assert set(get(browser, "/ogc/conformance")[1]["conformsTo"]) >= {
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
    }
    page = get(browser, "/ogc/collections/evacuation_space/items?limit=2")[1]
    assert page["numberReturned"] == 2 and {one["rel"] for one in page["links"]} >= {"self", "next"}
    assert get(browser, "/ogc/collections/evacuation_space/items?colour=red")[0] == 400
    one = get(browser, f"/ogc/collections/evacuation_space/items/{page['features'][0]['id']}")[1]
    number = int(one["properties"]["id"]) / 1000
    assert len(one["properties"]["id"]) == 4
    assert one["geometry"]["coordinates"] == pytest.approx([130.4 + number, 31.3 + number])
    assert get(browser, "/ogc/collections/nothing")[0] == 404
    pytest.importorskip("pyogrio")
    with served(application) as address:
        done = subprocess.run([sys.executable, "-c", GDAL, address], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"features": 219, "first": "0001", "places": 218}


GDAL = """
import json, sys, pyogrio
meta, _, geometry, fields = pyogrio.raw.read(f"OAPIF:{sys.argv[1]}/ogc", layer="evacuation_space")
ids = sorted(fields[list(meta["fields"]).index("id")])
print(json.dumps({"features": len(ids), "first": ids[0], "places": sum(one is not None for one in geometry)}))
"""
"""In a process of its own: GDAL waits for the server without letting Python run."""


class served:
    """The application on a real port, as its own site while it runs."""

    def __init__(self, application: Any) -> None:
        from werkzeug.serving import make_server

        self._server = make_server("127.0.0.1", 0, application, threaded=True)
        self._before = tk.config["ckan.site_url"]

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{self._server.server_port}"
        tk.config["ckan.site_url"] = address
        return address

    def __exit__(self, *_: Any) -> None:
        tk.config["ckan.site_url"] = self._before
        self._server.shutdown()


def test_the_descriptions_for_programs_are_valid(town, browser):
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(get(browser, "/data/v1/openapi.json")[1])
    validator.validate(json.loads(browser.get("/ogc/api").data))
    import jsonschema

    schema = get(browser, f"{BASE}/schema?format=json-schema")[1]
    check = jsonschema.Draft202012Validator(schema)
    rows = get(browser, f"{BASE}/rows?limit=1000")[1]["rows"]
    assert len(rows) == 219 and not [error.message for row in rows for error in check.iter_errors(row)]


def test_programs_that_follow_the_description_find_nothing_wrong(town, application):
    """schemathesis asks with what the description allows and with what it forbids. That a sound request is refused with 400 is
    no finding: JSON Schema cannot say that south is not above north, that `near` and `sort` do not go together, or which
    cursors were given out."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    schema = schemathesis.openapi.from_wsgi("/data/v1/openapi.json", application)
    few = settings(max_examples=6, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
                   suppress_health_check=list(HealthCheck))  # fmt: skip
    asked = set()
    for operation in (result.ok() for result in schema.get_all_operations()):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @few
            @given(case=operation.as_strategy(generation_mode=mode))
            def follows(case: Any) -> None:
                case.call_and_validate(excluded_checks=[positive_data_acceptance])
                asked.add(case.operation.label)

            follows()
    assert len(asked) == len(list(schema.get_all_operations()))


def test_a_municipalitys_own_file_is_a_table_of_the_datastore(town, browser):
    assert municipal.load(town["462039"]) == 68, "every row but the one that may tell of a person"
    assert municipal.load(town["462039"]) is None, "the same bytes are not loaded twice"
    found = helpers.call_action("datastore_search", resource_id=town["462039"], q="舎", sort="source_line")
    assert [row["latitude"] for row in found["records"]] == [31.555579, 31.55558]
    assert helpers.call_action("datastore_search", resource_id=town["462039"], q="大きなセル")["total"] == 1
    fields = {field["id"]: (field["type"], field.get("info", {}).get("label")) for field in found["fields"]}
    assert fields["name"] == ("text", "名称") and fields["latitude"] == ("float8", "緯度") and all(map(str.isascii, fields))
    rejected = helpers.call_action("datastore_search", resource_id=town["462039"], filters={"id": "0069"})
    assert rejected["total"] == 1, "a row that the merge does not take is in its own file's table"
    dump = browser.get(f"/datastore/dump/{town['462039']}?bom=true").data.decode("utf-8-sig")
    assert len(dump.splitlines()) == 69 and SECRET not in dump
    assert helpers.call_action("datastore_search", resource_id=town["462039"], limit=0)["total"] == 68


def test_a_file_of_no_standard_is_a_table_of_its_own_columns(town):
    package = helpers.call_action("package_create", context=context(), name="parks", title="公園", owner_org="462012",
                                  license_id="cc-by-4.0", municipality_code="462012")  # fmt: skip
    data = "公園の名前,遊具の数\r\n見本児童公園,0012\r\n中央広場,\r\n".encode("cp932")
    file = FileStorage(io.BytesIO(data), "park.csv", content_type="text/csv")
    resource = helpers.call_action("resource_create", context=context(), package_id=package["id"], upload=file, url="x",
                                   url_type="upload", format="CSV")  # fmt: skip
    assert municipal.load(resource["id"]) == 2
    found = helpers.call_action("datastore_search", resource_id=resource["id"], q="広場")
    assert [row["column_1"] for row in found["records"]] == ["中央広場"]
    assert [field["info"]["label"] for field in found["fields"] if "info" in field] == ["行番号", "公園の名前", "遊具の数"]
    assert helpers.call_action("datastore_search", resource_id=resource["id"])["records"][0]["column_2"] == "0012"
    helpers.call_action("package_delete", context=context(), id=package["id"])


def test_an_address_that_asks_too_often_is_told_to_wait(town, browser, monkeypatch):
    monkeypatch.setitem(tk.config, "ckanext.kagoshima.rows.rate_limit", 3)
    found = [browser.get(f"{BASE}/rows?limit=1", expect_errors=True) for _ in range(9)]
    (refused, *_) = [one for one in found if one.status_code == 429]
    assert int(refused.headers["Retry-After"]) <= 60 and "too-many" in refused.body


def test_the_page_shows_map_rejected_suspected_and_changed_rows(town, browser):
    page = browser.get("/merged/evacuation_space").body
    assert 'id="merged-map"' in page and "統合データに入らなかった行" in page and "個人情報" in page
    assert "名称" in page and "/ogc" in page and SECRET not in page
    home = browser.get("/").body
    assert "3団体" in home or "3 publishers" in home or "3公開者" in home or "公開者 3" in home, "the card counts publishers"


def test_the_bundle_is_built_and_holds_every_municipality(town, browser):
    from click.testing import CliRunner

    from ckanext.kagoshima.cli import kagoshima

    said = CliRunner().invoke(kagoshima, ["bundle", "build"], catch_exceptions=False)
    assert said.exit_code == 0 and "files" in said.output
    manifest = json.loads(bundling.read("manifest.json"))
    assert {"index.html", "sw.js", "462012/index.html", "all/evacuation_space.csv"} <= manifest["files"].keys()
    assert manifest["files"]["462012/index.html"]["size"] < 1_000_000
    assert SECRET.encode() not in bundling.read("462039/index.html")


# ---- from here on the town changes ----


def test_a_confirmed_duplicate_is_dropped_with_its_reason_and_only_then(town, browser):
    definition = loading_definition()
    count, pairs = suspecting.listed(definition)
    pair = next(one for one in pairs if {row["name"] for row in one["rows"]} == {"舎"})
    one, other = (row["row_id"] for row in pair["rows"])
    with pytest.raises(tk.NotAuthorized):
        helpers.call_action("kagoshima_suspect_decide", context={"user": factories.User()["name"], "ignore_auth": False},
                            dataset="evacuation_space", row_id=one, other_row_id=other, drop=other, why="x")  # fmt: skip
    where = "/merged/evacuation_space/suspects"
    page = browser.get(where).body
    assert "舎" in page and 'name="why"' not in page, "visitors only read"
    form = {"row_id": one, "other_row_id": other, "drop": other}
    assert browser.post(where, data={**form, "why": "x"}, expect_errors=True).status_code in (302, 403)
    staff = factories.SysadminWithToken()
    headers = {"Authorization": staff["token"]}
    assert 'name="why"' in browser.get(where, headers=headers).body
    browser.post(where, data={**form, "why": " "}, headers=headers, follow_redirects=False)
    assert suspecting.listed(definition)[0] == count, "nobody decides without a reason"
    browser.post(where, data={**form, "why": "同じ建物"}, headers=headers, follow_redirects=False)
    assert "同じ建物" in browser.get(where).body, "the reason is public"
    found = merged()
    assert (found["accepted"], found["duplicates"]) == (218, 1)
    (dropped,) = table(browser, f"{BASE}/duplicates.csv")
    assert dropped["理由"] == "duplicate-confirmed" and suspecting.listed(definition)[0] == count - 1
    last = model.Session.query(MergeChange).order_by(MergeChange.seq.desc()).first()
    assert last is not None and (last.kind, last.cause, last.row_id) == ("removed", "decision", other)


def loading_definition() -> Any:
    from ckanext.kagoshima.checking import catalogue

    return catalogue.load().standard("evacuation_space")


def test_a_past_state_comes_back_byte_for_byte_and_all_changes_lead_to_today(town, browser):
    before = browser.get(f"{BASE}.csv").data
    moment = MergeRun.last("evacuation_space").at.isoformat()  # type: ignore
    publish("462187", site(["0001,東の果て,新町1,31.5,179.9,462187,,,"]), resource=town["462187"])
    merged()
    now = MergeRun.last("evacuation_space").at.isoformat()  # type: ignore
    assert browser.get(f"{BASE}.csv").data != before
    assert browser.get(f"{BASE}.csv?as_of={urllib.parse.quote(now)}").data == before
    assert browser.get(f"{BASE}.csv?as_of={urllib.parse.quote(moment)}").data != before
    assert browser.get(f"{BASE}.csv?as_of=2999-01-01", expect_errors=True).status_code == 400
    assert replayed(browser) == browser.get(f"{BASE}.csv").data


def replayed(browser: Any) -> bytes:
    from recommended_datasets import outputs, outputs_csv

    rows: Any = {}
    for entries in pages(browser):
        changes = [Change(one["kind"], one["row_id"], one["cause"], one["before"] or {}, one["after"] or {}) for one in entries]
        rows = apply(rows, changes)
    stored = outputs.stored_frame(rows.values(), loading_definition())
    return outputs_csv.header(loading_definition()) + outputs_csv.rows(stored, loading_definition())


def pages(browser: Any) -> Iterator[list[dict[str, Any]]]:
    cursor = "0"
    while True:
        page = get(browser, f"{BASE}/changes?limit=100&cursor={cursor}")[1]
        yield sorted(page["changes"] + page["provenance"], key=lambda one: one["seq"])
        cursor = page["next_cursor"]
        if not page["more"]:
            return


def test_a_definition_with_a_new_column_takes_the_old_parts_along(town):
    from dataclasses import replace

    definition = loading_definition()
    extra = replace(definition.fields[-1], id="brand_new", name="新しい列", key=False)
    changed = replace(definition, fields=(*definition.fields, extra), _index={})
    files = [file.part for file in MergeFile.of_dataset("evacuation_space") if file.accepted]
    assert not loading.is_current(changed)
    assert parts.typed_frame(files[0], changed)["brand_new"].null_count() == parts.typed_frame(files[0], definition).height
    loading.rebuild(changed, files)
    assert loading.is_current(changed)
    loading.rebuild(definition, files)
    assert loading.is_current(definition)


def test_a_definition_that_gives_a_column_another_type_wants_another_table(town):
    from dataclasses import replace

    definition = loading_definition()
    fields = [replace(field, type="integer") if field.id == "latitude" else field for field in definition.fields]
    assert loading.is_current(definition) and not loading.is_current(replace(definition, fields=tuple(fields), _index={}))


def test_every_cell_of_the_table_is_that_of_its_part(town):
    definition = loading_definition()
    names = loading.shape(definition).names
    files = [file.part for file in MergeFile.of_dataset("evacuation_space") if file.accepted]
    wanted = {row[0]: row for part in files for row in parts.typed_frame(part, definition).select(names).iter_rows()}
    with get_write_engine().connect() as connection:
        chosen = ", ".join(f'"{name}"' for name in names)
        found = connection.execute(sa.text(f'SELECT {chosen} FROM "{naming.table_id("evacuation_space")}"')).fetchall()
        query = f'SELECT count(*) FROM "{naming.table_id("evacuation_space")}" WHERE _full_text <> text(_full_text)::tsvector'
        assert connection.execute(sa.text(query)).scalar() == 0, "as PostgreSQL itself would have it"
    assert len(found) == len(wanted)
    for row in found:
        for name, cell, expected in zip(names, row, wanted[row[0]], strict=True):
            if name in ("extra", "unknown") and expected is not None:
                cell, expected = json.loads(cell), json.loads(expected)
            assert cell == expected


def test_a_table_that_the_catalogue_does_not_know_of_is_made_anew(town, browser):
    before = get(browser, f"{BASE}/rows?total=true&limit=1")[1]["total"]
    resource = model.Resource.get(naming.table_id("evacuation_space"))
    with get_write_engine().begin() as connection:  # rows that an earlier catalogue left behind
        connection.execute(sa.text(f'DELETE FROM "{resource.id}" WHERE row_id IN (SELECT row_id FROM "{resource.id}" LIMIT 3)'))
    resource.extras = {**resource.extras, "datastore_active": False}
    model.Session.commit()
    assert get(browser, f"{BASE}/rows?total=true&limit=1")[1]["total"] == before - 3
    assert not loading.is_current(loading_definition())
    jobs.consolidate(["evacuation_space"])
    assert model.Resource.get(naming.table_id("evacuation_space")).extras["datastore_active"] is True
    assert get(browser, f"{BASE}/rows?total=true&limit=1")[1]["total"] == before


def test_a_row_that_goes_over_to_another_publisher_is_found_by_its_old_id(town, browser):
    (old,) = get(browser, f"{BASE}/rows?q=東の果て")[1]["rows"]
    publish("462187", site(["0009,残りの果て,残町1,31.7,179.8,462187,,,"]), resource=town["462187"])
    moved = lines(150, "462012") + ["0999,東の果て,新町1,31.5,179.9,462012,,,"]
    publish("462012", site(moved), resource=town["462012"])
    merged()
    response = browser.get(f"{BASE}/rows/{old['row_id']}", follow_redirects=False)
    (new,) = get(browser, f"{BASE}/rows?q=東の果て")[1]["rows"]
    assert response.status_code == 301 and response.headers["Location"].endswith(new["row_id"])
    assert new["publisher_code"] == "462012"
    publish("462012", site(lines(150, "462012")), resource=town["462012"])
    publish("462187", site(["0001,東の果て,新町1,31.5,179.9,462187,,,"]), resource=town["462187"])
    merged()


def test_what_was_purged_leaves_an_entry_without_values(town, browser):
    sha256 = next(f.sha256 for f in MergeFile.of_dataset("evacuation_space") if f.publisher_code == "462187")
    (purged,) = get(browser, f"{BASE}/rows?municipality=462187")[1]["rows"]
    helpers.call_action("package_delete", context=context(), id="462187-evacuation-space")
    merged()
    assert redaction.purge(sha256, ["evacuation_space"]) > 0
    whole = [one for entries in pages(browser) for one in entries]
    own = [one for one in whole if one["row_id"] == purged["row_id"]]
    assert own and all(one["redacted"] and one["before"] is None and one["after"] is None for one in own)
    assert all(sha256 not in json.dumps([one["before"], one["after"]]) for one in whole)
    assert replayed(browser) == browser.get(f"{BASE}.csv").data


def test_changes_past_their_retention_are_answered_with_where_to_start_anew(town, browser):
    model.Session.query(MergeChange).update({MergeChange.at: MergeChange.at - sa.text("interval '40 days'")})
    model.Session.commit()
    assert feed.forget("evacuation_space", 30) > 0
    model.Session.commit()
    status, body = get(browser, f"{BASE}/changes?since=1")
    assert status == 410 and f"{BASE}.csv" in body["error"]["message"]
    assert get(browser, f"{BASE}/changes?since=2000-01-01")[0] == 410
    first = model.Session.query(sa.func.min(MergeChange.seq)).scalar()
    assert get(browser, f"{BASE}/changes?cursor={first - 1}")[0] == 200

