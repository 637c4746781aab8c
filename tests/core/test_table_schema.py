"""The exported Table Schema: frictionless loads it and agrees with `check` on every good file."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommended_datasets import catalog as catalogs
from recommended_datasets.definition import Definition
from recommended_datasets.table_schema import table_schema

frictionless = pytest.importorskip("frictionless", reason="frictionless is installed for development only")

DATA = Path(__file__).resolve().parents[1] / "data"
CATALOG = catalogs.load()
KNOWN = [d for d in CATALOG.all() if d.fields]


def validate(definition: Definition, name: str):
    schema = frictionless.Schema.from_descriptor(table_schema(definition))
    path = f"{definition.id}/{definition.edition}.{name}.csv"
    return frictionless.Resource(path=path, basepath=str(DATA), encoding="utf-8-sig", schema=schema).validate()


@pytest.mark.parametrize("definition", KNOWN, ids=lambda d: f"{d.id}-{d.edition}")
def test_frictionless_finds_the_good_file_valid_by_our_schema(definition: Definition):
    report = validate(definition, "good")
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])[:3]


def test_frictionless_finds_the_faults_of_a_bad_file_by_our_schema():
    report = validate(CATALOG.get("evacuation_space"), "bad")
    found = {(row, column) for row, column in report.flatten(["rowNumber", "fieldName"])}
    assert {(2, "名称"), (3, "緯度"), (3, "災害種別_洪水")} <= found


def test_a_schema_keeps_to_what_was_seen():
    aed = {f["name"]: f for f in table_schema(CATALOG.get("aed"))["fields"]}
    assert "required" not in aed["名称"].get("constraints", {}), "◎ by analogy"
    evacuation = {f["name"]: f for f in table_schema(CATALOG.get("evacuation_space"))["fields"]}
    assert evacuation["名称"]["constraints"]["required"] is True
    assert "required" not in evacuation["災害種別_洪水"]["constraints"], "a blank flag is an answer"
    hospital = table_schema(CATALOG.get("hospital"))
    assert hospital["x-evidence"] == "partly" and not any("constraints" in f for f in hospital["fields"])


def test_columns_that_are_not_known_have_no_schema():
    with pytest.raises(ValueError, match="parking"):
        table_schema(CATALOG.get("parking"))
