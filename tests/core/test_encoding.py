"""Encodings are decided over the whole file; a broken byte is marked, never replaced by a guess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommended_datasets import encoding
from recommended_datasets.encoding import BROKEN, decode, detect_encoding
from recommended_datasets.encoding_cp932 import from_cp932
from recommended_datasets.table import ReadError

TEXT = "名称,住所,備考\r\n鹿児島市役所,鹿児島市山下町11-1,髙橋①㈱～\r\n"


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp932", "cp932"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
    ],
)
def test_a_whole_file_is_read_in_its_encoding(codec: str, expected: str) -> None:
    decoded = decode(TEXT.encode(codec))
    assert decoded.detection.encoding == expected
    assert decoded.text == TEXT
    assert decoded.detection.broken == 0


def test_utf16_big_endian_with_a_byte_order_mark_is_read() -> None:
    assert decode(b"\xfe\xff" + TEXT.encode("utf-16-be")).text == TEXT


@pytest.mark.parametrize(
    "text", ["名称,住所\r\n役場,中央町\r\n", "あいう,えお\nかきくけこ,さし\n", "ひらがな\n", "カタカナ,漢字\n"]
)
def test_euc_jp_is_told_from_cp932(text: str) -> None:
    decoded = decode(text.encode("euc_jp"))
    assert (decoded.detection.encoding, decoded.text) == ("euc_jp", text)


@pytest.mark.parametrize("text", ["ﾅﾏｴ,ｼﾞｭｳｼｮ\nｶｺﾞｼﾏ,ﾃﾝﾓﾝｶﾝ\n", "名称,ﾌﾘｶﾞﾅ\n公園,ｺｳｴﾝ\n", "ｱ\n", "ﾄｱ,ﾋﾟｱ\n"])
def test_half_width_kana_in_cp932_are_not_taken_for_euc_jp_or_utf8(text: str) -> None:
    decoded = decode(text.encode("cp932"))
    assert (decoded.detection.encoding, decoded.text) == ("cp932", text)


def test_nec_letters_in_euc_jp_are_read() -> None:
    data = "名称\n".encode("euc_jp") + b"\xad\xa1,\xad\xea\n"  # ① and ㈱ of NEC row 13
    assert decode(data).text == "名称\n①,㈱\n"


def test_iso_2022_jp_is_read_with_half_width_kana_and_nec_letters() -> None:
    plain = decode("名称,住所\n役場,中央町\n".encode("iso2022_jp"))
    assert (plain.detection.encoding, plain.text) == ("iso2022_jp", "名称,住所\n役場,中央町\n")
    assert decode("名称\n".encode("iso2022_jp") + b"\x1b(I6:\x1b(B\n").text == "名称\nｶｺ\n"
    assert decode("名称\n".encode("iso2022_jp") + b"\x1b$B-!\x1b(B\n").text == "名称\n①\n"


def test_ascii_head_with_japanese_only_on_the_last_line_is_read() -> None:
    data = b"a,b\r\n" * 30_000 + "備考,髙い\r\n".encode("cp932")
    assert detect_encoding(data).encoding == "cp932"


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize("byte", [b"\xff", b"\xfe", b"\x80", b"\x81"])
def test_one_broken_byte_leaves_the_encoding_and_the_rest_alone(codec: str, byte: bytes) -> None:
    before, after = "名称,住所\n天文館公園,山下町\n", ",平之町\n桜島港,桜島横山町\n"
    decoded = decode(before.encode(codec) + byte + after.encode(codec))
    assert decoded.detection.encoding == codec
    assert decoded.detection.broken == 1
    assert BROKEN.sub("�", decoded.text) == f"{before}�{after}"


def test_half_a_letter_at_the_end_is_a_broken_byte() -> None:
    decoded = decode("名称\n天文館".encode()[:-1])
    assert decoded.detection.encoding == "utf-8"
    assert decoded.detection.broken == 1


@pytest.mark.parametrize(
    "data",
    [
        "Привет, мир. Это таблица с данными".encode("koi8-r") * 3,
        "안녕하세요 대한민국 서울특별시 강남구 테헤란로".encode("johab") * 3,
    ],
)
def test_other_encodings_are_refused_or_marked_never_read_without_a_word(data: bytes) -> None:
    try:
        decoded = decode(data)
    except ReadError as error:
        assert error.code == "unknown-encoding"
    else:
        assert decoded.detection.broken > 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("あいうえおかきくけこアイウエオカキク鹿児島市町村山田中央公園学校0123456789,-\n"), min_size=8),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["utf-8", "cp932", "euc_jp", "utf-16", "iso2022_jp"]),
)
def test_japanese_text_comes_back_as_it_was(parts: list[str], codec: str) -> None:
    text = "名称,ふりがな,所在地\n" + "\n".join(parts)
    assert decode(text.encode(codec)).text == text


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        decoded = decode(data)
    except ReadError as error:
        assert error.code == "unknown-encoding"
    else:
        assert decoded.detection.encoding in {"utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16", "iso2022_jp"}
        assert bool(decoded.detection.broken) == bool(BROKEN.search(decoded.text))


def test_the_table_reads_each_sequence_of_cp932_as_python_does_and_refuses_the_same() -> None:
    singles = [bytes([one]) for one in range(256)]
    for data in [*singles, *(one + two for one in singles for two in singles)]:
        text = encoding.strict(data, "cp932")
        assert from_cp932(data) == (None if text is None else text.encode()), data.hex()


def test_the_table_reads_a_long_text_of_half_width_kana() -> None:
    text = "ｶｺﾞｼﾏ髙﨑①～－" * 100_000
    assert from_cp932(text.encode("cp932")) == text.encode()
