"""The compiled loops say what plain Python says, and no argument makes them read or write elsewhere."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommended_datasets import _cells
from recommended_datasets.fast_cells import Texts, hash_texts
from recommended_datasets.fast_lines import InnerBom, split
from recommended_datasets.fast_source import Unsuitable

ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
CELLS = st.text(st.sampled_from(list('a1あ　,\n"\r\t;-.\ufeff')), max_size=70)


@settings(max_examples=300)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_the_records_are_those_of_the_csv_module(rows: list[list[str]], newline: str, quoted: bool) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=newline, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(rows)
    text = out.getvalue()
    try:
        lines = split(text.encode(), ",", 3, 3, last=True)
    except InnerBom:
        assert any(line.startswith("\ufeff") for line in text.split("\n"))
        return
    except Unsuitable:
        assert "\r" in text.replace("\r\n", "")
        return
    if any(record.flaws for record in lines.odd):
        return  # the exact reader's own decisions are tested where it is
    assert [list(lines.cells.row(r)) for r in range(lines.cells.height)] == list(csv.reader(io.StringIO(text, newline="")))
    assert (lines.ended, lines.crlf, lines.used) == (text.count("\n"), text.count("\r\n"), len(text.encode()))


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from([2, 3, 7]), st.booleans())
def test_any_bytes_are_split_inside_their_bounds(data: bytes, width: int, broken: bool) -> None:
    room = data.count(b"\n") + 2
    starts, stops = (np.zeros((width, room), np.int32) for _ in range(2))
    records = np.zeros(room, np.int64)
    spare = np.zeros(len(data), np.uint8)
    record, line, at, crlf, used = _cells.split(data, 0, b",", starts, stops, records, 0, 0, broken, spare, 0)
    assert 0 <= record == line <= room and 0 <= at <= len(data) and crlf <= record
    assert b"\n".join(data.split(b"\n")[:line]) + (b"\n" if data[:at].endswith(b"\n") else b"") == data[:at]
    for c, r in np.ndindex(width, record):
        begin, end = int(starts[c, r]), int(stops[c, r])
        assert 0 <= begin <= end <= len(data) or len(data) <= begin <= end <= len(data) + used
        cell, quoted = data[begin:end], data[begin - 1 : begin] == b'"'
        assert b"\n" not in cell and b'"' not in cell and (quoted or b"," not in cell)


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_what_python_decodes_is_valid(data: bytes) -> None:
    for text in (data, data + b"\xe3\x81", "あい".encode() * 9 + data, b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80" + data):
        try:
            text.decode()
        except UnicodeDecodeError:
            assert not _cells.valid(text)
        else:
            assert _cells.valid(text)
        assert _cells.count(text * 40, b"\x81") == text.count(b"\x81") * 40


@settings(max_examples=100)
@given(st.lists(ANY, max_size=40))
def test_equal_texts_have_equal_hashes_and_others_not(texts: list[str]) -> None:
    hashes = hash_texts(texts).tolist()
    assert len(set(hashes)) == len(set(texts))
    for one, hashed in zip(texts, hashes, strict=True):
        assert hash_texts(["x", one])[1] == hashed, "wherever it stands"


def test_no_two_of_a_million_like_texts_have_one_hash() -> None:
    texts = [f"M{number:09}" for number in range(300_000)] + [f"見本{number}館" for number in range(300_000)]
    texts += ["a" * number for number in range(2_000)]
    assert len(np.unique(hash_texts(texts))) == len(texts)


@settings(max_examples=200)
@given(st.lists(st.one_of(ANY, st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,20})?", fullmatch=True)), max_size=20))
def test_numbers_are_those_of_float(texts: list[str]) -> None:
    for text, number in zip(texts, Texts.of(texts).numbers().tolist(), strict=True):
        digits = text.removeprefix("-").split(".")
        plain = len(digits) <= 2 and all(part.isascii() and part.isdigit() for part in digits)
        assert number == float(text) if plain else np.isnan(number), text


def test_a_number_is_rounded_as_python_rounds_it() -> None:
    texts = ["0.1", "31.596900000000002", "123456789012345", "9007199254740993", "0.000000000000001", "179.99999999999999999", "-0"]
    assert Texts.of(texts).numbers().tolist() == [float(text) for text in texts]


@settings(max_examples=100)
@given(st.lists(st.tuples(ANY, ANY), max_size=20))
def test_pairs_are_in_order_where_they_are_as_long_and_not_after(pairs: list[tuple[str, str]]) -> None:
    both = Texts.of([text for pair in pairs for text in pair])
    one, other = (both.pick(np.arange(start, 2 * len(pairs), 2)) for start in (0, 1))
    expected = [len(a.encode()) == len(b.encode()) and a.encode() <= b.encode() for a, b in pairs]
    assert one.ordered(other).tolist() == expected


@settings(max_examples=100)
@given(st.lists(ANY, max_size=20))
def test_a_column_reads_like_a_list(texts: list[str]) -> None:
    rows = np.arange(0, len(texts), 2)
    column = Texts.of(texts)
    picked = column.pick(rows)
    assert list(picked) == column.gather(rows) == column[::2] == texts[::2]
    assert [column[row] for row in range(len(texts))] == texts and len(picked) == len(rows)
    assert column.blank().tolist() == [text == "" for text in texts]


@settings(max_examples=100)
@given(st.lists(st.text(st.sampled_from("aAzZ髙高あ澤沢é　"), max_size=9), max_size=20))
def test_folded_texts_hash_like_the_folded_text(texts: list[str]) -> None:
    small = [text.replace("髙", "高").replace("澤", "沢") for text in texts]
    small = ["".join(c.lower() if c.isascii() else c for c in text) for text in small]
    assert Texts.of(texts).folded("髙高澤沢".encode()).tolist() == hash_texts(small).tolist()


def test_hashes_are_met_again_however_many_there_are() -> None:
    met, keys = _cells.Met(), np.arange(1, 200_001, dtype=np.uint64) * np.uint64(1 << 40)
    out = np.zeros(100_000, np.uint32)
    met.first(keys[:100_000], 1, out)
    assert not out.any() and len(met) == 100_000
    met.first(keys[50_000:150_000].copy(), 100_001, out)
    assert out.tolist() == [*range(50_001, 100_001), *[0] * 50_000]
    rows = np.empty(200_000, np.int64)
    assert rows[: met.missing(keys, rows)].tolist() == list(range(150_000, 200_000))


def test_wrong_arguments_are_refused() -> None:
    text, one = "名称".encode(), np.array([0], np.int32)
    out, two = np.zeros(1, np.uint64), np.zeros((2, 2), np.int32)
    for starts, stops in (([0], [7]), ([-1], [2]), ([3], [2]), ([0, 0], [1])):
        with pytest.raises(ValueError):
            _cells.hashes(text, np.array(starts, np.int32), np.array(stops, np.int32), np.zeros(2, np.uint64))
    with pytest.raises(ValueError):
        _cells.hashes(text, one, one, np.zeros(0, np.uint64))
    for table in (np.zeros(256, np.uint16), np.full(258, 1, np.uint16), np.zeros(0, np.uint16)):
        with pytest.raises(ValueError):
            _cells.match(text, one, one, table, out)
    with pytest.raises(ValueError):
        _cells.split(text, 9, b",", two, two, np.zeros(2, np.int64), 0, 0, False, out, 0)
    with pytest.raises(ValueError):
        _cells.split(text, 0, b",", two, np.zeros((1, 2), np.int32), np.zeros(2, np.int64), 0, 0, False, out, 0)
    with pytest.raises(ValueError):
        _cells.split(text, 0, b",", two, two, np.zeros(2, np.int64), 0, 0, False, out, 9)
    with pytest.raises(OverflowError):
        _cells.Met().first(out, 0, np.zeros(1, np.uint32))
    with pytest.raises(ValueError):
        _cells.recode(text, np.zeros(255, np.uint16), np.zeros(65_536, np.uint16))


def test_cells_with_doubled_quotes_are_plain() -> None:
    """A column of HTML or JSON would otherwise go through the exact reader record by record."""
    rows = [["1", 'a "b", ""c""', ""], ["", '"', "x"], ["乱\n行", 'q"', ""], ["2", "", '""']]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    lines = split(out.getvalue().encode(), ",", 3, 3, last=True)
    assert [list(lines.cells.row(r)) for r in range(lines.cells.height)] == rows
    assert [record.line for record in lines.odd] == [2]


@settings(max_examples=60)
@given(st.lists(st.tuples(ANY, ANY, ANY), max_size=20))
def test_all_hashes_at_once_are_those_of_each_column(rows: list[tuple[str, str, str]]) -> None:
    columns = [Texts.of(row[c] for row in rows) for c in range(3)]
    out, whole, blanks = np.zeros((3, len(rows)), np.uint64), np.zeros(len(rows), np.uint64), np.zeros(3, np.int64)
    parts = [(column.buffer, column.starts, column.stops) for column in columns]
    _cells.all_hashes(parts, out, whole, blanks)
    assert out.tolist() == [column.hashes().tolist() for column in columns]
    assert len(set(whole.tolist())) == len(set(rows))
    assert blanks.tolist() == [sum(not row[c] for row in rows) for c in range(3)]
    for wrong in ([*parts, (b"", out, out)], [(b"a", np.zeros(9, np.int32), np.zeros(9, np.int32)), *parts]):
        with pytest.raises(ValueError):
            _cells.all_hashes(wrong, out, whole, blanks)


@settings(max_examples=100)
@given(st.lists(st.integers(0, 9), max_size=60), st.sets(st.integers(0, 9)))
def test_what_was_not_met_is_missing(keys: list[int], known: set[int]) -> None:
    met, hashes, rows = _cells.Met(), np.array(keys, np.uint64), np.zeros(len(keys), np.int64)
    met.first(np.array(sorted(known), np.uint64), 1, np.zeros(len(known), np.uint32))
    assert rows[: met.missing(hashes, rows)].tolist() == [row for row, key in enumerate(keys) if key not in known]
