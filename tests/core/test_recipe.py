"""Accepted repairs hold: applied again, dropped when done at the source, a question when the value is a third."""

from __future__ import annotations

import pytest
from evacuation import DEFINITION, check, row, rows

from recommended_datasets import recipe as recipes
from recommended_datasets.normalisation import normalise
from recommended_datasets.recipe import Recipe, Step, replay
from recommended_datasets.repair import Repair, propose_repairs

CORRECTION = Step((("id", "0002"),), "latitude", "31.590002", "31.600000", "地図で確認", "企画課", "2026-04-01")


def played(records: list[dict[str, str]], *steps: Step) -> recipes.Played:
    checked = check(records)
    assert checked.table and checked.definition
    return replay(Recipe("evacuation_space", steps), checked.table, checked.definition, checked.columns)


def test_a_step_is_applied_while_the_source_has_the_old_value() -> None:
    done = played(rows(3), CORRECTION)
    assert [(r.record, r.line, r.old, r.new) for r in done.applied] == [(2, 3, "31.590002", "31.600000")]
    assert done.table.columns[13][1] == "31.600000"
    assert not done.dropped and not done.conflicts


def test_a_step_finds_its_row_when_rows_were_added_before_it() -> None:
    done = played([row(9), row(8), *rows(3)], CORRECTION)
    assert [r.record for r in done.applied] == [4]


def test_a_step_is_dropped_when_the_source_has_the_new_value() -> None:
    records = rows(3)
    records[1]["緯度"] = "31.600000"
    done = played(records, CORRECTION)
    assert done.dropped == (CORRECTION,) and not done.applied


def test_a_third_value_is_a_conflict_and_is_not_overwritten() -> None:
    records = rows(3)
    records[1]["緯度"] = "31.700000"
    done = played(records, CORRECTION)
    assert [(c.code, c.record, c.line, c.value) for c in done.conflicts] == [("recipe-third-value", 2, 3, "31.700000")]
    assert done.table.columns[13][1] == "31.700000"


def test_a_row_that_is_gone_is_said_so() -> None:
    assert [c.code for c in played(rows(1), CORRECTION).conflicts] == ["recipe-row-gone"]


def test_a_row_that_stands_twice_with_two_values_is_a_question() -> None:
    records = [*rows(2), row(2, 緯度="31.9")]
    assert [c.code for c in played(records, CORRECTION).conflicts] == ["recipe-row-twice"]


def test_accepted_repairs_become_a_recipe_and_a_file() -> None:
    checked = check([row(1, 電話番号="0992862511"), row(2)])
    assert checked.table
    proposed = propose_repairs(checked.table, DEFINITION, checked.columns)
    made = recipes.record(
        checked.table, DEFINITION, checked.columns, proposed, municipality_code="462012", who="企画課", when="2026-04-01"
    )
    assert made.steps == (
        Step((("id", "0001"),), "phone", "0992862511", "099-286-2511", "phone-separator", "企画課", "2026-04-01"),
    )
    assert recipes.load(recipes.dump(made)) == made


def test_without_an_id_a_row_is_known_by_name_and_address() -> None:
    checked = check([row(1, ID="", 電話番号="0992862511")])
    assert checked.table
    proposed = propose_repairs(checked.table, DEFINITION, checked.columns)
    made = recipes.record(checked.table, DEFINITION, checked.columns, proposed)
    assert dict(made.steps[0].key) == {"name": "見本公園1", "address": "鹿児島県鹿児島市山下町1番1号"}


def test_normalising_with_a_recipe_lists_its_repairs_and_conflicts() -> None:
    checked = check(rows(3))
    assert checked.table
    gone = Step((("id", "9999"),), "latitude", "1", "2")
    found = normalise(checked.table, DEFINITION, checked.columns, recipe=Recipe("evacuation_space", (CORRECTION, gone)))
    assert found.columns["latitude"][1] == "31.600000"
    assert [repair.code for repair in found.repairs] == ["地図で確認"]
    assert [conflict.code for conflict in found.conflicts] == ["recipe-row-gone"]


def test_a_newer_recipe_replaces_steps_about_the_same_cell() -> None:
    older, newer = Recipe("x", (CORRECTION,)), Recipe("x", (Step(CORRECTION.key, "latitude", "31.590002", "31.61"),))
    assert [step.new for step in recipes.merge(older, newer).steps] == ["31.61"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "dataset: aed",
        "dataset: aed\nrepairs: [{field: latitude, old: a, new: b}]",
        "dataset: aed\nrepairs: [{key: {id: 1}, field: x}]",
        "a: [",
    ],
)
def test_a_recipe_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(recipes.RecipeError, match=" / "):
        recipes.load(text)


def test_a_repair_of_the_header_is_no_step() -> None:
    checked = check(rows(1))
    assert checked.table
    header = Repair(0, 1, "name", "名前", "名前", "名称", "header-name", "safe", 2)
    assert recipes.record(checked.table, DEFINITION, checked.columns, [header]).steps == ()
