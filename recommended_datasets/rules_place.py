"""Where a row lies: its 所在地 code, else its address, else the polygon of its coordinates, else its publisher.

Distance to an office is no rule: 三島村's office is 94 km from its shelters. The box of the prefecture is data
(`municipalities.csv`), islands included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from recommended_datasets import municipality
from recommended_datasets.definition import Definition
from recommended_datasets.report import Severity
from recommended_datasets.rules import Found, RowRule
from recommended_datasets.values_coordinates import JAPAN_LATITUDE, JAPAN_LONGITUDE
from recommended_datasets.values_parsed import squeeze

Polygon = Callable[[float, float], str | None]
"""(latitude, longitude) → code of the municipality whose polygon holds the point, None where none does."""
_PREFECTURE = re.compile(r"北海道|東京都|京都府|大阪府|神奈川県|和歌山県|鹿児島県|[^\s0-9市町村区郡]{2}県")


@lru_cache(maxsize=1)
def _address_pattern() -> tuple[re.Pattern[str], dict[str, str], frozenset[str]]:
    """(pattern of an address that begins with a municipality of the data, name → code, prefectures of the data)."""
    names: dict[str, str] = {}
    prefectures: list[str] = []
    for body in municipality.load():
        if body.kind == "prefecture":
            prefectures.append(body.name)
        elif body.kind == "municipality":
            names[body.name] = body.code
            for name, _ in body.former:
                names.setdefault(name, body.code)
    choice = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?:{'|'.join(prefectures)})?(?:[^\s0-9市町村]{{1,4}}郡)?({choice})")
    return pattern, names, frozenset(prefectures)


def address_code(address: str) -> str | None:
    """The municipality that an address begins with; "" when it names another prefecture, None when it names none."""
    pattern, names, prefectures = _address_pattern()
    match = pattern.match(address)
    if match is None and not address.isascii():
        address = squeeze(address)
        match = pattern.match(address)
    if match:
        return names[match[1]]
    other = _PREFECTURE.match(address)
    if other and other[0] not in prefectures:
        return ""
    return None


def home(publisher: str | None) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the publisher's prefecture; None when it is not in the data."""
    if not publisher:
        return None
    for body in municipality.load():
        if body.kind == "prefecture" and body.bounds and body.code[:2] == publisher[:2]:
            return body.bounds
    return None


def swapped(latitude: str, longitude: str) -> bool:
    """Would the two texts be a place in Japan if they changed places?"""
    try:
        lat, lng = float(longitude), float(latitude)
    except ValueError:
        return False
    return JAPAN_LATITUDE[0] <= lat <= JAPAN_LATITUDE[1] and JAPAN_LONGITUDE[0] <= lng <= JAPAN_LONGITUDE[1]


def rules(definition: Definition, there: set[str], publisher: str | None, polygon: Polygon | None = None) -> list[RowRule]:
    """The place rules that the file's columns and its publisher allow."""
    found: list[RowRule] = []
    if {"latitude", "longitude"} <= there:
        found.append(_box(home(publisher)))
    if publisher and "municipality_code" in there:
        found.append(_publisher(publisher))
    if definition.place != "none":
        # A publisher that the data does not know has no area to lie outside of.
        known = publisher if publisher and municipality.by_code(publisher) else None
        fields = tuple(field for field in ("location_code", "address", "latitude", "longitude") if field in there)
        if known and fields:
            found.append(_place(definition, fields, known, polygon))
        if {"location_code", "address"} <= there:
            found.append(RowRule("code-address", ("location_code", "address"), _code_address))
    return found


def _box(bounds: tuple[float, float, float, float] | None) -> RowRule:
    west, south, east, north = bounds or (JAPAN_LONGITUDE[0], JAPAN_LATITUDE[0], JAPAN_LONGITUDE[1], JAPAN_LATITUDE[1])
    area = "prefecture" if bounds else "japan"

    def check(latitude: str | None, longitude: str | None) -> list[Found] | None:
        wrong: list[Found] = []
        if latitude and not south <= float(latitude) <= north:
            wrong.append(
                Found(
                    "latitude", "coordinate-outside", "error", (("low", f"{south:g}"), ("high", f"{north:g}"), ("area", area))
                )
            )
        if longitude and not west <= float(longitude) <= east:
            wrong.append(
                Found(
                    "longitude", "coordinate-outside", "error", (("low", f"{west:g}"), ("high", f"{east:g}"), ("area", area))
                )
            )
        return wrong or None

    return RowRule("box", ("latitude", "longitude"), check)


def _publisher(publisher: str) -> RowRule:
    body = municipality.by_code(publisher)
    name = body.name if body else publisher

    def check(code: str | None) -> list[Found] | None:
        if not code or code == publisher:
            return None
        # A union's or the prefecture's file may write the member's code there: the publisher given stands either way.
        severity: Severity = "warning" if municipality.in_area(code, publisher) and body else "error"
        return [Found("municipality_code", "publisher-code", severity, (("expected", publisher), ("publisher", name)))]

    return RowRule("publisher", ("municipality_code",), check)


def _place(definition: Definition, fields: tuple[str, ...], publisher: str, polygon: Polygon | None) -> RowRule:
    severity: Severity = "error" if definition.place == "error" else "warning"
    body = municipality.by_code(publisher)
    known: dict[str, bool] = {}

    def inside(code: str) -> bool:
        if code not in known:
            known[code] = bool(code) and municipality.in_area(code, publisher)
        return known[code]

    def check(*texts: str | None) -> list[Found] | None:
        row = dict(zip(fields, texts, strict=True))
        code, field = row_place(row, polygon)
        if code is None or inside(code):
            return None
        return [Found(field, "place-outside", severity, (("publisher", body.name if body else publisher), ("code", code)))]

    return RowRule("place", fields, check)


def row_place(row: dict[str, str | None], polygon: Polygon | None = None) -> tuple[str | None, str]:
    """(code, field that says so) of the row's municipality; (None, "") where only the publisher is left to say it."""
    if code := row.get("location_code"):
        return code, "location_code"
    if address := row.get("address"):
        code = address_code(address)
        if code is not None:
            return code, "address"
    if polygon and row.get("latitude") and row.get("longitude"):
        code = polygon(float(str(row["latitude"])), float(str(row["longitude"])))
        if code:
            return code, "latitude"
    return None, ""


def _code_address(code: str | None, address: str | None) -> list[Found] | None:
    if not code or not address:
        return None
    written = address_code(address)
    if not written or written == code or municipality.by_code(code) is None:
        return None
    if municipality.in_area(written, code) or municipality.in_area(code, written):
        return None
    body = municipality.by_code(written)
    return [
        Found(
            "location_code", "code-address-mismatch", "warning", (("expected", written), ("name", body.name if body else ""))
        )
    ]


def majority(codes: Sequence[str | None]) -> str | None:
    """The publisher that most rows name; None where no row names one."""
    counts: dict[str, int] = {}
    for code in codes:
        if code:
            counts[code] = counts.get(code, 0) + 1
    return max(counts, key=lambda code: counts[code]) if counts else None
