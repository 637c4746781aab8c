"""Real files of publishers, where the workplace has them: the right encoding, header line and number of records."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from recommended_datasets.catalog import load
from recommended_datasets.reader import read_table

EXPECTED = {
    "City-of-Kobe+opendata/data__institution01_20141128.csv": ("utf-8-sig", 1, 46),
    "City-of-Kobe+opendata/data__metadata.csv": ("cp932", 1, 28),
    "City-of-Kobe+opendata/data__utoilet_kobe_20141128.csv": ("utf-8-sig", 1, 94),
    "takamatsu-city+opendata/data__aed_location__data.xlsx": ("", 1, 450),
    "takamatsu-city+opendata/data__events__data.xlsx": ("", 1, 51),
    "takamatsu-city+opendata/data__hospital__data.csv": ("utf-8", 1, 628),
    "takamatsu-city+opendata/data__public_toilet__data.csv": ("utf-8", 1, 169),
    "takamatsu-city+opendata/old_data__0002.csv": ("utf-8-sig", 7, 514),
    "urasoe+AED_list/AED.csv": ("cp932", 1, 55),
    "yaizu-city+opendata/data__AED設置箇所一覧__222127_aed.csv": ("utf-8", 1, 82),
    "yaizu-city+opendata/data__公衆トイレ一覧__222127_public_toilet.csv": ("utf-8", 1, 112),
    "yaizu-city+opendata/data__公衆無線LAN一覧__222127_public_wireless_lan.csv": ("utf-8", 1, 17),
    "yaizu-city+opendata/data__指定緊急避難場所一覧__222127_evacuation_space.csv": ("utf-8", 1, 31),
    "yaizu-city+opendata/data__消防水利施設一覧__222127_fire_hydrant.csv": ("utf-8", 1, 193),
    "yaizu-city+opendata/data__焼津観光マップ__222127_tourism.csv": ("utf-8-sig", 1, 205),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_is_read_rightly(samples: Path, name: str) -> None:
    path = samples / name
    table = read_table(path, known=load().knows)
    assert (table.encoding, table.header_line, table.row_count) == EXPECTED[name]
    assert not [issue for issue in table.issues if issue.severity == "error"]


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(".csv")])
def test_the_cells_of_a_real_file_are_those_that_python_reads(samples: Path, name: str) -> None:
    """These files are clean, so that Python's own csv module is a second opinion on every cell and line."""
    path = samples / name
    encoding, header_line, count = EXPECTED[name]
    reader = csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""))
    rows = [row for row in reader]
    table = read_table(path, known=load().knows)
    records = [row for row in rows[header_line:] if any(row) and not row[0].startswith("#")]
    assert len(records) == count
    width = len(table.header)
    assert [table.row(r) for r in range(count)] == [tuple(row[:width]) for row in records]


def test_every_file_of_the_municipal_web_has_the_rows_of_its_manifest(municipal_web: Path) -> None:
    manifest = json.loads((municipal_web / "manifest.json").read_text(encoding="utf-8"))
    known = load().knows
    for source in manifest["sources"]:
        for dataset in source["datasets"]:
            for part in dataset.get("parts") or [dataset]:
                table = read_table(municipal_web / part["path"], known=known)
                expected = part.get("encoding", dataset["encoding"]), part.get("rows", dataset.get("rows"))
                assert (table.encoding, table.row_count) == expected, part["path"]
                assert table.header_line == (2 if "title-row" in dataset["faults"] else 1), part["path"]
