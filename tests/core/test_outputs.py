"""CSV for people, GeoJSON and Parquet for programs: the same rows, and nothing unknown shown as blank."""

from __future__ import annotations

import csv
import io
import json
import struct
from pathlib import Path

import pytest

from recommended_datasets import (
    attribution,
    bundle,
    catalog,
    outputs,
    outputs_copy,
    outputs_csv,
    outputs_geojson,
    outputs_parquet,
)
from recommended_datasets.merged_columns import Column, Kind, csv_columns, stored_columns, typed_columns
from recommended_datasets.merged_versions import sort_key
from recommended_datasets.row_identity import identity_fields
from recommended_datasets.search_grams import query_grams, tsvectors, words

DEFINITION = catalog.load().standard("evacuation_space")


def stored(number: int, **cells: str | None) -> dict[str, str | None]:
    row: dict[str, str | None] = {column.id: "" for column in stored_columns(DEFINITION)}
    row |= {"id": f"{number:04d}", "name": f"見本{number}", "row_id": f"462012-{number}", "publisher_code": "462012",
            "latitude": "31.5", "longitude": "130.5", "hazard_flood": "1"}  # fmt: skip
    return {**row, **cells}


ROWS = [
    stored(10),
    stored(2, latitude=None, unknown='{"latitude_source": "31度\\"33分\\""}', hazard_tsunami=None),
    stored(3, name='=HYPERLINK("x")', phone="+81-99-000-0000", note="改行\nあり", extra='{"独自": "値"}', longitude="x"),
]


def test_csv_opens_in_a_spreadsheet_with_marks_and_without_formulas():
    frame = outputs.stored_frame(ROWS, DEFINITION)
    data = outputs_csv.header(DEFINITION) + outputs_csv.rows(frame, DEFINITION)
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["ID"] for row in rows] == ["0002", "0003", "0010"]
    assert rows[0]["緯度"] == '要確認（31度"33分"）' and rows[0]["災害種別_津波"] == "要確認（列なし）"
    assert rows[1]["名称"] == "'=HYPERLINK(\"x\")" and rows[1]["電話番号"] == "+81-99-000-0000"
    assert rows[1]["備考"] == "改行\nあり"
    assert json.loads(rows[1]["公開者独自の列"]) == {"独自": "値"}


@pytest.mark.parametrize("text", ["=1", "@x", "+cmd|x", "-x+1", "＝1", "\tx"])
def test_what_a_spreadsheet_would_run_is_led_by_an_apostrophe(text):
    assert outputs_csv.guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "+81-99-1234-5678", "1=2", "a@b.jp", "", "−", "- -"])
def test_numbers_and_telephone_numbers_stay_as_they_are(text):
    assert outputs_csv.guarded(text) == text


def test_geojson_has_a_feature_for_each_row_with_or_without_a_place():
    frame = outputs.typed_frame(outputs.stored_frame(ROWS, DEFINITION), DEFINITION)
    features = [json.loads(text) for text in outputs_geojson.features(frame, DEFINITION)]
    assert [feature["geometry"] for feature in features] == [None, None, {"type": "Point", "coordinates": [130.5, 31.5]}]
    assert features[0]["properties"]["latitude_source"] == '31度"33分"' and features[0]["properties"]["latitude"] is None
    assert features[1]["properties"]["extra"] == {"独自": "値"}
    assert features[2]["properties"]["hazard_tsunami"] == "" and features[0]["properties"]["hazard_tsunami"] is None


def test_parquet_has_types_points_and_what_a_type_could_not_hold(tmp_path: Path):
    import polars

    typed = outputs_parquet.with_geometry(
        outputs.typed_frame(outputs.stored_frame(ROWS, DEFINITION), DEFINITION), DEFINITION
    )
    outputs_parquet.write([typed], tmp_path / "x.parquet", DEFINITION)
    frame = polars.read_parquet(tmp_path / "x.parquet")
    assert frame["latitude"].to_list() == [None, 31.5, 31.5] and frame["id"].to_list() == ["0002", "0003", "0010"]
    assert frame["longitude_source"].to_list() == [None, "x", None], "what the type cannot hold is not lost"
    assert frame["geometry"].null_count() == 2 and len(frame["geometry"][2]) == 21
    metadata = json.loads(polars.read_parquet_metadata(tmp_path / "x.parquet")["geo"])
    assert metadata["primary_column"] == "geometry"


