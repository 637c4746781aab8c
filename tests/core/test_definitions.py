"""The contract that every definition keeps, those of the package and any that is added."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recommended_datasets import catalog as catalogs
from recommended_datasets import definition as definitions
from recommended_datasets import values
from recommended_datasets.checking import check_bytes
from recommended_datasets.definition import Definition, DefinitionError
from recommended_datasets.header_index import fold

DATA = Path(__file__).resolve().parents[1] / "data"
CATALOG = catalogs.load()
ALL = CATALOG.all()
KNOWN = [d for d in ALL if d.fields]
PLACE_IDS = {"name", "name_kana", "address", "phone", "latitude", "longitude", "note", "url", "email", "postal_code", "id"}


def named(definition: Definition) -> str:
    return f"{definition.id}-{definition.edition}"


@pytest.mark.parametrize("definition", ALL, ids=named)
def test_a_definition_is_complete_and_consistent(definition: Definition):
    assert definition.title["ja"] and definition.title["en"] and definition.number and definition.sources
    assert definition.evidence == "title" or definition.file_name.startswith("{code}_")
    assert bool(definition.fields) == (definition.evidence != "title")
    ids = [f.id for f in definition.fields]
    assert len(set(ids)) == len(ids)
    assert len({f.name for f in definition.fields}) == len(ids)
    assert len({fold(f.name) for f in definition.fields}) == len(ids), "folded headers must stay apart"
    for f in definition.fields:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", f.id), f.id
        assert f.type in values.TYPES
        if f.type == "flag":
            assert 1 <= len(f.allowed) <= 2
        if f.required:
            assert definition.evidence == "seen" and f.mark_evidence == "seen"


@pytest.mark.parametrize("definition", KNOWN, ids=named)
def test_a_definition_says_what_makes_a_row_usable_and_a_file_this_dataset(definition: Definition):
    assert definition.usable and definition.distinctive
    for group in definition.distinctive:
        assert group
    deciding = {name for group in definition.distinctive for name in group}
    assert deciding - PLACE_IDS, "generic columns alone never decide"


def test_the_types_of_definitions_are_those_of_values():
    assert definitions.TYPES == set(values.TYPES)


def test_all_datasets_and_editions_are_there_and_unknown_columns_are_not_invented():
    assert len(ALL) == 44 and len(KNOWN) == 39 and len({d.id for d in KNOWN}) == 22
    titles_only = {"disaster_radio", "parking", "baby_station", "garbage_collection", "tourism_point"}
    assert {d.id for d in ALL if not d.fields} == titles_only
    counts = {"evacuation_space": (39, 26), "population": (46, 47), "public_facility": (56, 24), "aed": (39, 22)}
    for dataset, (standard, recommended) in counts.items():
        assert len(CATALOG.get(dataset).fields) == standard
        assert len(CATALOG.get(dataset, "recommended").fields) == recommended
    assert [len(CATALOG.get("open_data_list", e).fields) for e in CATALOG.editions("open_data_list")] == [45, 44, 42, 15]


def test_a_mark_by_analogy_and_a_partly_known_edition_never_require_anything():
    aed = CATALOG.get("aed")
    assert aed.field("name").mark == "◎" and not aed.field("name").required
    assert CATALOG.get("aed", "recommended").field("name").required
    assert CATALOG.get("evacuation_space").field("name").required
    assert not [f.id for d in ALL if d.evidence == "partly" for f in d.fields if f.required or f.values_certain]


def test_one_id_means_one_thing_in_every_dataset():
    types: dict[str, set[str]] = {}
    for d in KNOWN:
        for f in d.fields:
            types.setdefault(f.id, set()).add(f.type)
    # The same thing in stricter or looser writing; anything else would be two meanings under one id.
    alike = [{"text", "enum"}, {"list", "enum"}, {"alnum", "text"}, {"text", "integer"}, {"alnum", "identifier"}]
    assert {i: t for i, t in types.items() if len(t) > 1 and t not in alike} == {}


def test_a_blank_evacuation_flag_says_no_and_a_blank_yes_no_column_says_nothing():
    for edition in ("standard", "recommended"):
        evacuation = CATALOG.get("evacuation_space", edition)
        assert all(f.blank == "no" for f in evacuation.fields if f.id.startswith("hazard_") or f.id == "shelter_overlap")
    assert CATALOG.get("public_toilet").field("ostomate_toilet").blank == "unknown"


def test_how_a_dataset_changes_over_time_is_said():
    assert CATALOG.get("population").change == "snapshot" and CATALOG.get("population").statistical
    assert CATALOG.get("event").volatile and CATALOG.get("evacuation_space").safety
    assert CATALOG.get("aed").change == "replace"


@pytest.mark.parametrize("definition", KNOWN, ids=named)
def test_the_good_file_of_a_definition_has_no_error_and_no_warning(definition: Definition):
    checked = check_bytes(DATA / definition.id / f"{definition.edition}.good.csv", name="x.csv")
    assert (checked.report.dataset, checked.report.edition) == (definition.id, definition.edition)
    assert [i for i in checked.report.issues if i.severity != "info"] == []
    assert checked.report.status == "success" and checked.report.row_count >= 2
    assert all(column.how == "exact" for column in checked.columns)


@pytest.mark.parametrize("definition", KNOWN, ids=named)
def test_the_bad_file_of_a_definition_is_told_from_the_good_one(definition: Definition):
    report = check_bytes(DATA / definition.id / f"{definition.edition}.bad.csv", name="x.csv").report
    assert (report.dataset, report.edition) == (definition.id, definition.edition)
    found = [i for i in report.issues if i.record]
    assert len(found) >= 2
    if definition.evidence == "seen":
        assert report.status == "failure"
    else:
        # What was not seen in a source is never an error; only that a row without its name cannot be used is ours to say.
        assert {i.code for i in report.issues if i.severity == "error"} <= {"row-unusable"}


def a_definition(**changes: object) -> dict[str, object]:
    fields = [{"id": "name", "name": "名称", "type": "name"}, {"id": "kind", "name": "区分", "type": "text"}]
    return {"id": "x", "edition": "common", "title": {"ja": "例", "en": "example"}, "fields": fields, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": "例"}, "title"),
        ({"id": "日本"}, "日本"),
        ({"colour": "red"}, "colour"),
        ({"usable": [["nowhere"]]}, "nowhere"),
        ({"rules": [{"rule": "magic", "fields": ["name"]}]}, "magic"),
        ({"change": "sometimes"}, "sometimes"),
        ({"fields": [{"id": "name", "name": "名称", "type": "colour"}]}, "colour"),
        ({"fields": [{"id": "name", "name": "名称", "type": "enum"}]}, "allowed"),
        ({"fields": [{"id": "a", "name": "甲", "type": "text"}, {"id": "a", "name": "乙", "type": "text"}]}, "「a」"),
        ({"fields": [{"id": "a", "type": "text"}]}, "name"),
    ],
)
def test_a_wrong_definition_is_refused_with_the_file_and_the_place(changes: dict[str, object], said: str):
    with pytest.raises(DefinitionError) as refused:
        definitions.check(a_definition(**changes), "mine.yaml")
    assert "mine.yaml" in str(refused.value) and said in str(refused.value)


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path):
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(DefinitionError, match="broken.yaml"):
        catalogs.load([tmp_path])


def test_every_dataset_is_in_the_table_of_the_documentation():
    text = (DATA.parents[1] / "docs" / "definitions.md").read_text(encoding="utf-8")
    for dataset in CATALOG.ids():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{dataset}` |")]
        assert CATALOG.summary(dataset).title["ja"] in row
        for edition in CATALOG.editions(dataset):
            definition = CATALOG.get(dataset, edition)
            shown = f"{len(definition.fields)}列" if definition.fields else "列は未確認"
            assert shown in row and (definition.evidence != "partly" or "定義確認中" in row), (dataset, edition)
