"""Which catalogue dataset a file belongs to, and which of its resources it is.

A file of a standard: publisher × standard dataset, and within it part × period. Any other: publisher × the publisher's own id,
else the page that names it, else its title without year and era, so that a new year is a further resource of the same dataset.
No name is made from Japanese letters.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ckanext.kagoshima.harvesting.entries import Entry, file_name

_NAMESPACE = uuid.UUID("5f2f8c0e-6d0a-5d33-9c39-46000146000a")

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "r": 2018, "h": 1988, "s": 1925}
_NUMBER = r"(?:元|\d{1,2})"
_YEAR = re.compile(
    rf"(?:(?:令和|平成|昭和)\s*{_NUMBER}\s*(?:年度版|年度|年版|年|\b)?"
    rf"|(?<![a-z0-9])[rhs]\.?{_NUMBER}(?:\s*(?:年度版|年度|年版|年))?(?![a-z0-9])"
    r"|(?<!\d)(?:19|20)\d{2}(?:\s*(?:年度版|年度|年版|年))?(?!\d)"
    r"|(?<![a-z0-9])fy\d{2,4}(?![a-z0-9]))"
    r"(?:\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日|末)?)?(?:\s*(?:現在|時点|分))?",
    re.IGNORECASE,
)
_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(0[1-9]|[12]\d|3[01]))?(?!\d)")
_EMPTY_BRACKETS = re.compile(r"[(（\[【]\s*[)）\]】]")
_BRACKETED = re.compile(r"[（(【\[]([^（）()【】\[\]]+)[）)】\]]")
_PART_WORD = re.compile(r"(?:地区|地域|支所(?:管内)?|総合支所|管内)$")
_NO_PART = re.compile(r"CSV|PDF|Excel|エクセル|xlsx?|KB|MB|見本|形式|版$|現在|データ|\d{4}|年", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """`name` of the CKAN dataset and `key` of the resource in it; `part` and `period` as they are shown.
    `period`: an ISO date, month or year, or empty."""

    name: str
    key: str
    dataset: str | None = None
    part: str = ""
    period: str = ""
    title: str = ""

    @property
    def package_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, self.name))

    @property
    def resource_id(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{self.name}/{self.key}"))


def of_standard(code: str, dataset: str, entry: Entry, *, date: str = "", periodic: bool = False) -> Identity:
    """The identity of a file that follows the standard `dataset`.

    `periodic`: the definition keeps every period. Then the period is `date` (the one date in the file's own date
    column), else the date in the file's name. `part` is what the file's name has after the official one, worded as in
    the title where it can.
    """
    stem = _stem(entry.url)
    rest = stem
    official = re.match(rf"^(?:{code}|{code[:5]})?[_-]?{re.escape(dataset)}(?:[_-](.+))?$", stem, re.IGNORECASE)
    rest = (official.group(1) or "") if official else ""
    period = ""
    if periodic:
        period = date or date_in_name(stem)
    suffix = without_year(_DATE_IN_NAME.sub("", rest))
    if not re.search(r"[^\W\d_]", suffix):  # digits and signs alone are a version or a date, not a part
        suffix = ""
    part = part_in_title(entry.file_title or entry.title) if suffix else ""
    key = "/".join(piece for piece in (suffix.lower(), period) if piece) or "all"
    return Identity(f"{code}-{dataset.replace('_', '-')}", key, dataset, part or suffix, period)


def further_part(identity: Identity, entry: Entry) -> Identity:
    """The identity of a second file that would be the same resource as another of its source: its part is told by its title or
    its file name."""
    part = part_in_title(entry.file_title or entry.title) or _stem(entry.url)
    key = "/".join(piece for piece in (f"part-{short_hash(part)}", identity.period) if piece)
    return replace(identity, key=key, part=part)


def of_other(code: str, entry: Entry, standard_ids: frozenset[str]) -> Identity:
    """The identity of a file of no standard."""
    title = without_year(entry.title or entry.file_title) or without_year(_stem(entry.url)) or file_name(entry.url)
    period = year_in(entry.file_title) or year_in(entry.title) or year_in(_stem(entry.url))
    if entry.own_id:
        source = without_year(_without_ending(entry.own_id.removeprefix(code).strip("-_ ."))) or entry.own_id
        slug = _slug(source)
        name = slug if slug and len(slug) <= 60 else f"d{short_hash(source)}"
        if slug.replace("-", "_") in standard_ids:
            name = f"{name}-own"
    elif entry.page:
        parts = urlsplit(entry.page)
        name = f"p{short_hash(f'{parts.netloc}{parts.path}?{parts.query}')}"
    else:
        name = f"t{short_hash(title)}"
    key = entry.file_id or file_name(entry.url).lower()
    return Identity(f"{code}-{name}", key, None, "", period, title)


def without_year(text: str) -> str:
    """`text` without the years and eras in it: 令和6年度予算書 and 予算書（2024年度） are both 予算書."""
    folded = unicodedata.normalize("NFKC", text).replace("_", " ")
    stripped = _EMPTY_BRACKETS.sub("", _YEAR.sub("", folded))
    return " ".join(stripped.split()).strip("-_ ・の,.:")


def year_in(text: str) -> str:
    """The first year that `text` names, as four digits: 令和6年度 and R6 are 2024; empty where there is none."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("_", " ")
    found = _YEAR.search(folded)
    if found is None:
        return ""
    match = re.match(r"(令和|平成|昭和|[rhs](?=\.?[\d元]))\.?\s*(元|\d{1,2})|(?:fy)?(\d{2,4})", found.group())
    if match is None:
        return ""
    if match.group(1):
        return str(_ERAS[match.group(1)] + (1 if match.group(2) == "元" else int(match.group(2))))
    year = match.group(3)
    return year if len(year) == 4 else f"20{year}"


def date_in_name(stem: str) -> str:
    """``2026-04-01`` or ``2026-04`` out of a file name such as ``462241_population_20260401``."""
    dates = ["-".join(piece for piece in found.groups() if piece) for found in _DATE_IN_NAME.finditer(stem)]
    return dates[-1] if dates else ""


def part_in_title(title: str) -> str:
    """The part that a title names in brackets: 「指定緊急避難場所一覧（笠利地区）」 is 笠利."""
    for found in reversed(_BRACKETED.findall(title)):
        if not _NO_PART.search(found):
            return _PART_WORD.sub("", found.strip()) or found.strip()
    return ""


def short_hash(text: str) -> str:
    return hashlib.sha256(unicodedata.normalize("NFKC", text).encode()).hexdigest()[:10]


def _stem(url: str) -> str:
    return _without_ending(file_name(url))


def _without_ending(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,8}$", "", name)


def _slug(text: str) -> str:
    """`text` as a CKAN name, where nothing of it is lost; else empty."""
    if not text.isascii():
        return ""
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9]+", "-", text.lower())).strip("-")
