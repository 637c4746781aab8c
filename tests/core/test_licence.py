"""A file without a statement is never given a licence; the merged table carries the licence that asks for most."""

from __future__ import annotations

import pytest

from recommended_datasets.licence import combined, licences, mixable, recognise, withheld_reason


@pytest.mark.parametrize(
    "stated", ["CC BY 4.0", "ＣＣ－ＢＹ ４.０", "cc-by-4.0", "https://creativecommons.org/licenses/by/4.0/deed.ja",
               "クリエイティブ・コモンズ 表示 4.0 国際", "CC-BY"]
)
def test_the_ways_people_write_cc_by_are_one_licence(stated):
    licence = recognise(stated)
    assert licence is not None and licence.id == "cc-by-4.0" and withheld_reason(stated) is None


@pytest.mark.parametrize(
    ("stated", "reason"),
    [(None, "licence-not-stated"), ("", "licence-not-stated"), ("notspecified", "licence-not-stated"),
     ("市の規約による", "licence-unknown"), ("CC BY-ND 4.0", "licence-not-compatible"), ("CC BY-NC", "licence-not-compatible")],
)
def test_rows_are_withheld_with_the_reason(stated, reason):
    assert withheld_reason(stated) == reason


def test_the_merged_licence_asks_for_what_the_strictest_source_asks():
    assert combined(["cc0", "PDL1.0"]).id == "pdl-1.0"  # pyright: ignore[reportOptionalMemberAccess]
    assert combined(["cc0", "cc-by-4.0", "cc-by-2.1-jp"]).id == "cc-by-4.0"  # pyright: ignore[reportOptionalMemberAccess]
    assert combined(["cc-by-4.0", "cc-by-sa"]).id == "cc-by-sa-4.0"  # pyright: ignore[reportOptionalMemberAccess]
    assert combined([]) is None
    assert combined(["cc-by-4.0", ""]) is None


def test_two_share_alike_families_do_not_mix_whatever_their_order():
    assert combined(["cc-by-sa", "odbl"]) is None
    assert mixable(["odbl", "cc-by-sa", "cc0"]) == mixable(["cc0", "cc-by-sa", "odbl"]) == {"cc0", "cc-by-sa"}


def test_no_two_licences_are_written_the_same_way():
    seen: dict[str, str] = {}
    for licence in licences():
        for text in licence.stated:
            assert seen.setdefault(text, licence.id) == licence.id
