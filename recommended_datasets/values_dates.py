"""Dates, periods, times and weekdays, after GIF DS-441: ``YYYY-MM-DD`` (or ``YYYY``), ``HH:MM``, 月火水木金土日."""

from __future__ import annotations

import datetime as dt
import re

from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed, repaired, squeeze, trim, unreadable

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ISO_PART = re.compile(r"(1[0-9]|20)[0-9]{2}(-(0[1-9]|1[0-2]))?")
_GREGORIAN = re.compile(r"(?:西暦)?([0-9]{4})[-/.年,]([0-9]{1,2})(?:[-/.月,]([0-9]{1,2})日?|月)?")
_GREGORIAN_YEAR = re.compile(r"(?:西暦)?([0-9]{4})年")
_EIGHT = re.compile(r"(1[5-9]|20)([0-9]{2})([0-9]{2})([0-9]{2})")
_ERA = re.compile(
    r"(明治|大正|昭和|平成|令和|[明大昭平令MTSHR])(元|[0-9]{1,2})(?:年|[-/.])(?:([0-9]{1,2})(?:月|[-/.])(?:([0-9]{1,2})日?)?)?",
    re.IGNORECASE,
)
_ERA_COMPACT = re.compile(r"([MTSHR])([0-9]{2})([0-9]{2})([0-9]{2})", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_CLOCK = re.compile(r"[T ]?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.0+)?)?$")
_WEEKDAY_TAIL = re.compile(r"[((\[]([月火水木金土日])(?:曜日?)?[))\]]$")
_SERIAL = re.compile(r"([0-9]{5})(?:\.0+)?")
_ERAS: dict[str, tuple[str, int, dt.date, dt.date]] = {
    "M": ("明治", 1867, dt.date(1868, 1, 25), dt.date(1912, 7, 30)),
    "T": ("大正", 1911, dt.date(1912, 7, 30), dt.date(1926, 12, 25)),
    "S": ("昭和", 1925, dt.date(1926, 12, 25), dt.date(1989, 1, 7)),
    "H": ("平成", 1988, dt.date(1989, 1, 8), dt.date(2019, 4, 30)),
    "R": ("令和", 2018, dt.date(2019, 5, 1), dt.date(9999, 12, 31)),
}
_ERA_LETTER = {"明": "M", "大": "T", "昭": "S", "平": "H", "令": "R"}
_KANJI = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
_KANJI_RUN = re.compile(r"[〇零一二三四五六七八九十]+")
_FIRST_SERIAL, _LAST_SERIAL = 10000, 73050  # 1927-05-18 … 2099-12-31: below, a five-digit number is more likely something else


def _kanji_number(run: str) -> str:
    """``十二`` → 12, ``二〇二四`` → 2024, ``三十一`` → 31."""
    if "十" not in run:
        return "".join(str(_KANJI[character]) for character in run)
    tens, _, ones = run.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return run
    return str((_KANJI[tens] if tens else 1) * 10 + (_KANJI[ones] if ones else 0))


def _plain(text: str) -> str:
    """Digits half-width, blanks and 現在 gone; kanji digits as digits only where 年 says that it is a date."""
    plain = squeeze(text)
    if "年" in plain:
        plain = _KANJI_RUN.sub(lambda match: _kanji_number(match.group()), plain)
    for tail in ("現在", "時点", "付け", "付"):
        plain = plain.removesuffix(tail)
    return plain


def _join(year: int, month: str | None, day: str | None) -> str | None:
    """The date as text, or None where the calendar has no such day."""
    if day is None and not 1000 <= year <= 2099:
        return None  # a number that nobody would write as a year
    if month is None:
        return f"{year:04d}"
    if not 1 <= int(month) <= 12:
        return None
    if day is None:
        return f"{year:04d}-{int(month):02d}"
    try:
        return dt.date(year, int(month), int(day)).isoformat()
    except ValueError:
        return None


def _era(letter: str, year_text: str, month: str | None, day: str | None) -> Parsed:
    """A date of a Japanese era; outside the era's days it is refused and the Gregorian reading proposed."""
    name, offset, first, last = _ERAS[letter]
    year = offset + (1 if year_text == "元" else int(year_text))
    text = _join(year, month, day) if year > offset else None
    if text is None:
        return unreadable("date")
    low, high = first.isoformat()[: len(text)], last.isoformat()[: len(text)]
    if not low <= text <= high:
        return unreadable("date", text, "date-era-range", era=name, first=first.isoformat(), last=last.isoformat())
    return repaired(text, "date-era")


def date(text: str, field: Field | None = None, /) -> Parsed:
    """A date cell: ISO, 2024/2/1, 20240201, 和暦 in its spellings, or an Excel serial. ``YYYY`` and ``YYYY-MM`` stay."""
    match = _ISO.fullmatch(text)
    if match:
        try:
            dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return unreadable("date")
        return Parsed(text)
    if _ISO_PART.fullmatch(text):
        return Parsed(text)
    plain = _plain(text)
    tail = _WEEKDAY_TAIL.search(plain)
    if tail:
        found = date(plain[: tail.start()])
        if found.text and len(found.text) == 10:
            if "月火水木金土日"[dt.date.fromisoformat(found.text).weekday()] == tail[1]:
                return repaired(found.text, found.code or "date-format")
            return unreadable("date", code="date-weekday", weekday=tail[1])
        return unreadable("date")
    clock = _CLOCK.search(plain)
    if clock and clock.start():
        found = date(plain[: clock.start()])
        if found.text and len(found.text) == 10:
            midnight = not (int(clock[1]) or int(clock[2]) or int(clock[3] or 0))
            if midnight:
                return repaired(found.text, found.code or "date-format")
            return unreadable("date", found.text, "date-with-time")
        return unreadable("date")
    return _written(plain)


def _written(plain: str) -> Parsed:
    if _ISO.fullmatch(plain) or _ISO_PART.fullmatch(plain):
        found = date(plain)
        return repaired(found.text, "width") if found.text else found
    if match := _GREGORIAN.fullmatch(plain):
        joined = _join(int(match[1]), match[2], match[3])
        return repaired(joined, "date-format") if joined else unreadable("date")
    if match := _GREGORIAN_YEAR.fullmatch(plain):
        joined = _join(int(match[1]), None, None)
        return repaired(joined, "date-format") if joined else unreadable("date")
    if match := _EIGHT.fullmatch(plain):
        joined = _join(int(match[1] + match[2]), match[3], match[4])
        return repaired(joined, "date-format") if joined else unreadable("date")
    if match := _ERA.fullmatch(plain) or _ERA_COMPACT.fullmatch(plain):
        letter = _ERA_LETTER.get(match[1][0], match[1].upper())
        return _era(letter, match[2], match[3], match[4])
    if match := _SERIAL.fullmatch(plain):
        serial = int(match[1])
        if _FIRST_SERIAL <= serial <= _LAST_SERIAL:
            # Excel's 1900 system; its false 1900-02-29 lies below the range.
            return repaired((dt.date(1899, 12, 30) + dt.timedelta(days=serial)).isoformat(), "date-serial", "warning")
    if match := _SHORT_YEAR.fullmatch(plain):
        readings = [f"20{int(match[1]):02d}-{int(match[2]):02d}-{int(match[3]):02d}"] if len(match[1]) == 2 else []
        for letter in "RH":
            found = _era(letter, match[1], match[2], match[3])
            if found.text:
                readings.append(found.text)
        return unreadable("date", code="date-ambiguous", readings=", ".join(dict.fromkeys(readings)) or "?")
    if match := _YEAR_LAST.fullmatch(plain):
        readings = [_join(int(match[3]), match[1], match[2]), _join(int(match[3]), match[2], match[1])]
        known = [reading for reading in dict.fromkeys(readings) if reading]
        if len(known) == 1:
            return unreadable("date", known[0], "date-ambiguous", readings=known[0])
        if known:
            return unreadable("date", code="date-ambiguous", readings=", ".join(known))
    return unreadable("date")


_SPAN_SPLIT = re.compile(r"\s*(?:[~〜～]|から|--)\s*")


def period(text: str, field: Field | None = None, /) -> Parsed:
    """``開始/終了``, each side a date, one of them possibly empty (GIF DS-441)."""
    trimmed = trim(text)
    single = date(trimmed)
    if single.text:
        return single
    parts = re.split(r"[/／]", trimmed) if re.fullmatch(r"[^/／]*[/／][^/／]*", trimmed) else _SPAN_SPLIT.split(trimmed)
    if len(parts) != 2 or not any(parts):
        return unreadable("period")
    found = [date(part) if trim(part) else Parsed("") for part in (parts[0], parts[1].removesuffix("まで"))]
    if any(part.text is None for part in found):
        return unreadable("period")
    joined = f"{found[0].text}/{found[1].text}"
    if found[0].text and found[1].text and found[0].text > found[1].text:
        return unreadable("period", code="period-reversed")
    return Parsed(text) if joined == text else repaired(joined, "date-format")


_TIME = re.compile(r"([01][0-9]|2[0-9]|3[0-5]):[0-5][0-9]")
_COLON = re.compile(r"(午前|午後|AM|PM|am|pm)?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(AM|PM|am|pm)?")
_KANJI_TIME = re.compile(r"(午前|午後|AM|PM|am|pm)?([0-9]{1,2})時(?:([0-9]{1,2})分?|半)?")
_FRACTION = re.compile(r"0?\.[0-9]+|0|1|0\.0|1\.0")
_COMPACT = re.compile(r"([01][0-9]|2[0-9])([0-5][0-9])")
_WHOLE_DAY = frozenset({"終日", "24時間", "常時", "随時", "常時開放", "一日中", "24h", "24H"})


def time(text: str, field: Field | None = None, /) -> Parsed:
    """``HH:MM``; hours past 24 (``25:30`` = half past one at night) stay. 終日 is no time: a person writes both ends."""
    if _TIME.fullmatch(text):
        return Parsed(text)
    plain = squeeze(text)
    if _TIME.fullmatch(plain):
        return repaired(plain, "width")
    if plain in _WHOLE_DAY:
        return unreadable("time", code="time-whole-day")
    match = _COLON.fullmatch(plain)
    if match:
        return _clock(match[1] or match[5], match[2], match[3], match[4])
    match = _KANJI_TIME.fullmatch(plain)
    if match:
        minutes = "30" if plain.endswith("半") else match[3] or "0"
        return _clock(match[1], match[2], minutes, None)
    if plain == "正午":
        return repaired("12:00", "time-format")
    if _FRACTION.fullmatch(plain):
        if plain in ("0", "1"):
            return unreadable("time", "00:00" if plain == "0" else "24:00")
        minutes = round(float(plain) * 1440)
        if abs(float(plain) * 1440 - minutes) < 0.02:
            return repaired(f"{minutes // 60:02d}:{minutes % 60:02d}", "time-serial", "warning")
    match = _COMPACT.fullmatch(plain)
    if match:
        return unreadable("time", f"{match[1]}:{match[2]}")
    return unreadable("time")


def _clock(half: str | None, hour_text: str, minute_text: str, second_text: str | None) -> Parsed:
    hour, minute = int(hour_text), int(minute_text)
    if half:
        if hour > 12 or (hour == 12 and half.lower() in ("am", "午前") and minute):
            return unreadable("time")
        if half.lower() in ("pm", "午後"):
            hour = hour + 12 if hour < 12 else 12
        elif half.lower() == "am" and hour == 12:
            hour = 0
    if hour > 35 or minute > 59 or (second_text and int(second_text) > 59):
        return unreadable("time")
    if second_text and int(second_text):
        return unreadable("time", f"{hour:02d}:{minute:02d}")
    return repaired(f"{hour:02d}:{minute:02d}", "time-format")


_WEEK = "月火水木金土日"
_REPEAT = re.compile(r"(?:[0-7]{1,5}(?:Mo|Tu|We|Th|Fr|Sa|Su))+")
_WEEK_RANGE = re.compile(r"([月火水木金土日])(?:曜日?)?(?:[~〜～\-‐－ー―–—]|から)([月火水木金土日])(?:曜日?)?(?:まで)?")


def weekdays(text: str, field: Field | None = None, /) -> Parsed:
    """月火水木金土日 in week order without separator, or GIF's repetition codes (``0We``); digits 1–7 are read as days."""
    if text and all(character in _WEEK for character in text) and list(text) == sorted(set(text), key=_WEEK.index):
        return Parsed(text)
    if _REPEAT.fullmatch(text):
        return Parsed(text)
    plain = squeeze(text)
    if plain in ("毎日", "全日", "年中", "年中無休", "無休", "月火水木金土日曜日"):
        return repaired(_WEEK, "weekdays-format")
    if re.fullmatch(r"[1-7]+", plain) and len(set(plain)) == len(plain):
        return repaired("".join(_WEEK[int(digit) - 1] for digit in sorted(plain)), "weekdays-format")
    if plain == "平日" or re.fullmatch(r"土日[・,、]?(?:祝祭?日?)?(?:以外|を?除く)", plain):
        return unreadable("weekdays", "月火水木金")
    holidays = "祝" in plain
    plain = re.sub(r"\((?:国民の)?祝祭?日?(?:は|を)?(?:除く|休み?)\)", "", plain)
    plain = re.sub(r"[・,、/;]?(国民の)?祝(祭)?日?|[・,、/;]?祭日", "", plain)
    plain = _WEEK_RANGE.sub(lambda match: _span(match[1], match[2]), plain)
    plain = re.sub(r"曜日|曜", "", plain)
    plain = re.sub(r"[・,、/;.と及びおよび]", "", plain)
    if plain and all(character in _WEEK for character in plain) and len(set(plain)) == len(plain):
        ordered = "".join(sorted(plain, key=_WEEK.index))
        if holidays:
            return unreadable("weekdays", ordered, "weekdays-holiday")
        return repaired(ordered, "weekdays-format")
    return unreadable("weekdays")


def _span(first: str, last: str) -> str:
    start, end = _WEEK.index(first), _WEEK.index(last)
    return _WEEK[start : end + 1] if start <= end else _WEEK[start:] + _WEEK[: end + 1]
