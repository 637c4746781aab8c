"""Fixed values in words, in the page's language."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "cp932": "Shift_JIS (CP932)",
    "euc_jp": "EUC-JP",
    "utf-16": "UTF-16",
    "iso2022_jp": "ISO-2022-JP",
}


def N_(text: str) -> str:
    """Marks a text for translation where it stands as data."""
    return text


_WORDS = {
    "edition": {
        "standard": N_("Municipal standard open dataset"),
        "recommended": N_("Recommended dataset (former edition)"),
    },
    "status": {
        "success": N_("No errors"),
        "failure": N_("Errors found"),
        "error": N_("Could not be read"),
        "none": N_("Not checked"),
    },
    "severity": {"error": N_("Error"), "warning": N_("Warning"), "info": N_("Note")},
    "match": {
        "exact": N_("the standard's name"),
        "synonym": N_("a known other name"),
        "mapping": N_("confirmed by a person"),
        "none": N_("not used"),
    },
    "mark": {
        "◎": N_("◎ required"),
        "○": N_("○ recommended"),
        "": N_("optional"),
        "unknown": N_("being confirmed"),
    },
    "type": {
        "address": N_("address"),
        "alnum": N_("letters and digits"),
        "code": N_("code"),
        "corporate_number": N_("corporate number (13 digits)"),
        "date": N_("date (YYYY-MM-DD)"),
        "email": N_("mail address"),
        "enum": N_("one of"),
        "extension": N_("extension number"),
        "flag": N_("1 or blank"),
        "integer": N_("whole number"),
        "kana": N_("katakana"),
        "latin": N_("Latin letters"),
        "latitude": N_("latitude (degrees)"),
        "list": N_("list, separated by ;"),
        "longitude": N_("longitude (degrees)"),
        "machiaza_id": N_("town block id (7 digits)"),
        "money": N_("amount of money"),
        "municipality_code": N_("local government code (6 digits)"),
        "name": N_("name"),
        "number": N_("number"),
        "period": N_("period"),
        "phone": N_("telephone number"),
        "postal_code": N_("postal code"),
        "text": N_("text"),
        "time": N_("time (HH:MM)"),
        "url": N_("URL"),
        "weekdays": N_("days of the week"),
    },
}
_EXAMPLES = (N_("evacuation sites"), N_("AED"), N_("public facilities"), N_("population"))


def of(kind: str, value: str) -> str:
    """The word for `value`; the value itself where there is none."""
    word = _WORDS[kind].get(value)
    return tk._(word) if word else value


def examples() -> list[str]:
    """What people often look for."""
    return [tk._(word) for word in _EXAMPLES]
