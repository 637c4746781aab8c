"""Who publishes and where: the prefecture, its municipalities, and any other publisher, as data in `municipalities.csv`.

A code is a 全国地方公共団体コード: five digits and a check digit. More publishers (departments, 一部事務組合 and 広域連合 with
their members, other public bodies, companies) come from a `publishers.csv` of the same columns in an extra folder.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

Kind = Literal["prefecture", "department", "municipality", "union", "public_body", "private"]
"""県、県の部局、市町村、一部事務組合・広域連合、その他の公共機関、民間."""

FOLDERS = "RECOMMENDED_DATASETS_FOLDERS"
"""Environment variable: folders with definitions and publishers of one's own, separated as in PATH."""
_FILE = Path(__file__).parent / "municipalities.csv"
_COLUMNS = tuple("code name kana kind parent region latitude longitude bounds members former islands url".split())
_WEIGHTS = (6, 5, 4, 3, 2)


class MunicipalityError(ValueError):
    """A line of a publishers' file is wrong; the text names file, line and column and what to do, in Japanese and English."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """One publisher. `lat`/`lng` (degrees, JGD2011) are the office's, which for an island village may be elsewhere."""

    code: str
    name: str
    kana: str
    region: str
    lat: float | None
    lng: float | None
    kind: Kind
    parent: str = ""
    """Code of the prefecture it belongs to."""
    members: tuple[str, ...] = ()
    """Codes of a union's members; its area is theirs."""
    former: tuple[tuple[str, str], ...] = ()
    """Municipalities that were merged into it: (name, six-digit code or "")."""
    islands: tuple[str, ...] = ()
    bounds: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees; given for the prefecture."""
    url: str = ""


def check_digit(code5: str) -> str:
    """The sixth digit of a 全国地方公共団体コード: weights 6, 5, 4, 3, 2; 11 less the sum modulo 11, last digit."""
    total = sum(int(digit) * weight for digit, weight in zip(code5, _WEIGHTS, strict=True))
    return str((11 - total % 11) % 10)


def _digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def valid(code6: str) -> bool:
    """Six half-width digits whose last is the check digit (whether or not such a municipality exists)."""
    return _digits(code6, 6) and check_digit(code6[:5]) == code6[5]


def complete(code: str) -> str | None:
    """The six-digit code meant by a shorter one: 46201 → 462012, 12033 → 012033 (lost leading zero); `None` if none or
    two are possible. Six digits are returned only when they are valid."""
    if _digits(code, 6):
        return code if valid(code) else None
    if _digits(code, 5):
        # Either the check digit is missing, or the leading zero of a prefecture 01 to 09 was lost.
        readings = [c for c in (code + check_digit(code), "0" + code) if valid(c) and "01" <= c[:2] <= "47"]
        known = [c for c in readings if by_code(c) is not None]
        return readings[0] if len(readings) == 1 else known[0] if len(known) == 1 else None
    if _digits(code, 4):
        return "0" + code + check_digit("0" + code)
    return None


def _fail(path: Path, line: int, column: str, value: str, ja: str, en: str) -> MunicipalityError:
    return MunicipalityError(f"{path.name} {line}行目 {column}列「{value}」: {ja} / line {line}, column {column}: {en}")


def _number(path: Path, line: int, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise _fail(path, line, column, text, "数値で書いてください", "write a number") from None


def _publisher(path: Path, line: int, cell: dict[str, str]) -> Municipality:
    """The publisher that a line describes; `MunicipalityError` for the first thing wrong in it."""
    kind = cell["kind"]
    if kind not in get_args(Kind):
        ja = f"{'、'.join(get_args(Kind))} のどれかにしてください"
        raise _fail(path, line, "kind", kind, ja, "not a known kind")
    if kind in ("prefecture", "municipality", "union") and not valid(cell["code"]):
        ja = "検査数字を含む半角6桁の全国地方公共団体コードにしてください"
        raise _fail(path, line, "code", cell["code"], ja, "write six digits with a right check digit")
    if not cell["code"] or not cell["name"]:
        column = "name" if cell["code"] else "code"
        raise _fail(path, line, column, "", "空欄です。値を入れてください", "is blank; fill it in")
    bounds = tuple(_number(path, line, "bounds", part) or 0.0 for part in cell["bounds"].split())
    if len(bounds) not in (0, 4):
        ja = "西 南 東 北 の4つの数値にしてください"
        raise _fail(path, line, "bounds", cell["bounds"], ja, "write west south east north")
    parts = [part.partition(":") for part in cell["former"].split(";") if part]
    former = tuple((name, code) for name, _, code in parts)
    for name, code in former:
        if code and not valid(code):
            raise _fail(path, line, "former", f"{name}:{code}", "検査数字が合いません", "wrong check digit")
    return Municipality(
        code=cell["code"],
        name=cell["name"],
        kana=cell["kana"],
        region=cell["region"],
        lat=_number(path, line, "latitude", cell["latitude"]),
        lng=_number(path, line, "longitude", cell["longitude"]),
        kind=kind,  # type: ignore[arg-type]
        parent=cell["parent"],
        members=tuple(part for part in cell["members"].split(";") if part),
        former=former,
        islands=tuple(part for part in cell["islands"].split(";") if part),
        bounds=bounds if len(bounds) == 4 else None,
        url=cell["url"],
    )


def _read(path: Path, found: dict[str, Municipality]) -> list[str]:
    """Add the publishers of a file to `found`; what is wrong in it, a sentence for each line that was left out."""
    wrong: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in _COLUMNS[:4] if c not in (reader.fieldnames or [])]
            if missing:
                return [str(_fail(path, 1, missing[0], "", "この列がありません", "this column is missing"))]
            for row in reader:
                cell = {c: (row.get(c) or "").strip() for c in _COLUMNS}
                try:
                    publisher = _publisher(path, reader.line_num, cell)
                    if publisher.code in found:
                        raise _fail(path, reader.line_num, "code", publisher.code, "重複しています", "is given twice")
                except MunicipalityError as error:
                    wrong.append(str(error))
                else:
                    found[publisher.code] = publisher
    except (UnicodeDecodeError, csv.Error) as error:
        wrong.append(f"{path.name}: UTF-8のCSVとして保存してください / save it as CSV in UTF-8 ({error})")
    return wrong


@lru_cache(maxsize=8)
def _load(paths: tuple[Path, ...]) -> tuple[tuple[Municipality, ...], tuple[str, ...]]:
    found: dict[str, Municipality] = {}
    wrong: list[str] = []
    for path in paths:
        wrong += _read(path, found)
    return tuple(found.values()), tuple(wrong)


@lru_cache(maxsize=8)
def _named(folders: str) -> tuple[Path, ...]:
    """The publishers' files of the folders in an environment variable, after the package's own."""
    return (_FILE, *(p for folder in folders.split(os.pathsep) if folder and (p := Path(folder) / "publishers.csv").is_file()))


def _paths(folders: Sequence[Path] = ()) -> tuple[Path, ...]:
    named = _named(os.environ.get(FOLDERS, ""))
    if not folders:
        return named
    given = (Path(folder) / "publishers.csv" for folder in folders)
    return tuple(dict.fromkeys((*named, *(path for path in given if path.is_file()))))


def load(folders: Sequence[Path] = ()) -> tuple[Municipality, ...]:
    """All publishers: the package's, then those of `publishers.csv` in `folders` and in the folders that the environment
    variable `FOLDERS` names. A wrong line is left out, and `problems` names it; the others count."""
    return _load(_paths(folders))[0]


def problems(folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """What is wrong in those files: of each line that was left out the file, line, column and what to do."""
    return _load(_paths(folders))[1]


@lru_cache(maxsize=8)
def _by_code(paths: tuple[Path, ...]) -> dict[str, Municipality]:
    return {m.code: m for m in _load(paths)[0]}


def by_code(code: str, folders: Sequence[Path] = ()) -> Municipality | None:
    """The publisher of this code, `None` when it is not known."""
    return _by_code(_paths(folders)).get(code)


def by_name(text: str) -> Municipality | None:
    """The municipality (or prefecture) of this name, alone or after its prefecture's and county's; former names count."""

    def is_called(name: str) -> bool:
        return text == name or (text.endswith(name) and text[-len(name) - 1] in "都道府県郡")

    current = next((m for m in load() if is_called(m.name)), None)
    return current or next((m for m in load() if any(is_called(name) for name, _ in m.former)), None)


def in_area(code: str, publisher_code: str, folders: Sequence[Path] = ()) -> bool:
    """Does the place `code` lie in the publisher's area? A prefecture's is all its municipalities, a union's its members',
    a department's or another body's its parent's; a municipality's its own. An unknown publisher has no limits."""
    publisher = by_code(publisher_code, folders)
    if publisher is None or code == publisher_code:
        return True
    if publisher.kind == "prefecture":
        return code[:2] == publisher_code[:2]
    if publisher.kind == "union":
        return code in publisher.members
    if publisher.kind in ("department", "public_body", "private"):
        return not publisher.parent or in_area(code, publisher.parent, folders)
    return any(code == former for _, former in publisher.former)
