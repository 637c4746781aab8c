"""The same facility keeps its row id, whatever the publisher does to numbers and order."""

from __future__ import annotations

import random

from recommended_datasets import catalog
from recommended_datasets.row_identity import Facts, facts, ids_trusted, match, new_row_ids

DEFINITION = catalog.load().get("evacuation_space")


def row(number: int, name: str, **cells: str) -> dict[str, str | None]:
    lat, lng = 31.5 + number / 1000, 130.5 + number / 1000
    return {
        "id": f"{number:04d}",
        "name": name,
        "address": f"鹿児島県見本町{number}番地",
        "latitude": f"{lat:.6f}",
        "longitude": f"{lng:.6f}",
        "hazard_flood": "1",
        **cells,
    }


def village(count: int = 42) -> list[dict[str, str | None]]:
    """A publisher whose names repeat, as 伊仙町's do: 42 rows, 26 names."""
    return [row(i + 1, f"見本広場{i % 26}") for i in range(count)]


def pairs(old: list[dict[str, str | None]], new: list[dict[str, str | None]]):
    return match(facts(DEFINITION, old), facts(DEFINITION, new))


def test_a_row_put_in_at_the_top_with_all_rows_renumbered_and_sorted_is_one_added_row():
    old = village()
    new = [row(0, "新しい公園", address="鹿児島県見本町新地", latitude="31.9", longitude="130.9"), *village()]
    for number, entry in enumerate(new, 1):
        entry["id"] = f"{number:04d}"
    random.Random(3).shuffle(new)
    found = pairs(old, new)
    assert [new[i]["name"] for i in found.added] == ["新しい公園"]
    assert not found.removed
    assert all(old[o]["address"] == new[n]["address"] for n, o in found.pairs.items())
    assert not found.ids_trusted


def test_rows_whose_names_repeat_are_told_apart_by_their_place():
    old, new = village(), list(reversed(village()))
    assert {(new[n]["address"], old[o]["address"]) for n, o in pairs(old, new).pairs.items()} == {
        (entry["address"], entry["address"]) for entry in old
    }


def test_ids_that_kept_their_names_find_a_row_whose_address_and_point_were_corrected():
    old, new = village(), village()
    new[4].update(address="鹿児島県見本町5番地1", latitude="31.7", longitude="130.7")
    found = pairs(old, new)
    assert found.ids_trusted and found.pairs[4] == 4


def test_an_id_alone_is_no_evidence():
    old, new = village(), village()
    new[4].update(name="別の施設", address="鹿児島県別の町1", latitude="32.0", longitude="131.0")
    found = pairs(old, new)
    assert found.ids_trusted and found.added == (4,) and found.removed == (4,)


def test_a_renamed_facility_at_the_same_place_stays_the_same_row_even_without_ids():
    old, new = village(), village()
    for entry in (*old, *new):
        entry["id"] = ""
    new[7]["name"] = "見本学園"
    assert pairs(old, new).pairs[7] == 7


def test_a_name_that_moved_far_away_is_another_row():
    old, new = [row(1, "見本公園", id="")], [row(1, "見本公園", id="", address="鹿児島県別の町1", latitude="31.9", longitude="130.9")]
    found = pairs(old, new)
    assert found.added == (0,) and found.removed == (0,)


def test_ids_are_trusted_from_nine_in_ten_names_kept():
    old = facts(DEFINITION, [row(i, f"名{i}") for i in range(20)])
    two_off = facts(DEFINITION, [row(i, f"名{i}" if i > 1 else f"新{i}") for i in range(20)])
    three_off = facts(DEFINITION, [row(i, f"名{i}" if i > 2 else f"新{i}") for i in range(20)])
    assert ids_trusted(old, two_off) and not ids_trusted(old, three_off)


def test_variants_of_letters_and_width_name_the_same_place():
    old, new = [row(1, "頴娃ヶ丘 公園", id="")], [row(1, "穎娃ケ丘公園", id="", hazard_flood="")]
    assert pairs(old, new).pairs == {0: 0}


def test_row_ids_are_the_same_for_the_same_rows_and_never_given_twice():
    rows = facts(DEFINITION, [*village(), *village()])
    ids = new_row_ids("465321", "evacuation_space", rows)
    assert len(set(ids)) == 84 and ids == new_row_ids("465321", "evacuation_space", rows)
    more = new_row_ids("465321", "evacuation_space", rows[:1], taken=ids)
    assert more[0] not in ids and more[0].startswith("465321-")


def test_a_hundred_thousand_equal_rows_are_paired_in_a_moment():
    one = Facts("", "同じ", "同じ", None, None, b"same")
    found = match([one] * 100_000, [one] * 100_001)
    assert len(found.pairs) == 100_000 and len(found.added) == 1
