"""What one cell says: `parse(field, text)`. The single truth; fast masks may only accept what these functions accept.

A type is a function ``(text, field) -> Parsed``. `TYPES` names them; a definition's YAML uses these names.
"""

from __future__ import annotations

from collections.abc import Callable

from recommended_datasets import (
    values_codes,
    values_contacts,
    values_coordinates,
    values_dates,
    values_flags,
    values_numbers,
    values_texts,
)
from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import BLANK, Parsed, is_dash, trim

TYPES: dict[str, Callable[[str, Field], Parsed]] = {
    "text": values_texts.text,
    "name": values_texts.name,
    "address": values_texts.name,
    "kana": values_texts.kana,
    "latin": values_texts.latin,
    "enum": values_texts.enum,
    "list": values_texts.items,
    "alnum": values_codes.identifier,
    "identifier": values_codes.identifier,
    "municipality_code": values_codes.municipality_code,
    "machiaza_id": values_codes.machiaza_id,
    "corporate_number": values_codes.corporate_number,
    "code": values_codes.code,
    "date": values_dates.date,
    "period": values_dates.period,
    "time": values_dates.time,
    "weekdays": values_dates.weekdays,
    "phone": values_contacts.phone,
    "extension": values_contacts.extension,
    "postal_code": values_contacts.postal_code,
    "email": values_contacts.email,
    "url": values_contacts.url,
    "flag": values_flags.flag,
    "integer": values_numbers.integer,
    "number": values_numbers.number,
    "money": values_numbers.money,
    "latitude": values_coordinates.latitude,
    "longitude": values_coordinates.longitude,
}
NUMERIC = frozenset({"integer", "number", "money"})
PROSE = frozenset({"text", "name", "address", "list", "enum", "identifier"})


def parse(field: Field, text: str, *, statistical: bool = False) -> Parsed:
    """The cell `text` of column `field`. `statistical`: `Definition.statistical`, cells use the symbols of statistics.

    Blank and white-space cells are ``Parsed("")``. Never raises.
    """
    if not text:
        return BLANK
    trimmed = trim(text)
    if not trimmed:
        return Parsed("", "blank-only", "info", (), "safe")
    if statistical and field.type in NUMERIC:
        from_symbol = values_numbers.statistics_symbol(trimmed)
        if from_symbol:
            return from_symbol
    if field.type != "flag" and is_dash(trimmed):
        if field.type in NUMERIC:
            return Parsed(None, "dash-ambiguous", "warning")
        return Parsed("", "dash-blank", "info", (), "safe")
    return TYPES[field.type](text, field)
