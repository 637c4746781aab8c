"""A workbook's cells as text, the way Excel shows them where that loses nothing.

python-calamine gives numbers as floats and dates, times and durations as Python objects. Integers lose their ``.0``; a date
is written in the style of the cell's number format if that style shows year, month and day, else as YYYY-MM-DD; a number with
a format of digits only (0000000, 000-0000) gets the zeros that Excel shows. Colours, thousands separators, units and rounding
of other formats are no part of the value and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast

_SECTION = re.compile(r"\[[^\]]*\]|_.|\*.")
_QUOTED = re.compile(r'"([^"]*)"')
_TEXT = frozenset((str,))
_ERAS = (
    (date(2019, 5, 1), "令和", "R"),
    (date(1989, 1, 8), "平成", "H"),
    (date(1926, 12, 25), "昭和", "S"),
    (date(1912, 7, 30), "大正", "T"),
    (date(1868, 1, 25), "明治", "M"),
)

BUILT_IN = {
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy/m/d h:mm", 27: "ge.m.d", 28: "ggge年m月d日", 29: "ggge年m月d日", 30: "m/d/yy", 31: "yyyy年m月d日", 32: "h時mm分",
    33: "h時mm分ss秒", 34: "yyyy年m月", 35: "m月d日", 36: "ge.m.d", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 50: "ge.m.d",
    51: "ggge年m月d日", 52: "yyyy年m月", 53: "m月d日", 54: "ggge年m月d日", 55: "yyyy年m月", 56: "m月d日", 57: "ge.m.d",
    58: "ggge年m月d日",
}  # fmt: skip
"""Number formats that a workbook does not spell out, as a Japanese Excel shows them."""

_NUMBERS = frozenset((*range(14), *range(37, 41), 48, 49))
"""Number formats that a workbook does not spell out and that are of numbers or text."""
_LETTER = re.compile("[A-Za-z]")

ISO = "yyyy-mm-dd"
_DATE_STYLES = frozenset(
    (ISO, "yyyy-m-d", "yyyy/m/d", "yyyy/mm/dd", "yyyy.m.d", "yyyy.mm.dd", "ge.m.d")
    + ("yyyy年m月d日", "yyyy年mm月dd日", "ggge年m月d日")
)


def date_style(code: str) -> str | None:
    """The style in which a format shows dates: one that keeps year, month and day, else `ISO`; None for no date format."""
    plain = _plain(code)
    if not re.search(r"[yYeEdDgG]|m", plain) or re.search(r"[0#?]", plain):
        return None
    day = re.split(r"[\sT]*[hH]", plain)[0].strip().lower()
    if not re.search(r"[yegd]", day):
        return None
    return day if day in _DATE_STYLES else ISO


def digit_style(code: str) -> str | None:
    """A format of nothing but digits, hyphens, brackets and blanks with at least two fixed digits: 0000000, 000-0000."""
    plain = _plain(code.split(";")[-1] if code.startswith("[<") else code)
    if plain.count("0") < 2 or not re.fullmatch(r"[0#\-() ]+", plain):
        return None
    return plain


def _plain(code: str) -> str:
    section = code if code.startswith("[<") else code.split(";")[0]
    return _QUOTED.sub(r"\1", _SECTION.sub("", section)).replace("\\", "")


def by_digits(value: float, style: str) -> str | None:
    """600001 in the style 000-0000 is 060-0001; None where the number is no whole one."""
    if value < 0 or not value.is_integer():
        return None
    digits = str(int(value))
    shown: list[str] = []
    for sign in reversed(style):
        if sign in "0#":
            if digits:
                shown.append(digits[-1])
                digits = digits[:-1]
            elif sign == "0":
                shown.append("0")
        else:
            shown.append(sign)
    return digits + "".join(reversed(shown)).strip()


def cell_text(value: object, style: str = ISO) -> str:
    """The text of one cell that is no string. `style` is a date style (see `date_style`)."""
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        if value.year == 1900 and value.month == value.day == 1:  # serial 1.x: 24:00 and later in a cell shown as a time
            return _clock(86400 + value.hour * 3600 + value.minute * 60 + value.second, value.microsecond)
        clock = _clock(value.hour * 3600 + value.minute * 60 + value.second, value.microsecond)
        return f"{date_text(value.date(), style)} {clock}"
    if isinstance(value, date):
        if value.year == 1900 and value.month == value.day == 1:
            return "24:00"
        return date_text(value, style)
    if isinstance(value, time):
        return _clock(value.hour * 3600 + value.minute * 60 + value.second, value.microsecond)
    if isinstance(value, timedelta):
        sign = "-" if value < timedelta(0) else ""
        value = abs(value)
        return sign + _clock(value.days * 86400 + value.seconds, value.microseconds)
    return str(value)


def number_text(value: float) -> str:
    """A number as Excel writes it out in full: 131016, 31.5963, at most 15 significant digits in a fraction."""
    if value.is_integer():
        return str(int(value)) if -1e21 < value < 1e21 else repr(value)
    text = repr(value)
    return text if len(text) <= 16 and "e" not in text else _plain_digits(f"{value:.15g}")


def _plain_digits(text: str) -> str:
    """1e-07 as 0.0000001: an exponent is how a number is shown in a narrow column, not how anybody enters it."""
    mantissa, mark, exponent = text.partition("e")
    if not mark or abs(int(exponent)) > 30:
        return text
    return f"{float(text):.{max(0, len(mantissa.replace('-', '').replace('.', '')) - 1 - int(exponent))}f}"


def _clock(seconds: int, microseconds: int) -> str:
    seconds += microseconds >= 500_000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if seconds else f"{hours}:{minutes:02}"


def date_text(day: date, style: str = ISO) -> str:
    """A date in one of the styles of `date_style`."""
    if style == ISO:
        return day.isoformat()
    if "g" in style:
        for start, name, letter in _ERAS:
            if day >= start:
                year = day.year - start.year + 1
                return f"{name}{year}年{day.month}月{day.day}日" if "年" in style else f"{letter}{year}.{day.month}.{day.day}"
        return day.isoformat()
    text = style.replace("yyyy", f"{day.year:04}")
    text = text.replace("mm", f"{day.month:02}").replace("dd", f"{day.day:02}")
    return text.replace("m", str(day.month)).replace("d", str(day.day))


def row_texts(row: list[object], style: str, memo: dict[object, str]) -> list[str]:
    """One row of cells as text. `memo` keeps texts of times and dates, of which a column has few."""

    def other(value: object) -> str:
        key = value.__class__, value
        text = memo.get(key)
        if text is None:
            text = memo[key] = cell_text(value, style)
        return text

    if _TEXT.issuperset(map(type, row)):
        return cast("list[str]", row)
    return [v if isinstance(v, str) else number_text(v) if isinstance(v, float) else other(v) for v in row]


def styles_of(formats: Mapping[int, str], cell_formats: Sequence[int]) -> tuple[str, dict[int, str], dict[int, str]]:
    """From a workbook's number formats (id → code) and its cell styles (style → id): the usual date style, the styles that
    show dates otherwise, and the styles that show digits."""
    dates: dict[int, str] = {}
    digits: dict[int, str] = {}
    for style, number in enumerate(cell_formats):
        code = formats.get(number) or BUILT_IN.get(number, "")
        if not code or code == "General":
            continue
        day = date_style(code)
        if day:
            dates[style] = day
        else:
            shown = digit_style(code)
            if shown:
                digits[style] = shown
    kinds = list(dates.values())
    usual = max(sorted(set(kinds)), key=kinds.count) if kinds else ISO
    return usual, {style: day for style, day in dates.items() if day != usual}, digits


@dataclass(frozen=True, slots=True)
class Styles:
    """The cell styles, by number, in which a number is no date or time to anybody, and those that show digits."""

    plain: frozenset[int]
    digits: dict[int, str]


def plain_styles(formats: Mapping[int, str], cell_formats: Sequence[int]) -> frozenset[int]:
    """Styles whose number format has no letter that could tell of a date or a time. Without any style, a cell has number 0."""
    if not cell_formats:
        return frozenset((0,))
    return frozenset(
        style
        for style, number in enumerate(cell_formats)
        if (formats.get(number, "General") == "General" or not _LETTER.search(formats[number]))
        and (number in formats or number in _NUMBERS)
    )
