"""``/data/v1`` on a real merged table: rows, passports, changes; errors that say what to do."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from ckanext.datastore.backend.postgres import get_write_engine
from test_consolidation import context, files, merged, publish, site, table, towns  # noqa: F401

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import query as query_
from ckanext.kagoshima.consolidation import row_json, row_texts, rows
from ckanext.kagoshima.consolidation.model import MergeFile
from ckanext.kagoshima.consolidation.naming import table_id
from recommended_datasets.changes import Change, apply

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "clean_datastore")
ROWS = "/data/v1/evacuation_space/rows"


def get(app: Any, path: str) -> tuple[int, Any]:
    response = app.get(path, expect_errors=True)
    return response.status_code, json.loads(response.data)


def everything(app: Any, path: str) -> list[str]:
    """The row ids of all pages."""
    found: list[str] = []
    cursor = None
    while True:
        status, page = get(app, f"{path}&cursor={cursor}" if cursor else path)
        assert status == 200, page
        found += [row["row_id"] for row in page["rows"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_rows_are_found_by_words_place_publisher_and_value_and_paged_without_gaps(files, app):  # noqa: F811
    merged()
    assert len(everything(app, f"{ROWS}?limit=3")) == len(set(everything(app, f"{ROWS}?limit=3"))) == 8
    for order in ("sort=latitude", "sort=-latitude", "sort=name", "near=31.5,130.5&radius=100000"):
        found = everything(app, f"{ROWS}?limit=3&{order}")
        assert len(found) == len(set(found)) >= 7, order
    assert get(app, f"{ROWS}?q=公園&total=true")[1]["total"] == 5
    assert get(app, f"{ROWS}?q=館&total=true")[1]["total"] == 3, "one character is a word"
    assert get(app, f"{ROWS}?municipality=462039&total=true")[1]["total"] == 3
    assert get(app, f"{ROWS}?f.hazard_tsunami=1&total=true")[1]["total"] == 1
    assert get(app, f"{ROWS}?bbox=130.86,31.3,130.9,31.4&total=true")[1]["total"] == 2
    near = get(app, f"{ROWS}?near=31.51,130.51&radius=200000&fields=name")[1]["rows"]
    assert near[0]["name"] == "見本公園1" and near[0]["distance"] == 0
    assert [row["distance"] for row in near] == sorted(row["distance"] for row in near)
    for radius in (1, 1_500, 5_000, 200_000):
        page = get(app, f"{ROWS}?near=31.51,130.51&radius={radius}&total=true")[1]
        assert page["total"] == len(page["rows"]) and all(row["distance"] <= radius for row in page["rows"])


def test_what_cannot_be_read_is_null_with_its_original_text(files, app):  # noqa: F811
    merged()
    (row,) = get(app, f"{ROWS}?q=四号館")[1]["rows"]
    assert row["latitude"] is None and row["latitude_source"] == "31度33分"
    assert row["hazard_flood"] == "" and row["hazard_storm_surge"] is None, "not designated, and not said"
    text = app.get(f"{ROWS}?q=四号館&format=csv").data.decode("utf-8-sig")
    assert "要確認（31度33分）" in text


@pytest.mark.parametrize(
    "query",
    ["", "near=31.51,130.51&radius=200000", "sort=-latitude", "fields=name,latitude", "attribution=json", "fields=extra,unknown"],
)
def test_the_quick_way_of_writing_rows_says_what_every_other_way_says(files, app, query):  # noqa: F811
    merged()
    with app.flask_app.test_request_context():
        definition = catalogue.load().standard("evacuation_space")
        asked = query_.read(definition, {name: [value] for name, value in parse_qsl(query)})
        slow = row_json.all_shown(rows.search(asked).rows, asked.columns)
        page = rows.search(asked, texts=True)
        quick = json.loads(row_texts.written(page.rows, asked))
        assert quick == json.loads(json.dumps(slow)) and len(quick) >= 7
        assert [list(row) for row in quick] == [list(row) for row in slow]
    if not query:
        assert any("latitude_source" in row for row in quick), "there is a cell that could not be read"
    status, answer = get(app, f"{ROWS}?{query}")
    assert status == 200 and answer["rows"] == quick


def test_rows_of_a_place_are_found_without_the_table(files, app):  # noqa: F811
    """Right after a table was filled, nothing but the indexes is read for ids of rows in a box or near a point."""
    merged()
    name = f'"{table_id("evacuation_space")}"'
    place = "point(longitude, latitude)"
    with get_write_engine().begin() as connection:
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            connection.execute(sa.text(f"SET LOCAL {setting} = off"))
        for rest in (
            f"WHERE {place} <@ box(point(130, 31), point(131, 32)) ORDER BY row_id LIMIT 5",
            "WHERE longitude BETWEEN 130 AND 131 AND latitude BETWEEN 31 AND 32 ORDER BY row_id LIMIT 5",
            f"WHERE latitude IS NOT NULL ORDER BY {place} <-> point(130.5, 31.5) LIMIT 5",
        ):
            plan = connection.execute(sa.text(f"EXPLAIN (ANALYZE) SELECT row_id FROM {name} {rest}")).scalars()
            text = "\n".join(plan)
            assert "Index Only Scan" in text and "Heap Fetches: 0" in text, text


WRONG = (
    ("limit=-1", 400, "bad-limit"), ("limit=1001", 400, "bad-limit"), ("bbox=1,2,3", 400, "bad-bbox"),
    ("bbox=nan,1,2,3", 400, "bad-bbox"), ("near=here", 400, "bad-near"), ("near=31,130&radius=0", 400, "bad-radius"),
    ("cursor=e30", 400, "bad-cursor"), ("cursor=WzEsMiwzXQ", 400, "bad-cursor"), ("sort=name;drop", 400, "unknown-field"),
    ("f.nope=1", 400, "unknown-field"), ("f.latitude=x", 400, "bad-value"), ("colour=red", 400, "unknown-parameter"),
    ("format=xml", 406, "not-acceptable"), ("limit=1&limit=2", 400, "repeated-parameter"),
    ("q=、。", 400, "nothing-to-search"), ("radius=5", 400, "radius-alone"),
    ("q=" + "あ" * 3000, 413, "too-long"), ("q=%00", 400, "bad-value"),
)  # fmt: skip
"""Query, status and code of requests that are wrong."""


def test_a_wrong_request_is_told_what_is_wrong_in_both_languages(one_row, app):
    for query, status, code in WRONG:
        found, body = get(app, f"{ROWS}?{query}")
        assert (found, body["error"]["code"]) == (status, code), query
        assert " / " in body["error"]["message"]


def test_sql_in_any_parameter_is_only_text(one_row, app):
    for name in ("q", "municipality", "f.name", "f.id"):
        status, body = get(app, f"{ROWS}?{name}=x'; DROP TABLE package; --")
        assert status == 200 and body["rows"] == []


@pytest.fixture
def one_row(towns: None) -> str:  # noqa: F811
    resource = publish("462012", site(["1,見本公園,見本町1,31.51,130.51,46201,○,"]))
    merged()
    return resource["id"]


def test_the_passport_leads_to_the_line_of_the_original(one_row, app):
    (row,) = get(app, ROWS)[1]["rows"]
    found = get(app, f"{ROWS}/{row['row_id']}")[1]
    passport = found["passport"]
    assert passport["publisher"]["name"] == "鹿児島市" and passport["line"] == 2 and len(passport["sha256"]) == 64
    assert {(one["before"], one["after"]) for one in passport["repairs"]} >= {("○", "1")}
    original = app.get(f"{ROWS}/{row['row_id']}/original").data.decode()
    assert "見本公園" in original.splitlines()[passport["line"] - 1]
    page = app.get(f"/merged/evacuation_space/rows/{row['row_id']}").body
    assert "見本公園" in page and passport["sha256"] in page
    assert get(app, f"{ROWS}/462012-nothing")[0] == 404


def test_one_changed_one_added_and_one_removed_row_are_exactly_three_changes(towns, app):  # noqa: F811
    lines = [f"{n},見本公園{n},見本町{n},31.5{n},130.5{n},462012,1," for n in range(1, 6)]
    resource = publish("462012", site(lines))
    merged()
    since = get(app, "/data/v1/evacuation_space/changes?limit=1000")[1]["next_cursor"]
    changed = [lines[0].replace("462012,1,", "462012,,"), *lines[1:4], "6,見本公園6,見本町6,31.56,130.56,462012,1,"]
    publish("462012", site(changed), resource=resource["id"])
    merged()
    found = get(app, f"/data/v1/evacuation_space/changes?since={since}")[1]
    assert sorted(one["kind"] for one in found["changes"]) == ["added", "changed", "removed"]
    (told,) = [one for one in found["changes"] if one["kind"] == "changed"]
    assert told["before"]["hazard_flood"] == "1" and told["after"]["hazard_flood"] == "" and told["cause"] == "source"
    whole = get(app, "/data/v1/evacuation_space/changes?limit=1000")[1]
    entries = sorted(whole["changes"] + whole["provenance"], key=lambda one: one["seq"])
    replayed = apply(
        {}, [Change(one["kind"], one["row_id"], one["cause"], one["before"] or {}, one["after"] or {}) for one in entries]
    )
    assert replayed_csv(replayed) == app.get("/data/v1/evacuation_space.csv").data


def replayed_csv(rows: dict[str, Any]) -> bytes:
    from ckanext.kagoshima.checking import catalogue
    from recommended_datasets import outputs, outputs_csv

    definition = catalogue.load().standard("evacuation_space")
    return outputs_csv.header(definition) + outputs_csv.rows(outputs.stored_frame(rows.values(), definition), definition)


def test_a_row_put_in_at_the_top_of_a_renumbered_file_is_one_addition(towns, app):  # noqa: F811
    names = [f"見本公園{n},見本町{n},31.5{n},130.5{n},462012,1," for n in range(1, 8)]
    resource = publish("462012", site([f"{n},{rest}" for n, rest in enumerate(names, 1)]))
    merged()
    ids = {row["名称"]: row["行ID"] for row in table(app)}
    since = get(app, "/data/v1/evacuation_space/changes?limit=1000")[1]["next_cursor"]
    names.insert(0, "新公園,新町1,31.6,130.6,462012,1,")
    publish("462012", site([f"{n},{rest}" for n, rest in enumerate(names, 1)]), resource=resource["id"])
    merged()
    found = get(app, f"/data/v1/evacuation_space/changes?since={since}")[1]
    assert [one["kind"] for one in found["changes"]] == ["added"]
    rows = {row["名称"]: row for row in table(app)}
    assert {name: rows[name]["行ID"] for name in ids} == ids
    assert rows["見本公園1"]["ID"] == "2", "the table shows the publisher's numbers of today"


def test_the_description_is_openapi_and_the_feed_is_atom(one_row, app):
    import xml.etree.ElementTree as ElementTree

    document = get(app, "/data/v1/openapi.json")[1]
    assert document["openapi"].startswith("3.1") and "/data/v1/{dataset}/rows" in document["paths"]
    feed = ElementTree.fromstring(app.get("/data/v1/evacuation_space/changes.atom").data)
    assert len(feed.findall("{http://www.w3.org/2005/Atom}entry")) == 1
    for format_ in ("table-schema", "json-schema", "csvw"):
        assert get(app, f"/data/v1/evacuation_space/schema?format={format_}")[0] == 200


def test_parquet_opens_without_options_and_codes_keep_their_zeros(towns, app):  # noqa: F811
    polars = pytest.importorskip("polars")
    publish("462012", site(["0001,見本公園,見本町1,31.51,130.51,462012,1,", "0002,見本館,見本町2,x,130.5,462012,,"]))
    merged()
    frame = polars.read_parquet(io.BytesIO(app.get("/data/v1/evacuation_space.parquet").data))
    assert frame["id"].to_list() == ["0001", "0002"] and frame["latitude"].to_list() == [31.51, None]
    assert frame["latitude_source"].to_list() == [None, "x"] and frame["geometry"].null_count() == 1


def test_ckans_own_datastore_finds_words_of_two_letters_and_counts_truly(files, app):  # noqa: F811
    from ckan.tests import helpers

    from ckanext.kagoshima.consolidation.naming import table_id

    merged()
    found = helpers.call_action("datastore_search", resource_id=table_id("evacuation_space"))
    assert found["total"] == 8
    assert {field["id"]: field.get("info", {}).get("label") for field in found["fields"]}["name"] == "名称"
    assert helpers.call_action("datastore_search", resource_id=table_id("evacuation_space"), q="公園")["total"] == 5
    assert helpers.call_action("datastore_search", resource_id=table_id("evacuation_space"), q="見本公園")["total"] == 5


def test_the_file_rows_say_where_their_parts_are(files, app):  # noqa: F811
    merged()
    assert {file.outcome for file in MergeFile.of_dataset("evacuation_space")} == {"merged"}
