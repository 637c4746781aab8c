"""What one cell says: every column type reads the ways people write it, and asks where it could be read in two ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from recommended_datasets.definition import TYPES as TYPE_NAMES
from recommended_datasets.definition import Field
from recommended_datasets.values import TYPES, parse
from recommended_datasets.values_codes import has_corporate_check_digit
from recommended_datasets.values_parsed import Parsed

EVACUATION = {"type": "flag", "allowed": ("1",), "blank": "no"}
YES_NO = {"type": "flag", "allowed": ("有", "無")}


def field(type: str = "text", **more: Any) -> Field:
    return Field("x", "項目", type, **more)


def read(kind: str, text: str, **more: Any) -> Parsed:
    return parse(field(kind, **more), text)


def test_every_type_that_a_definition_may_name_has_a_function() -> None:
    assert set(TYPES) == set(TYPE_NAMES)


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_blank_cells_are_blank_and_never_unknown(kind: str) -> None:
    for text in ("", " ", "　", "\t\n"):
        assert read(kind, text, allowed=("有", "無")).text == ""


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("R6.4.1", "2024-04-01"),
        ("令和６年４月１日", "2024-04-01"),
        ("令和六年四月一日", "2024-04-01"),
        ("令和元年5月1日", "2019-05-01"),
        ("令元.5.1", "2019-05-01"),
        ("昭32. 7. 1", "1957-07-01"),
        ("S39.5.26", "1964-05-26"),
        ("昭和64年1月7日", "1989-01-07"),
        ("平成31年4月30日", "2019-04-30"),
        ("明治三十二年十二月三十一日", "1899-12-31"),
        ("大正15年12月24日", "1926-12-24"),
        ("R6.4.1現在", "2024-04-01"),
        ("２０２４年１２月３日", "2024-12-03"),
        ("二〇二四年三月三日", "2024-03-03"),
        ("2024/2/1", "2024-02-01"),
        ("2023.4.1", "2023-04-01"),
        ("20240401", "2024-04-01"),
        ("2024-04-01 00:00:00", "2024-04-01"),
        ("2024年4月1日(月)", "2024-04-01"),
        ("令和6年", "2024"),
        ("令和6年4月", "2024-04"),
        ("45016", "2023-03-31"),
        ("41919", "2014-10-07"),
    ],
)
def test_a_date_is_read_in_the_ways_people_write_it(text: str, iso: str) -> None:
    found = read("date", text)
    assert (found.text, found.kind) == (iso, "safe")
    assert read("date", iso) == Parsed(iso)


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("平成32年4月1日", "date-era-range", "2020-04-01"),
        ("平成元年1月7日", "date-era-range", "1989-01-07"),
        ("令和元年4月30日", "date-era-range", "2019-04-30"),
        ("2月30日", "type-error", None),
        ("2023-02-30", "type-error", None),
        ("令和6年2月30日", "type-error", None),
        ("令和0年1月1日", "type-error", None),
        ("4月頃", "type-error", None),
        ("令和6年度", "type-error", None),
        ("0000年", "type-error", None),
        ("令和99年", "type-error", None),
        ("2024年4月1日(火)", "date-weekday", None),
        ("24/4/1", "date-ambiguous", None),
        ("4/5/2024", "date-ambiguous", None),
        ("13/4/2024", "date-ambiguous", "2024-04-13"),
        ("2024-04-01 09:30", "date-with-time", "2024-04-01"),
    ],
)
def test_a_date_that_is_none_or_two_is_unknown(text: str, code: str, expected: str | None) -> None:
    found = read("date", text)
    assert (found.text, found.code, found.severity) == (None, code, "error")
    assert dict(found.values).get("expected") == expected


def test_full_width_digits_are_no_iso_date() -> None:
    assert read("date", "２０２４-０４-０１") == Parsed("2024-04-01", "width", "info", (("expected", "2024-04-01"),), "safe")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2024-04-01/2025-03-31", "2024-04-01/2025-03-31"),
        ("2024/4/1～2025/3/31", "2024-04-01/2025-03-31"),
        ("令和6年4月1日から令和7年3月31日まで", "2024-04-01/2025-03-31"),
        ("2024-04-01/", "2024-04-01/"),
        ("2024-04-01", "2024-04-01"),
        ("2025-04-01/2024-03-31", None),
        ("通年", None),
    ],
)
def test_a_period_has_two_dates(text: str, canonical: str | None) -> None:
    assert read("period", text).text == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("09:00", "09:00"),
        ("9:00", "09:00"),
        ("09:00:00", "09:00"),
        ("０９：３０", "09:30"),
        ("午前8時30分", "08:30"),
        ("午後1時", "13:00"),
        ("午後12時30分", "12:30"),
        ("17時半", "17:30"),
        ("PM1:05", "13:05"),
        ("正午", "12:00"),
        ("24:00", "24:00"),
        ("25:30", "25:30"),
        ("0.375", "09:00"),
        ("0.729166666666667", "17:30"),
        ("終日", None),
        ("無", None),
        ("22:00消灯", None),
        ("9:60", None),
        ("36:00", None),
        ("0900", None),
        ("9:00～17:00", None),
    ],
)
def test_a_time_is_hours_and_minutes(text: str, canonical: str | None) -> None:
    assert read("time", text).text == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("月火水木金", "月火水木金"),
        ("月〜金", "月火水木金"),
        ("月曜日～金曜日", "月火水木金"),
        ("月・水・金", "月水金"),
        ("日月", "月日"),
        ("毎日", "月火水木金土日"),
        ("12345", "月火水木金"),
        ("火曜日、木曜日", "火木"),
        ("0We", "0We"),
        ("土日祝", None),
        ("平日", None),
        ("月～金（祝日を除く）", None),
        ("第1月曜", None),
        ("月月", None),
    ],
)
def test_weekdays_stand_in_week_order(text: str, canonical: str | None) -> None:
    assert read("weekdays", text).text == canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("土日祝", "土日"),
        ("平日", "月火水木金"),
        ("土日祝以外", "月火水木金"),
        ("土日祝日を除く", "月火水木金"),
        ("月～金（祝日を除く）", "月火水木金"),
    ],
)
def test_what_is_said_of_holidays_beside_weekdays_is_proposed_for_a_person(text: str, expected: str) -> None:
    found = read("weekdays", text)
    assert (found.text, found.kind, dict(found.values)["expected"]) == (None, "review", expected)


@pytest.mark.parametrize(
    ("text", "canonical", "code"),
    [
        ("462012", "462012", None),
        ("46201", "462012", "code-completed"),
        ("462012.0", "462012", "float-code"),
        ("46201.0", "462012", "code-completed"),
        ("４６２０１２", "462012", "width"),
        (" 462012 ", "462012", "width"),
        ("92011", "092011", "leading-zero"),
        ("462013", None, "check-digit"),
        ("221390", None, "check-digit"),
        ("12033", None, "code-ambiguous"),
        ("鹿児島市", None, "type-error"),
        ("462,012", "462012", "width"),
    ],
)
def test_a_municipality_code_has_six_digits_with_its_check_digit(text: str, canonical: str | None, code: str | None) -> None:
    found = read("municipality_code", text)
    assert (found.text, found.code) == (canonical, code)


def test_a_corporate_number_proves_itself_by_its_check_digit() -> None:
    # 1000020460001 is 鹿児島県's in the register's own scheme of prefectures: "000020" + code, with its check digit before it
    from stdnum.jp import cn

    good = cn.calc_check_digit("000020460001") + "000020460001"
    for number in range(10**11, 10**12, 10**10 - 7919):
        for first in range(10):
            digits = f"{first}{number:012}"
            assert has_corporate_check_digit(digits) == cn.is_valid(digits), digits
    assert read("corporate_number", good) == Parsed(good)
    assert read("corporate_number", f"{good}.0").text == good
    wrong = str((int(good[0]) % 9) + 1) + good[1:]
    assert read("corporate_number", wrong).code == "check-digit"
    assert read("corporate_number", "8.00002E+12").code == "number-exponent"
    assert read("corporate_number", good[1:]).text is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0001000", "0001000"),
        ("0008-001", "0008-001"),
        ("０００８－００１", "0008-001"),
        ("8001", "0008001"),
        ("8001.0", "0008001"),
        ("0008", None),
        ("abc", None),
    ],
)
def test_a_machiaza_id_has_seven_digits(text: str, canonical: str | None) -> None:
    assert read("machiaza_id", text).text == canonical


def test_a_code_of_fixed_width_gets_its_lost_zeros_back_and_says_so() -> None:
    found = read("code", "600001.0", options=(("digits", "7"),))
    assert (found.text, found.code, found.severity, found.kind) == ("0600001", "leading-zero", "warning", "safe")
    assert read("code", "060001", options=(("digits", "7"),)).text is None


@pytest.mark.parametrize("text", ["1", "１", "1.0", "有", "有り", "あり", "○", "〇", "◯", "TRUE", "可", "✓"])
def test_a_sign_for_yes_is_yes(text: str) -> None:
    assert parse(Field("f", "災害種別_洪水", **EVACUATION), text).text == "1"
    assert parse(Field("f", "授乳室", **YES_NO), text).text == "有"


@pytest.mark.parametrize("text", ["0", "無", "無し", "なし", "×", "FALSE", "不可"])
def test_a_sign_for_no_is_no(text: str) -> None:
    assert parse(Field("f", "災害種別_洪水", **EVACUATION), text).text == ""
    assert parse(Field("f", "授乳室", **YES_NO), text).text == "無"


@pytest.mark.parametrize("text", ["△", "◎", "-", "ー", "不明", "一部", "2", "?"])
def test_a_sign_that_says_neither_is_unknown_and_never_no(text: str) -> None:
    for options in (EVACUATION, YES_NO):
        found = parse(Field("f", "災害種別_洪水", **options), text)
        assert found.text is None
        assert found.severity in ("error", "warning")


def test_a_written_no_is_unknown_where_a_blank_does_not_say_no() -> None:
    assert parse(Field("f", "外部利用不可", "flag", allowed=("1",), blank="unknown"), "無").text is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("(099)286-2511", "(099)286-2511"),
        ("099-286-2511", "099-286-2511"),
        ("0120-999999", "0120-999999"),
        ("090-1234-5678", "090-1234-5678"),
        ("０９９－２８６－２５１１", "099-286-2511"),
        ("099ー286ー2511", "099-286-2511"),
        ("099(286)2511", "(099)286-2511"),
        ("TEL 099-286-2511", "099-286-2511"),
        ("099-286-2511(代表)", "099-286-2511"),
        ("099-286-2511/099-286-2512", "099-286-2511 / 099-286-2512"),
        ("09912-2-1111", "09912-2-1111"),
        ("110", "110"),
        ("286-2511", None),
        ("099-286-251", None),
        ("なし", None),
        ("99-286-2511", None),
    ],
)
def test_a_telephone_number_keeps_its_parts_apart(text: str, canonical: str | None) -> None:
    assert read("phone", text).text == canonical


def test_a_telephone_number_in_one_piece_is_a_question_with_a_proposal() -> None:
    found = read("phone", "0992862511")
    assert (found.text, found.code, found.kind, dict(found.values)["expected"]) == (
        "0992862511",
        "phone-separator",
        "review",
        "099-286-2511",
    )
    lost = read("phone", "992862511")
    assert (lost.text, lost.code, dict(lost.values)["expected"]) == (None, "phone-zero", "099-286-2511")
    inner = read("phone", "099-286-2511 内線123")
    assert (inner.text, dict(inner.values)["extension"]) == (None, "123")


@pytest.mark.parametrize(
    ("kind", "text", "canonical"),
    [
        ("postal_code", "8900053", "8900053"),
        ("postal_code", "890-0053", "8900053"),
        ("postal_code", "〒８９０－００５３", "8900053"),
        ("postal_code", "89-0053", None),
        ("email", "a.b@city.example.jp", "a.b@city.example.jp"),
        ("email", "ａ＠example.jp", "a@example.jp"),
        ("email", "a@b", None),
        ("email", "a[at]example.jp", None),
        ("url", "https://www.example.lg.jp/a?b=c", "https://www.example.lg.jp/a?b=c"),
        ("url", "https://www.example.jp/　", "https://www.example.jp/"),
        ("url", "www.example.jp", None),
        ("url", "ttps://www.example.jp", None),
        ("url", "javascript:alert(1)", None),
        ("url", "https://a.jp https://b.jp", None),
        ("url", "なし", None),
        ("kana", "カゴシマシ", "カゴシマシ"),
        ("kana", "ｶｺﾞｼﾏｼ", "カゴシマシ"),
        ("kana", "かごしまし", "カゴシマシ"),
        ("kana", "スーパ―", "スーパー"),
        ("latin", "Ｋａｇｏｓｈｉｍａ", "Kagoshima"),
        ("latin", "Kagoshima City", "Kagoshima City"),
        ("identifier", "Ａ００１", "A001"),
        ("alnum", "FF-1", "FF-1"),
        ("identifier", "鹿-１", "鹿-１"),
        ("extension", "内線１２３", "123"),
        ("list", "a；b", "a;b"),
        ("list", "a\nb", "a;b"),
        ("list", "a;b;", "a;b"),
    ],
)
def test_contacts_names_and_lists_have_one_way_to_be_written(kind: str, text: str, canonical: str | None) -> None:
    assert read(kind, text).text == canonical


@pytest.mark.parametrize(
    ("kind", "text", "canonical"),
    [
        ("integer", "1200", "1200"),
        ("integer", "1,200", "1200"),
        ("integer", "１２００", "1200"),
        ("integer", "1,200人", "1200"),
        ("integer", "12.0", "12"),
        ("integer", "12.5", None),
        ("integer", "40/12", None),
        ("integer", "約30", None),
        ("integer", "-", None),
        ("integer", "1.2E+5", None),
        ("integer", "12,34", None),
        ("integer", "nan", None),
        ("number", "30.5", "30.5"),
        ("number", "30.5m", "30.5"),
        ("number", "-1.5", "-1.5"),
        ("number", "１．５", "1.5"),
        ("number", "inf", None),
        ("money", "1,000円", "1000"),
        ("money", "￥1,000", "1000"),
        ("money", "無料", "0"),
        ("money", "50,700 ", "50700"),
        ("money", "一般300円、大学生150円", None),
    ],
)
def test_numbers_are_half_width_digits(kind: str, text: str, canonical: str | None) -> None:
    assert read(kind, text).text == canonical


def test_a_number_stays_within_its_limits() -> None:
    limits = {"options": (("min", "0"), ("max", "100"))}
    assert read("integer", "-1", **limits).code == "value-too-small"
    assert read("integer", "１０１", **limits).code == "value-too-large"


@pytest.mark.parametrize(
    ("text", "canonical", "code"),
    [
        ("-", "0", "statistics-zero"),
        ("…", None, "statistics-unknown"),
        ("x", None, "statistics-withheld"),
        ("△1,000", "-1000", "statistics-minus"),
    ],
)
def test_symbols_of_statistics_are_read_in_statistics_only(text: str, canonical: str | None, code: str) -> None:
    found = parse(field("integer"), text, statistical=True)
    assert (found.text, found.code) == (canonical, code)
    assert read("integer", text).text is None


@pytest.mark.parametrize(
    ("text", "canonical", "code"),
    [
        ("31.596900", "31.596900", None),
        ("３１．５９６９", "31.5969", "width"),
        (" 31.5969", "31.5969", "width"),
        ("北緯31.5969", "31.5969", "coordinate-format"),
        ("31度35分12秒", "31.586667", "coordinate-dms"),
        ("31°35′12″", "31.586667", "coordinate-dms"),
        ("31°35'12.3\"", "31.586750", "coordinate-dms"),
        ("N31°35'12\"", "31.586667", "coordinate-dms"),
        ("31度33分", None, "coordinate-no-seconds"),
        ("31.35.12", None, "coordinate-dotted"),
        ("31596900", None, "coordinate-point"),
        ("130.557", None, "coordinate-range"),
        ("0", None, "coordinate-zero"),
        ("31", None, "coordinate-whole"),
        ("nan", None, "type-error"),
        ("31度75分12秒", None, "type-error"),
    ],
)
def test_a_latitude_is_decimal_degrees(text: str, canonical: str | None, code: str | None) -> None:
    found = read("latitude", text)
    assert (found.text, found.code) == (canonical, code)


def test_a_lost_decimal_point_is_proposed_and_not_set() -> None:
    found = read("longitude", "141264748")
    assert (found.text, dict(found.values)["expected"], found.kind) == (None, "141.264748", "review")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("\ufffd公園", "lost-character"),
        ("\ue000野公園", "private-character"),
        ("〓田公園", "geta-character"),
        ("鹿?島公園", "question-mark"),
        ("??公園", "question-mark"),
        ("公園\x08", "control-character"),
        ("公\u200b園", "invisible-character"),
        (" 公園", "blank-around"),
        ("公園\n東口", "line-break"),
    ],
)
def test_letters_that_were_lost_in_a_name_are_pointed_out(text: str, code: str) -> None:
    assert read("name", text).code == code


@pytest.mark.parametrize(
    "text", ["頴娃町公民館", "穎娃町公民館", "﨑山公園", "髙城", "㈱みほん", "ＡＥＤ　第１", "これは何？", "カフェ Q?"]
)
def test_a_stored_name_keeps_its_characters(text: str) -> None:
    assert read("name", text) == Parsed(text)


def test_a_dash_for_an_empty_cell_is_reported() -> None:
    for text in ("-", "ー", "―", "－－"):
        assert read("text", text) == Parsed("", "dash-blank", "info", (), "safe")
        assert read("url", text).text == ""


def test_allowed_values_are_compared_folded_and_others_are_errors() -> None:
    kind = {"allowed": ("病院", "有床診療所", "無床診療所")}
    assert read("enum", "病院", **kind) == Parsed("病院")
    assert read("enum", "病 院", **kind).text == "病院"
    wrong = read("enum", "歯科", **kind)
    assert (wrong.text, wrong.code, wrong.severity) == ("歯科", "not-allowed", "error")
    near = read("enum", "階", allowed=("階数", "標高", "地表高"))
    assert dict(near.values)["expected"] == "階数"
    assert read("list", "病院、有床診療所", **kind).text == "病院;有床診療所"


CELLS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789０１２３.,-－/:：年月日時分秒度°′″令和平成昭RHS()（）円人 　", max_size=20),
    st.sampled_from(
        ["○", "×", "-", "ー", "有", "無", "月火", "カナ", "ｶﾅ", "090-1234-5678", "31.5969", "https://a.jp", "a;b"]
    ),
)


@settings(max_examples=300, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(CELLS, st.sampled_from(sorted(TYPES)), st.booleans())
def test_any_text_is_read_and_a_canonical_text_is_read_as_itself(text: str, kind: str, statistical: bool) -> None:
    of = Field(
        "x",
        "項目",
        kind,
        allowed=("有", "無") if kind in ("flag", "enum") else (),
        options=(("digits", "4"),) if kind == "code" else (),
    )
    found = parse(of, text, statistical=statistical)
    if found.text:
        again = parse(of, found.text, statistical=statistical)
        assert again.text == found.text
        assert again.kind != "safe"
    if found.kind == "review":
        expected = dict(found.values)["expected"]
        chosen = parse(of, expected, statistical=statistical)
        assert chosen.kind != "safe" or chosen.text == expected
        assert dict(chosen.values).get("expected", expected) == expected or chosen.kind is None