def test_an_empty_table_is_a_table(tmp_path: Path):
    frame = outputs.stored_frame([], DEFINITION)
    assert outputs_csv.rows(frame, DEFINITION) == b""
    typed = outputs.typed_frame(frame, DEFINITION)
    assert outputs_geojson.features(typed, DEFINITION) == []
    outputs_parquet.write([outputs_parquet.with_geometry(typed, DEFINITION)], tmp_path / "x.parquet", DEFINITION)


@pytest.mark.parametrize("dataset", [one.id for one in catalog.load().all() if one.edition == "standard"])
def test_every_standards_table_is_in_the_order_of_its_rows_key(dataset: str):
    definition = catalog.load().standard(dataset)
    key, _ = identity_fields(definition)
    rows = [{"row_id": f"r{n}", "publisher_code": "462012", **({key: number} if key else {})}
            for n, number in enumerate(("10", "9", None, "2"))]  # fmt: skip
    frame = outputs.stored_frame(rows, definition)
    assert frame["row_id"].to_list() == [row["row_id"] for row in sorted(rows, key=lambda row: sort_key(row, key))]


def test_no_column_of_any_standard_has_the_name_of_another():
    for definition in catalog.load().all():
        for columns in (stored_columns(definition), typed_columns(definition)):
            ids = [column.id for column in columns]
            assert len(ids) == len(set(ids)), definition.id
            assert all(len(name.encode()) <= 63 for name in ids)
        labels = [column.label for column in csv_columns(definition)]
        assert len(labels) == len(set(labels)), definition.id


@pytest.mark.parametrize(
    "text", ["県立鹿児島工業高校体育館 AED１", "O'Brien \\ 'x' 第2", "ｱﾏﾐ ヶ丘・公園", "", "a b", "穎娃 頴娃"]
)
def test_the_grams_of_a_text_hold_those_of_each_of_its_words_and_letters(text):
    import polars

    (found,) = tsvectors(polars.DataFrame({"t": [text]}), ["t"])
    have = set(lexemes(found))
    for word in words(text):
        assert len(word) == 1 or set(query_grams(word)) <= have
        for letter in word:
            assert any(gram.startswith(letter) for gram in have), "one letter is asked for as the beginning of a gram"


def test_the_grams_of_many_texts_are_those_of_each_text_by_itself():
    """Whatever stands in the other rows: half-width kana, marks that join the letter before, letters that become several."""
    import polars

    texts = ["ＡＢＣ県立", "ｶﾞｯｺｳ", "か\u3099っこう", "㈱見本①", "é\u0301Ω", "", "髙﨑 一—二", "\u3000鹿児島市\n武岡\x00東", "한글 𠮷野家"]
    found = tsvectors(polars.DataFrame({"t": texts}), ["t"])
    assert list(map(lexemes, found)) == list(map(wanted, texts))


def test_the_grams_of_texts_of_very_many_letters_are_those_of_each():
    """So many that a row and two letters do not go into 32 bits, and of one to four bytes."""
    import polars

    letters = [letter for code in range(0x30, 0x2A000) if words(letter := chr(code)) == [letter]]
    texts = ["".join(letters[start::1_500][:100]) for start in range(1_500)] + ["", letters[0], letters[-1]]
    assert len(set("".join(texts))) > 60_000
    assert list(map(lexemes, tsvectors(polars.DataFrame({"t": texts}), ["t"]))) == list(map(wanted, texts))


def wanted(text: str) -> list[str]:
    """In PostgreSQL's order. A letter alone where no pair begins with it."""
    cut = {word[place : place + 2] for word in words(text.replace("\x00", " ")) for place in range(len(word))}
    pairs = {gram[0] for gram in cut if len(gram) == 2}
    return sorted(gram for gram in cut if len(gram) == 2 or gram not in pairs)


def lexemes(vector: bytes) -> list[str]:
    """Those of a tsvector in PostgreSQL's binary form, which have no positions."""
    count, rest = int.from_bytes(vector[:4], "big"), vector[4:]
    found = rest.decode().split("\0\0\0")
    assert found.pop() == "" and len(found) == count
    return found


