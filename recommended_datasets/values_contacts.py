"""Telephone, extension, postal code, mail address and URL."""

from __future__ import annotations

import re

from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import DASHES, Parsed, fold, repaired, squeeze, trim, unreadable

_PHONE = re.compile(
    r"(?:\(0[0-9]{1,4}\)|0[0-9]{1,4}-)[0-9]{1,4}-[0-9]{4}|0(?:120|800|570|990|180|170)-[0-9]{2,4}-?[0-9]{2,4}(?:-[0-9]{2,4})?|0[5789]0-[0-9]{4}-[0-9]{4}"
    r"|0[0-9]{2,5}-[0-9]{4,6}"
)
_DIGITS = re.compile(r"0[0-9]{9,10}")
_BRACKET_INSIDE = re.compile(r"(0[0-9]{1,4})\(([0-9]{1,4})\)-?([0-9]{4})")
_BRACKET_FIRST = re.compile(r"\((0[0-9]{1,4})\)-?([0-9]{1,4})-?([0-9]{4})")
_EXTENSION = re.compile(r"(.+?)[(\[、,;]?\s*(?:内線|\(内\)|内:|ext\.?)\s*:?\s*\(?([0-9][0-9,、・~-]*)\)?", re.IGNORECASE)
_SHORT = frozenset({"110", "118", "119", "171", "188", "189"})
_SEPARATORS = re.compile(r"\s*(?:/|／|;|；|、|,|，|\r?\n|・|または|又は)\s*")
_SECOND = re.compile(r"([^(（]*[0-9０-９])\s*[(（](0[0-9-]{8,})[)）]")
_DASH_TABLE = {ord(dash): "-" for dash in DASHES}


def _half(text: str) -> str:
    return squeeze(text).translate(_DASH_TABLE)


def phone(text: str, field: Field | None = None, /) -> Parsed:
    """Half-width, area code, exchange and number separated: ``(099)999-9999`` or ``099-999-9999``; several by `` / ``."""
    if _PHONE.fullmatch(text) and _long_enough(text):
        return Parsed(text)
    if text in _SHORT:
        return Parsed(text)
    trimmed = trim(text)
    parts = [part for part in _SEPARATORS.split(trimmed) if part]
    if len(parts) > 1:
        found = [_one(part) for part in parts]
        if all(part.text for part in found):
            joined = " / ".join(str(part.text) for part in found)
            return Parsed(text) if joined == text else repaired(joined, "phone-format")
        return unreadable("phone")
    if match := _SECOND.fullmatch(trimmed):
        both = [_one(match[1]), _one(match[2])]
        if all(part.text for part in both):
            return unreadable("phone", " / ".join(str(part.text) for part in both))
    return _one(trimmed)


def _one(text: str) -> Parsed:
    plain = _half(text)
    for label in ("TEL:", "TEL", "Tel:", "Tel.", "tel:", "電話:", "電話", "℡", "代表"):
        plain = plain.removeprefix(label)
    plain = re.sub(r"\(代表?\)$|\(直通\)$", "", plain)
    if match := _EXTENSION.fullmatch(plain):
        inner = _one(match[1])
        if inner.text:
            return Parsed(None, "phone-extension", "warning", (("expected", inner.text), ("extension", match[2])), "review")
    if _PHONE.fullmatch(plain) and _long_enough(plain):
        return Parsed(text) if plain == text else repaired(plain, "phone-format")
    if match := _BRACKET_INSIDE.fullmatch(plain) or _BRACKET_FIRST.fullmatch(plain):
        joined = f"({match[1]}){match[2]}-{match[3]}"
        return repaired(joined, "phone-format") if _long_enough(joined) else unreadable("phone")
    if re.fullmatch(r"0[0-9]{1,4}[-.]{1,2}[0-9]{1,4}[-.]{1,2}[0-9]{4}", plain):
        joined = re.sub(r"[-.]+", "-", plain)
        return repaired(joined, "phone-format") if _long_enough(joined) else unreadable("phone")
    if _DIGITS.fullmatch(plain):
        expected = _separated(plain)
        return Parsed(
            plain, "phone-separator", "warning", (("expected", expected),) if expected else (), "review" if expected else None
        )
    if re.fullmatch(r"\+81[-(]?\(?0?\)?[0-9][0-9()-]+", plain):
        return unreadable("phone", "0" + re.sub(r"^\+81-?(\(0\))?0?", "", plain))
    if re.fullmatch(r"[1-9][0-9]{0,3}-[0-9]{1,4}-[0-9]{4}|[1-9][0-9]{8,9}", plain) and len(re.sub(r"\D", "", plain)) in (
        9,
        10,
    ):
        zero = "0" + plain
        return unreadable("phone", _separated(zero) or zero, "phone-zero")
    return unreadable("phone")


