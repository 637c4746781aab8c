"""Invented rows (見本) for any recommended dataset: the columns come from its definition, the numbers from the row's place in
the file. Nothing here is drawn by lot, so two runs write the same bytes."""

from __future__ import annotations

import re

from recommended_datasets.definition import Definition, Field
from recommended_datasets.municipality import Municipality

PREFECTURE = "鹿児島県"
SAMPLE = "見本"
KANA = "ミホン"

_NOUNS = {
    "evacuation_space": ("運動公園", "ウンドウコウエン"),
    "aed": ("庁舎", "チョウシャ"),
    "public_facility": ("公民館", "コウミンカン"),
    "public_toilet": ("公園公衆便所", "コウエンコウシュウベンジョ"),
    "preschool": ("保育園", "ホイクエン"),
    "public_wireless_lan": ("図書館", "トショカン"),
    "cultural_property": ("石橋", "イシバシ"),
    "hospital": ("医院", "イイン"),
    "tourism": ("展望台", "テンボウダイ"),
}
_AGE = re.compile(r"^\d+(?:-\d+)?歳(?:以上)?の(男性|女性)$")


def row(definition: Definition, publisher: Municipality, at: Municipality, number: int, date: str = "") -> list[str]:
    """The cells of row `number` (from 1) in the order of the definition's fields. `at` is the municipality where it lies."""
    return [_cell(field, definition, publisher, at, number, date) for field in definition.fields]


def _cell(field: Field, definition: Definition, publisher: Municipality, at: Municipality, number: int, date: str) -> str:
    noun, kana = _NOUNS.get(definition.id, ("施設", "シセツ"))
    town = f"{SAMPLE}{'北南東西中'[number % 5]}"
    ages = sum(1 for f in definition.fields if _AGE.match(f.name)) // 2
    share = 10 + number * 3
    by_name = {
        "地域コード": f"{number:03d}",
        "調査年月日": date,
        "地域名": town,
        "総人口": str(ages * share * 2),
        "男性": str(ages * share),
        "女性": str(ages * share),
        "世帯数": str(ages * share - 5),
        "設置位置": "1階 受付横",
        "日本語での案内": "1",
        "施設形態": "公民館",
        "設置者": f"{publisher.name}（{SAMPLE}）",
        "文化財分類": "建造物",
        "種類": "建造物",
        "SSID": f"sample-{number}",
        "提供エリア": "1階",
    }
    by_id = {
        "municipality_code": publisher.code,
        "id": f"{number:04d}",
        "municipality_name": publisher.name,
        "name": f"{SAMPLE}{publisher.name}第{number}{noun}",
        "name_kana": f"{KANA}{publisher.kana}ダイ{number}{kana}",
        "location_code": at.code,
        "address": f"{PREFECTURE}{at.name}{town}{number}番地",
        "prefecture": PREFECTURE,
        "city": at.name,
        "town": town,
        "block": f"{number}番地",
        "latitude": f"{(at.lat or 31.5) + (number % 7 - 3) * 0.002:.6f}",
        "longitude": f"{(at.lng or 130.5) + (number % 5 - 2) * 0.002:.6f}",
        "phone": "(000)000-0000",
        "capacity": str(50 * number),
        "note": SAMPLE,
    }
    if field.name in by_name:
        return by_name[field.name]
    if field.id in by_id:
        return by_id[field.id]
    if field.id.startswith("hazard_"):
        return "1" if (number + len(field.id)) % 3 == 0 else ""
    if _AGE.match(field.name):
        return str(share)
    if field.required and field.allowed:
        return field.allowed[0]
    if field.required and field.type in ("integer", "number", "count"):
        return "1"
    return ""
