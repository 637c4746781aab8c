"""Latitude and longitude: decimal degrees, JGD2011 (EPSG:6668), six decimals the norm (GIF DS-444)."""

from __future__ import annotations

import re

from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed, repaired, squeeze, unreadable

_DECIMAL = re.compile(r"-?[0-9]{1,3}\.[0-9]+")
_WHOLE = re.compile(r"-?[0-9]{1,3}")
_DMS = re.compile(
    r"(?:北緯|東経|[NE])?([0-9]{1,3})[°度゜˚]([0-9]{1,2})[′'’分´‘](?:([0-9]{1,2}(?:\.[0-9]+)?)(?:[″\"”秒]|''|′′|’’)?(\.[0-9]+)?)?(?:[NE])?",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:北緯|東経|緯度|経度|[NE])[::]?", re.IGNORECASE)
_DOTTED = re.compile(r"([0-9]{2,3})\.([0-9]{1,2})\.([0-9]{1,2}(?:\.[0-9]+)?)")
_COMPACT = re.compile(r"[0-9]{7,16}")
# Japan, wide: only to tell a latitude from a longitude and to see where a decimal point must have stood.
JAPAN_LATITUDE = (20.0, 46.0)
JAPAN_LONGITUDE = (122.0, 154.0)


def latitude(text: str, field: Field | None = None, /) -> Parsed:
    """Degrees north, -90 … 90."""
    return _coordinate(text, "latitude", 90.0)


def longitude(text: str, field: Field | None = None, /) -> Parsed:
    """Degrees east, -180 … 180."""
    return _coordinate(text, "longitude", 180.0)


def _coordinate(text: str, kind: str, limit: float) -> Parsed:
    if _DECIMAL.fullmatch(text):
        return Parsed(text) if abs(float(text)) <= limit and float(text) else _outside(text, kind)
    plain = squeeze(text)
    if _DECIMAL.fullmatch(plain):
        return repaired(plain, "width") if abs(float(plain)) <= limit and float(plain) else _outside(plain, kind)
    bare = _PREFIX.sub("", plain).removesuffix("度").removesuffix("°")
    if _DECIMAL.fullmatch(bare):
        return repaired(bare, "coordinate-format") if abs(float(bare)) <= limit and float(bare) else _outside(bare, kind)
    if match := _DMS.fullmatch(plain):
        return _degrees(match, kind, limit)
    if match := _DOTTED.fullmatch(plain):
        readings = f"{match[1]}.{match[2]}{match[3]}, {_decimal(match[1], match[2], match[3])}"
        return unreadable(kind, _decimal(match[1], match[2], match[3]), "coordinate-dotted", readings=readings)
    if _WHOLE.fullmatch(plain):
        if not float(plain):
            return _outside(plain, kind)
        return unreadable(kind, code="coordinate-whole")
    if _COMPACT.fullmatch(plain):
        low, high = JAPAN_LATITUDE if kind == "latitude" else JAPAN_LONGITUDE
        split = 2 if kind == "latitude" else 3
        value = f"{plain[:split]}.{plain[split:]}"
        if low <= float(value) <= high:
            return unreadable(kind, value, "coordinate-point")
    comma = re.fullmatch(r"([0-9]{2,3}),([0-9]{4,})", plain)
    if comma:
        return unreadable(kind, f"{comma[1]}.{comma[2]}", "coordinate-point")
    return unreadable(kind)


def _outside(text: str, kind: str) -> Parsed:
    return unreadable(kind, code="coordinate-zero" if not float(text) else "coordinate-range")


def _degrees(match: re.Match[str], kind: str, limit: float) -> Parsed:
    seconds = match[3]
    if seconds is None:
        # 31度33分: a minute is 1.8 km. Writing 31.55 would claim a place that nobody stated.
        return unreadable(kind, code="coordinate-no-seconds")
    if match[4]:
        seconds += match[4]
    if int(match[2]) > 59 or float(seconds) >= 60 or int(match[1]) >= limit:
        return unreadable(kind)
    return repaired(_decimal(match[1], match[2], seconds), "coordinate-dms", "warning")


def _decimal(degrees: str, minutes: str, seconds: str) -> str:
    return f"{int(degrees) + int(minutes) / 60 + float(seconds) / 3600:.6f}"
