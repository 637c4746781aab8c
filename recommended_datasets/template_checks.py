"""The checks of a template's 点検 sheet as spreadsheet formulas, made from the definition.

Each formula says "this cell is wrong" for `{x}` and works alike on one cell (conditional format) and, in an array formula, on
a column. They are the part of `check` that a spreadsheet can say offline: blanks in ◎, value lists, numbers, dates, times,
codes with their check digits, the coordinate box, repeated ids. Only functions that Excel and LibreOffice share are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommended_datasets.definition import Definition, Field

_LONGEST_LIST = 200
"""Letters of a value list that may stand inside a formula."""


@dataclass(frozen=True, slots=True)
class CellCheck:
    """One row of the 点検 sheet. `wrong` is the formula; `{x}` the cell or column, `{used}` whether the row is filled in,
    `{first}` the first cell of the column as an absolute address. `certain`: an error, else something to look at."""

    field: str
    code: str
    ja: str
    en: str
    wrong: str
    certain: bool
    whole: bool = False
    """Needs the whole column (repeats): no conditional format of one cell."""


def _text(x: str = "{x}") -> str:
    """The cell as text without blanks at its ends; full-width blanks too."""
    return f'TRIM(SUBSTITUTE({x},"　"," "))'


def _digits(length: int) -> str:
    """Is the text exactly so many half-width digits? (Letters, signs and points fail; so do full-width digits.)"""
    parts = "+".join(f'ISNUMBER(FIND(MID({{x}},{i},1),"0123456789"))' for i in range(1, length + 1))
    return f"(LEN({{x}})={length})*(({parts})={length})"


def _digit(place: int) -> str:
    return f"IFERROR(VALUE(MID({{x}},{place},1)),0)"


def _number() -> str:
    """A number in half-width digits: what VALUE reads, less what only a spreadsheet would take for one (dates, 1E5, 1,000)."""
    none = "".join(f'*ISERROR(FIND("{c}",{{x}}))' for c in ("/", ":", "E", "e", ",", "%", " ", "¥", "$", "(", "年", "月"))
    return f"ISNUMBER(IFERROR(VALUE({{x}}),FALSE)){none}*(LENB({{x}})=LEN({{x}}))"


def _date() -> str:
    year, month, day = (f"IFERROR(VALUE(MID({{x}},{start},{length})),0)" for start, length in ((1, 4), (6, 2), (9, 2)))
    full = f'(LEN({{x}})=10)*(MID({{x}},5,1)="-")*(MID({{x}},8,1)="-")*({year}>=1000)*({month}>=1)*({month}<=12)*({day}>=1)'
    real = f"*(IFERROR(MONTH(DATE({year},{month},{day})),0)={month})"
    to_month = f'(LEN({{x}})=7)*(MID({{x}},5,1)="-")*({year}>=1000)*({month}>=1)*({month}<=12)'
    return f"(({full}{real})+({to_month})+(LEN({{x}})=4)*({year}>=1000))>0"


def _time() -> str:
    hour, minute = (f"IFERROR(VALUE(MID({{x}},{start},2)),-1)" for start in (1, 4))
    return f'(LEN({{x}})=5)*(MID({{x}},3,1)=":")*({hour}>=0)*({hour}<=47)*({minute}>=0)*({minute}<=59)'


def _municipality_code() -> str:
    weighted = "+".join(f"{weight}*{_digit(place)}" for place, weight in enumerate((6, 5, 4, 3, 2), start=1))
    return f"({_digits(6)})*(MOD(11-MOD({weighted},11),10)={_digit(6)})"


def _corporate_number() -> str:
    weighted = "+".join(f"{2 if place % 2 == 0 else 1}*{_digit(place)}" for place in range(13, 1, -1))
    # Counted from the right, the places of the twelve digits weigh 1, 2, 1, 2 …; place 13 is the first from the right.
    return f"({_digits(13)})*(9-MOD({weighted},9)={_digit(1)})"


def _in_list(values: Sequence[str]) -> str:
    quoted = ";".join('"' + value.replace('"', '""') + '"' for value in values)
    return f"ISNUMBER(MATCH({{x}},{{{{{quoted}}}}},0))"


def checks(definition: Definition, bounds: tuple[float, float, float, float] | None = None) -> list[CellCheck]:
    """Every check of the definition's columns in their order. `bounds`: west, south, east, north of the prefecture."""
    found: list[CellCheck] = []
    for f in definition.fields:
        if f.mark == "◎" and f.type != "flag":
            wrong = f"{{used}}*(LEN({_text()})=0)"
            found.append(CellCheck(f.id, "blank", "◎なのに空欄", "◎ but blank", wrong, f.required))
        right = _right(f, bounds)
        if right:
            ja, en, formula = right
            certain = f.values_certain if f.type in ("flag", "enum") else f.evidence == "seen"
            found.append(CellCheck(f.id, "value", ja, en, f"(LEN({_text()})>0)*(1-({formula}))", certain))
        if f.key:
            wrong = '(LEN({x})>0)*(IFERROR(MATCH({x}&"",{x}&"",0),0)<>ROW({x})-ROW({first})+1)'
            found.append(
                CellCheck(f.id, "repeated", "同じ値が2回", "the same value twice", wrong, f.evidence == "seen", whole=True)
            )
    return found


def _right(f: Field, bounds: tuple[float, float, float, float] | None) -> tuple[str, str, str] | None:
    """(what should be in the cell, in Japanese and English, the formula that it is), or nothing to check."""
    values = [value for value in f.allowed if value]
    if f.type in ("flag", "enum") and values and sum(map(len, values)) <= _LONGEST_LIST:
        return f"{'・'.join(values)} のどれでもない", "not one of the values", _in_list(values)
    if f.type == "municipality_code":
        return "6桁のコードでない・検査数字が違う", "no six-digit code, or a wrong check digit", _municipality_code()
    if f.type == "corporate_number":
        return "13桁の法人番号でない・検査数字が違う", "no 13-digit number, or a wrong check digit", _corporate_number()
    if f.type == "postal_code":
        return "7桁の数字でない", "not seven digits", _digits(7)
    if f.type == "date":
        return "YYYY-MM-DD の日付でない", "no date YYYY-MM-DD", _date()
    if f.type == "time":
        return "HH:MM の時刻でない", "no time HH:MM", _time()
    if f.type in ("integer", "money"):
        return "整数でない", "no whole number", f'({_number()})*ISERROR(FIND(".",{{x}}))' + _limits(f)
    if f.type == "number":
        return "数値でない", "no number", f"({_number()})" + _limits(f)
    if f.type in ("latitude", "longitude"):
        west, south, east, north = bounds or (-180.0, -90.0, 180.0, 90.0)
        low, high = (south, north) if f.type == "latitude" else (west, east)
        inside = f"(IFERROR(VALUE({{x}}),-999)>={low})*(IFERROR(VALUE({{x}}),-999)<={high})"
        ja = f"{low}〜{high} の数値でない" if bounds else "緯度・経度の数値でない"
        return ja, f"no number from {low} to {high}", f"({_number()})*{inside}"
    if f.type == "url":
        return (
            "http:// か https:// で始まらない",
            "does not begin with http(s)://",
            '(LEFT({x},7)="http://")+(LEFT({x},8)="https://")',
        )
    return None


def _limits(f: Field) -> str:
    options = dict(f.options)
    low = f"*(IFERROR(VALUE({{x}}),0)>={options['min']})" if "min" in options else ""
    high = f"*(IFERROR(VALUE({{x}}),0)<={options['max']})" if "max" in options else ""
    return low + high
