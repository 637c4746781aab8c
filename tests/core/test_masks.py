"""A mask accepts a cell only where the scalar function returns it unchanged and without an issue."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommended_datasets import fast_repeats, values
from recommended_datasets.definition import Field
from recommended_datasets.fast_cells import Texts
from recommended_datasets.fast_columns import Columns
from recommended_datasets.masks import Accepts, accept_mask
from recommended_datasets.values_parsed import compare_key

FIELDS = [
    *(Field(kind, kind, kind) for kind in sorted(values.TYPES)),
    Field("enum_of", "enum", "enum", allowed=("階数", "標高", "地表高")),
    Field("flag_of", "flag", "flag", allowed=("有", "無")),
    Field("flag_yes", "flag", "flag", allowed=("1",), blank="no"),
    Field("list_of", "list", "list", allowed=("水", "電源")),
    Field("code_of", "code", "code", options=(("digits", "7"),)),
    Field("number_of", "number", "number", options=(("min", "0"), ("max", "100"))),
]
LIKELY = [
    "", " ", "　", "-", "ー", "―――", "1", "0", "-1", "007", "1.50", "1,234", "１２", "1e5", "-0", "100", "100.1", "-0.5",
    "462012", "462013", "46201", "0123000", "0123-000", "8000020460001", "8000020460002", "１000020462012", "892-0816", "8920816",
    "2024-02-29", "2023-02-29", "0000-01-01", "2024/4/1", "令和6年4月1日", "09:00", "24:00", "36:00", "9:00", "午前9時",
    "(099)286-2111", "099-286-2111", "0992862111", "090-1234-5678", "(0992)86-2111", "099-2862-111", "110", "099-286-2111(代)",
    "有", "無", "○", "たぶん", "階数", "標高 ", "水;電源", "電源；水", "水,電源", "月火水", "月水火", "0We", "毎日", "月～金",
    "ミホンカン", "ﾐﾎﾝ", "みほん", "ミホン　カン", "ミホン ", "Mihon Hall", "Ｍ", "M 1", "見本館", "見本\n館", "見\ufffd本", "〓本", "見?本",
    "\ue000", "見本　", "髙﨑", "https://example.lg.jp/a", "http://例え.jp", "www.example.lg.jp", "https://a b.jp", "https://x",
    "mihon@example.lg.jp", "mihon＠example.lg.jp", "a@b", "31.5966", "130.5572", "-31.5", "0.0", "90.0", "90.000001", "31", "３１.５",
    "31.59.66", "315966", "180.0", "31度33分", "\u200b", "a\u200bb", "\x85x", "\u2028", "\x1c", "x\x1f", "…", "x", "△5", "無料", "終日",
]  # fmt: skip


def wrong(field: Field, texts: list[str], statistical: bool) -> list[str]:
    """Texts that the mask accepts and the scalar function does not return unchanged."""
    mask = accept_mask(field, Texts.of(texts), statistical=statistical)
    found: list[str] = []
    for text, accepted in zip(texts, mask, strict=True):
        parsed = values.parse(field, text, statistical=statistical)
        if accepted and (parsed.text != text or parsed.code is not None):
            found.append(text)
    return found


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.id)
def test_no_mask_is_too_wide_on_likely_cells(field: Field) -> None:
    assert wrong(field, LIKELY, False) == []
    assert wrong(field, LIKELY, True) == []


def test_masks_accept_what_is_usual() -> None:
    usual = {
        "name": "見本館", "kana": "ミホンカン", "latitude": "31.5966", "phone": "(099)286-2111", "time": "09:00", "date": "2024-02-29",
        "postal_code": "8920816", "url": "https://example.lg.jp/a", "municipality_code": "462012", "corporate_number": "8000020460001",
        "number": "1.50", "integer": "12", "email": "mihon@example.lg.jp", "alnum": "M0001", "latin": "Mihon Hall", "weekdays": "月火水",
    }  # fmt: skip
    for kind, text in usual.items():
        assert accept_mask(Field(kind, kind, kind), Texts.of([text, ""])).all(), kind


CHARACTERS = st.sampled_from(list("0123456789.-:/()年月日 　\n\tアーｱあ亜A zＡ１,;；@?〓\ufffd\ue000\u200b~～°+○有無") + ["\x1f", "\x85", "\u2028"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.text(CHARACTERS, max_size=14), st.text(max_size=8), st.sampled_from(LIKELY)), min_size=30, max_size=60))
def test_no_mask_is_too_wide_on_any_cells(texts: list[str]) -> None:
    texts = [text for text in texts if text.isprintable() or not any("\ud800" <= c <= "\udfff" for c in text)]
    for field in FIELDS:
        assert wrong(field, texts, False) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.one_of(st.sampled_from(LIKELY), st.text(CHARACTERS, max_size=8)), min_size=8, max_size=8), min_size=1))
def test_columns_judged_together_are_judged_as_each_alone(rows: list[list[str]]) -> None:
    kinds = ("alnum", "latitude", "machiaza_id", "phone", "url", "email", "longitude", "name")
    fields = [Field(kind, kind, kind) for kind in kinds]
    columns = [Texts.of(column) for column in zip(*rows, strict=True)]
    odd = Accepts().odd(fields, Columns(columns, {field.id: at for at, field in enumerate(fields)}))
    for field, column in zip(fields, columns, strict=True):
        assert odd[field.id].tolist() == np.flatnonzero(~accept_mask(field, column)).tolist(), field.id
        assert odd[field.id].tolist() == np.flatnonzero(~accept_mask(field, column, many=True)).tolist(), field.id


NAMES = st.text(st.sampled_from(list("ABzｚＡ髙高ヶケヵカー－ｰ-‐ 　\u200bあｱﾞガ①1㍿İKſß濵浜.々桜丘\ufeff")), max_size=5)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(NAMES, st.text(max_size=4)), min_size=2, max_size=20))
def test_names_hash_alike_exactly_where_their_keys_are_equal(texts: list[str]) -> None:
    texts = [text for text in texts if not any("\ud800" <= c <= "\udfff" for c in text)]
    keys = [compare_key(text) for text in texts]
    columns = Columns([Texts.of(texts)], {"name": 0})
    folding = fast_repeats.Folding()
    hashes = folding.hashes(columns, ("name",))[0].tolist()
    assert folding.hashes(columns, ("name",))[0].tolist() == hashes, "a column of few texts is known again"
    for one, key in zip(hashes, keys, strict=True):
        assert [other == one for other in hashes] == [other == key for other in keys]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=12))
def test_the_first_of_each_hash_is_found_over_any_blocks(blocks: list[list[int]]) -> None:
    firsts, seen, record = fast_repeats.Firsts(), dict[int, int](), 1
    for block in blocks:
        found = firsts.find(np.array(block, np.uint64), None, record)
        assert found == {row: seen[key] for row, key in enumerate(block) if seen.setdefault(key, record + row) != record + row}
        record += len(block)