def test_rows_for_copy_are_cells_with_their_lengths_as_postgresql_describes_them():
    import datetime

    import polars

    kinds: tuple[tuple[str, Kind], ...] = (("t", "text"), ("f", "float"), ("i", "integer"), ("d", "date"), ("j", "json"))
    columns = [Column(name, name, kind) for name, kind in kinds]
    rows = [
        ("改行\n\"𠮷\",", 31.5, -7, datetime.date(1970, 1, 1), '{"独自": 1}'),
        (None, None, None, None, None),
        ("", -0.0, 2**40, datetime.date(2026, 11, 30), "[]"),
        ("長" * 50_000, float("nan"), 0, datetime.date(1868, 10, 23), None),
    ]
    frame = polars.DataFrame(rows, schema=[name for name, _ in kinds], orient="row")
    last = [b"\0\0\0\0", b"x", b"", b"abc"]
    first = datetime.date(2000, 1, 1)
    expected = [
        [
            None if text is None else text.encode(),
            None if number is None else struct.pack(">d", number),
            None if whole is None else struct.pack(">q", whole),
            None if day is None else struct.pack(">i", (day - first).days),
            None if said is None else b"\1" + said.encode(),
            cell,
        ]
        for (text, number, whole, day, said), cell in zip(rows, last, strict=True)
    ]
    assert cells(b"".join(outputs_copy.rows(frame, columns, last))) == expected
    assert cells(b"".join(outputs_copy.rows(frame, columns))) == [row[:-1] for row in expected]
    at = datetime.datetime(2000, 1, 2, 9, 0, 0, 5, datetime.timezone(datetime.timedelta(hours=9)))
    assert outputs_copy.moment(at) == 86_400_000_005
    assert outputs_copy.HEAD == b"PGCOPY\n\xff\r\n\0" + bytes(8) and outputs_copy.TAIL == b"\xff\xff"


def cells(data: bytes) -> list[list[bytes | None]]:
    """What COPY reads of rows."""
    found: list[list[bytes | None]] = []
    place = 0
    while place < len(data):
        count = int.from_bytes(data[place : place + 2], "big")
        place += 2
        found.append([])
        for _ in range(count):
            length = int.from_bytes(data[place : place + 4], "big", signed=True)
            place += 4 + max(length, 0)
            found[-1].append(None if length < 0 else data[place - length : place])
    assert place == len(data)
    return found


def test_the_attribution_names_exactly_the_publishers():
    one, other = ("462039", "鹿屋市", "表", "cc-by-4.0", ""), ("462012", "鹿児島<市>", "表", "cc-by-4.0", "http://x")
    found = attribution.credits([one, other, one])
    assert attribution.text(found, "県") == "出典：鹿児島<市>「表」（CC BY 4.0）、鹿屋市「表」（CC BY 4.0） を県が統合・加工"
    assert "&lt;市&gt;" in attribution.html(found, "県") and '<a href="http://x">' in attribution.html(found, "県")
    assert [one["publisher_code"] for one in attribution.data(found)] == ["462012", "462039"]


def test_the_bundle_is_complete_small_and_says_that_designated_is_not_opened():
    part = bundle.Part(
        DEFINITION,
        [{"name": "</script><b>x", "latitude": None, "latitude_source": "31度33分", "hazard_flood": "1"}],
        b"csv", b"{}", "2026-04-01",
    )  # fmt: skip
    found = bundle.files(
        {"462039": ("鹿屋市", [part]), "all": ("鹿児島県", [part]), "462012": ("鹿児島市", [part])}, built="2026-11-23 10:00", editor="鹿児島県", credits={}
    )
    assert {"index.html", "sw.js", "manifest.json", "462012/index.html", "462012/evacuation_space.csv"} <= set(found)
    first = found["index.html"].decode()
    assert first.index("鹿児島県（全域）") < first.index("鹿児島市") < first.index("鹿屋市"), "the whole first, then by code"
    page = found["462012/index.html"].decode()
    assert "開設状況は市町村へ" in page and "2026-11-23 10:00" in page and "2026-04-01" in page
    assert "</script><b>" not in page and "要確認（31度33分）" in page and "@@" not in page
    listed = json.loads(found["manifest.json"])["files"]
    assert set(listed) == set(found) - {"manifest.json"}
