"""Replaying changes gives exactly the new table; a re-published file is no news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommended_datasets.changes import Change, ChangeError, apply, compare, inverse

OLD = {"id": "1", "name": "見本公園", "latitude": "31.5", "source_sha256": "aa", "source_line": "2", "source_licence": "cc-by-4.0"}


def test_a_row_that_only_moved_to_another_line_of_a_new_version_is_no_change():
    change, kept = compare("r", OLD, {**OLD, "source_sha256": "bb", "source_line": "3"}, "source")
    assert change is None and kept == OLD


def test_a_changed_cell_is_told_with_before_and_after_and_its_new_place():
    new = {**OLD, "latitude": "31.6", "source_sha256": "bb", "source_line": "3"}
    change, kept = compare("r", OLD, new, "source")
    assert change == Change(
        "changed", "r", "source",
        {"latitude": "31.5", "source_sha256": "aa", "source_line": "2"},
        {"latitude": "31.6", "source_sha256": "bb", "source_line": "3"},
    )
    assert kept == new


def test_a_running_number_that_moved_is_provenance_and_not_news():
    change, kept = compare("r", OLD, {**OLD, "id": "2", "source_sha256": "bb"}, "source", id_field="id")
    assert change is not None and change.kind == "provenance" and kept["id"] == "2" and kept["source_sha256"] == "bb"


def test_a_new_licence_is_provenance_and_keeps_the_file_it_was_read_from():
    change, kept = compare("r", OLD, {**OLD, "source_licence": "cc0-1.0", "source_sha256": "bb"}, "source")
    assert change is not None and change.kind == "provenance"
    assert kept["source_licence"] == "cc0-1.0" and kept["source_sha256"] == "aa"


def test_a_cell_that_became_unknown_is_a_change():
    change, kept = compare("r", OLD, {**OLD, "latitude": None}, "rule_set")
    assert change is not None and change.after["latitude"] is None and kept["latitude"] is None


cells = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y", None]), min_size=4, max_size=4)
tables = st.dictionaries(st.sampled_from(["r1", "r2", "r3", "r4"]), cells)


@given(tables, tables)
def test_applying_the_changes_between_any_two_tables_gives_the_second_and_taking_them_back_the_first(old, new):
    changes = [Change("removed", r, "source", old[r], {}) for r in old if r not in new]
    for r in new:
        if r not in old:
            changes.append(Change("added", r, "source", {}, new[r]))
        elif (change := compare(r, old[r], new[r], "source")[0]) is not None:
            changes.append(change)
    assert apply(old, changes) == new
    assert apply(new, [inverse(change) for change in reversed(changes)]) == old


def test_changes_that_start_from_another_state_are_refused():
    change, _ = compare("r", OLD, {**OLD, "name": "見本広場"}, "source")
    assert change is not None
    with pytest.raises(ChangeError, match="r"):
        apply({"r": {**OLD, "name": "別の名"}}, [change])
    with pytest.raises(ChangeError):
        apply({}, [change])
