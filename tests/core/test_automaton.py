"""A table accepts what the regular expression matches, whatever the characters; checked against Python's `re`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommended_datasets import automaton, fast_columns, masks
from recommended_datasets.fast_cells import Texts

LETTERS = "ab1-.:/@()[]?*+{}|^$\\\n\t 　_Zé߿あア一鿿\ud7ff\ue000\uffff\U00010000\U0010ffff髙ヶ〓\ufffd\x00\x7f\x80\x85\u2028"
PATTERNS = {
    **masks._PATTERNS,
    "classes": r"[^ab\-\]あ-ん]*[\s-]|\\{2,3}",
    "counts": "(?:ab){2}|1{2,}|(?:あ|ア){0,3}|[ab]{3,5}",
    "nested": r"(?:(?:a|b1)*\.)+|(?:)",
    "edges": "[\x00-\x7f]|[\x80-\u07ff]{2}|[\u0800-\uffff]{3}|[\U00010000-\U0010ffff]",
    "odd ranges": "[é-あ]|[\u0850-\U00010400]{2}|[一-\U0001f600]a",
}
TEXTS = st.text(st.sampled_from(LETTERS), max_size=6)


@pytest.mark.parametrize("name", PATTERNS)
@settings(max_examples=60)
@given(texts=st.lists(st.one_of(TEXTS, st.text(max_size=4), st.from_regex("[0-9a-z:/.@-]{1,16}", fullmatch=True)), max_size=30))
def test_a_table_accepts_what_re_matches(name: str, texts: list[str]) -> None:
    pattern = PATTERNS[name]
    texts = [text for text in texts if not any("\ud800" <= letter <= "\udfff" for letter in text)]
    accepted = Texts.of(texts).match(automaton.table(pattern)).tolist()
    assert accepted == [re.fullmatch(pattern, text, re.DOTALL) is not None for text in texts]


@settings(max_examples=200)
@given(st.lists(st.one_of(TEXTS, st.text(max_size=3)), max_size=30))
def test_what_is_excepted_is_not_accepted(texts: list[str]) -> None:
    texts = [text for text in texts if not any("\ud800" <= letter <= "\udfff" for letter in text)]
    column = Texts.of(texts)
    for but_not in (masks._NOT_TEXT, masks._NOT_NAME):
        expected = [re.fullmatch(but_not, text, re.DOTALL) is None for text in texts]
        assert column.match(automaton.table(".*", but_not)).tolist() == expected
    plain = rf"(?!(?:{fast_columns.DASHES})\Z)[{fast_columns.PLAIN_LETTERS}]*"
    expected = [bool(re.fullmatch(plain, text)) and not set(text) & set(fast_columns.VARIANTS) for text in texts]
    assert column.match(fast_columns.plain()).tolist() == expected


@pytest.mark.parametrize("pattern", ["(a", "a)", "[a", "*", "^a", "a$", r"\d", r"a\b", "a{2", "[a-"])
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        automaton.table(pattern)


@settings(max_examples=300)
@given(st.integers(0, 0x10FFFF), st.integers(0, 0x10FFFF))
def test_a_range_of_characters_is_just_their_bytes(one: int, other: int) -> None:
    low, high = min(one, other), max(one, other)
    for code in {low, high, (low + high) // 2, max(low - 1, 0), min(high + 1, 0x10FFFF)} - set(range(0xD800, 0xE000)):
        data = chr(code).encode()
        parts = [(a, b) for a, b in ((low, min(high, 0xD7FF)), (max(low, 0xE000), high)) if a <= b]
        found = [
            steps
            for part in parts
            for steps in automaton.utf8(*part)
            if len(steps) == len(data) and all(a <= byte <= b for byte, (a, b) in zip(data, steps, strict=True))
        ]
        assert len(found) == (low <= code <= high)