def _separated(digits: str) -> str:
    """``0992862511`` → ``099-286-2511`` by the numbering plan; "" where it is not known here."""
    if "-" in digits:
        return digits
    if re.fullmatch(r"0[5789]0[0-9]{8}", digits):
        return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
    if digits.startswith(("0120", "0570")) and len(digits) == 10:
        return f"{digits[:4]}-{digits[4:7]}-{digits[7:]}"
    if len(digits) != 10:
        return ""
    import phonenumbers  # only here: its number plan is large and such cells are rare

    number = phonenumbers.parse(digits, "JP")
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _long_enough(text: str) -> bool:
    digits = sum(character.isdigit() for character in text)
    return digits == 10 or (digits == 11 and text.lstrip("(")[:3] in ("050", "060", "070", "080", "090"))


def extension(text: str, field: Field | None = None, /) -> Parsed:
    """An extension: digits, several separated."""
    if re.fullmatch(r"[0-9]+(?:[,;/~-] ?[0-9]+)*", text):
        return Parsed(text)
    plain = re.sub(r"^(内線|内)[::]?", "", _half(text)).replace("、", ",")
    if re.fullmatch(r"[0-9#*]+(?:[,;/~・-][0-9#*]+)*", plain):
        return repaired(plain, "width")
    return Parsed(text, "extension-unusual", "info")


def postal_code(text: str, field: Field | None = None, /) -> Parsed:
    """Seven digits without hyphen (GIF DS-443)."""
    if re.fullmatch(r"[0-9]{7}", text):
        return Parsed(text)
    plain = re.sub(r"^〒", "", _half(text))
    if re.fullmatch(r"[0-9]{3}-[0-9]{4}|[0-9]{7}|[0-9]{7}\.0", plain):
        return repaired(plain.replace("-", "")[:7], "postal-format")
    if re.fullmatch(r"[0-9]{6}", plain):
        return unreadable("postal_code", "0" + plain)
    return unreadable("postal_code")


_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)


def email(text: str, field: Field | None = None, /) -> Parsed:
    """A mail address."""
    if _EMAIL.fullmatch(text):
        return Parsed(text)
    plain = squeeze(text)
    plain = plain.removeprefix("mailto:")
    if _EMAIL.fullmatch(plain):
        return repaired(plain, "width")
    hidden = re.sub(r"[\[(★{<](?:at|アット|アットマーク|@)[\])★}>]|★|☆|■|\[a\]", "@", plain, count=1, flags=re.IGNORECASE)
    return unreadable("email", hidden if _EMAIL.fullmatch(hidden) else "")


_URL = re.compile(r"https?://[^\s/$.?#<>\"][^\s<>\"]*\.[^\s<>\"]*|https?://localhost[^\s]*")

_URL_INSIDE = re.compile(r"https?://[^\s<>\"、，,;。（）「」]+")


def url(text: str, field: Field | None = None, /) -> Parsed:
    """An absolute http or https address."""
    if _URL.fullmatch(text):
        return Parsed(text)
    trimmed = trim(text)
    if _URL.fullmatch(trimmed):
        return repaired(trimmed, "blank-around")
    inside = _URL_INSIDE.findall(fold(trimmed))
    if len(inside) > 1:
        return unreadable("url", code="url-several")
    if inside and len(inside[0]) < len(trimmed) and not trimmed.startswith("http"):
        return unreadable("url", inside[0] if _URL.fullmatch(inside[0]) else "")
    plain = squeeze(trimmed)
    if _URL.fullmatch(plain):
        # Blanks inside: joined where a line break cut the address in two.
        return repaired(plain, "width") if not re.search(r"\s", trimmed) else unreadable("url", plain)
    if re.fullmatch(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:[/:?#][^\s]*)?", plain):
        return unreadable("url", "https://" + plain, "url-scheme")
    mended = re.sub(r"^(?:h?t+p(s?)[:;]/*|https?//)", lambda match: f"http{match[1] or ''}://", plain, count=1)
    if mended != plain and _URL.fullmatch(mended):
        return unreadable("url", mended, "url-scheme")
    return unreadable("url")
