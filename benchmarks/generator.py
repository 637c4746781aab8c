"""The file that everything is measured on: AED設置箇所一覧, standard edition (39 columns), with faults whose cells are known.

Everything in it is invented. The same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recommended_datasets import catalog
from recommended_datasets.definition import Definition

BOX = (31.2, 31.9, 130.2, 130.9)
"""South, north, west, east: well inside the prefecture."""
CODE = "462012"
TOWNS = (
    "山下町 東千石町 荒田一丁目 下荒田二丁目 郡元三丁目 "
    "谷山中央四丁目 吉野町 伊敷五丁目 桜ヶ丘六丁目 武岡 "
    "皇徳寺台 明和 城山 易居町 上之園町"
).split()
KINDS = (
    "公民館 小学校 中学校 体育館 図書館 市民センター "
    "診療所 保育園 高等学校 福祉館 支所 消防分団 交流館 "
    "ホテル 商店"
).split()
KANA = (
    "コウミンカン ショウガッコウ チュウガッコウ "
    "タイイクカン トショカン シミンセンター シンリョウジョ "
    "ホイクエン コウトウガッコウ フクシカン シショ "
    "ショウボウブンダン コウリュウカン ホテル ショウテン"
).split()
POSITIONS = "1階正面玄関 2階事務室前 受付横 職員室 体育館入口 警備室 ロビー".split()


@dataclass(frozen=True, slots=True)
class Fault:
    """One seeded fault: the issue that must be reported at exactly this record and field."""

    record: int
    field: str
    code: str
    value: str


FAULTS: tuple[tuple[str, str, str], ...] = (
    ("latitude", "type-error", "３１.五"),
    ("latitude", "coordinate-outside", "35.681236"),
    ("latitude", "coordinate-range", "131.596900"),
    ("longitude", "coordinate-zero", "0.0"),
    ("longitude", "coordinate-outside", "139.767125"),
    ("start_time", "type-error", "朝から"),
    ("end_time", "type-error", "25時半頃"),
    ("start_time", "time-format", "9:00"),
    ("municipality_code", "check-digit", "462013"),
    ("location_code", "type-error", "鹿児島"),
    ("child_equipment", "flag-unknown", "たぶん"),
    ("child_equipment", "flag-sign", "○"),
    ("corporate_number", "check-digit", "1000020462013"),
    ("corporate_number", "type-error", "12345"),
    ("postal_code", "postal-format", "892-0816"),
    ("postal_code", "type-error", "89208"),
    ("phone", "type-error", "代表まで"),
    ("phone", "phone-format", "０９９-２８６-２１１１"),
    ("url", "url-scheme", "www.example.lg.jp"),
    ("email", "type-error", "aed(at)example"),
    ("days", "type-error", "時々"),
    ("days", "weekdays-format", "月～金"),
    ("height", "type-error", "三階"),
    ("name", "lost-character", "見本\ufffd館"),
    ("name", "blank-around", "　見本館"),
    ("name_kana", "kana-width", "ﾐﾎﾝｶﾝ"),
    ("machiaza_id", "type-error", "不明"),
)


def definition() -> Definition:
    return catalog.load().get("aed", "standard")


def write(path: Path, rows: int, *, rate: float = 0.01, seed: int = 1, encoding: str = "utf-8-sig") -> list[Fault]:
    """Write the file; the faults that are in it, by record. `rate` is the share of rows with one fault."""
    faults: list[Fault] = []
    with path.open("w", encoding=encoding, newline="") as file:
        for chunk in _chunks(rows, rate, seed, faults, encoding):
            file.write(chunk)
    return faults


def _chunks(rows: int, rate: float, seed: int, faults: list[Fault], encoding: str) -> Iterator[str]:
    fields = [field.id for field in definition().fields]
    names = [field.name for field in definition().fields]
    rng = random.Random(seed)
    usable = [fault for fault in FAULTS if encoding.startswith("utf") or "\ufffd" not in fault[2]]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(names)
    for record in range(1, rows + 1):
        row = dict.fromkeys(fields, "") | _row(record, rng)
        if rng.random() < rate:
            field, code, value = rng.choice(usable)
            row[field] = value
            faults.append(Fault(record, field, code, value))
        writer.writerow(row.values())
        if record % 20_000 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _row(record: int, rng: random.Random) -> dict[str, str]:
    kind = rng.randrange(len(KINDS))
    town = rng.choice(TOWNS)
    block = f"{rng.randrange(1, 60)}番{rng.randrange(1, 30)}号"
    note = rng.random()
    return {
        "municipality_code": CODE,
        "id": f"M{record:09}",
        "municipality_name": "鹿児島県鹿児島市",
        "name": f"見本{town}第{record}{KINDS[kind]}",
        "name_kana": f"ミホンダイ{KANA[kind]}",
        "name_en": f"Mihon Facility {record}",
        "location_code": CODE,
        "machiaza_id": f"{rng.randrange(10_000):04}000",
        "address": f"鹿児島県鹿児島市{town}{block}",
        "prefecture": "鹿児島県",
        "city": "鹿児島市",
        "town": town,
        "block": block,
        "latitude": f"{rng.uniform(BOX[0], BOX[1]):.6f}",
        "longitude": f"{rng.uniform(BOX[2], BOX[3]):.6f}",
        "height_type": "階数",
        "height": str(rng.randrange(1, 9)),
        "position": rng.choice(POSITIONS),
        "phone": f"(099){rng.randrange(200, 299)}-{rng.randrange(10_000):04}",
        "email": f"mihon{record}@example.lg.jp",
        "postal_code": f"892{rng.randrange(10_000):04}",
        "corporate_number": "8000020460001",
        "organization_name": "見本法人",
        "days": rng.choice(("月火水木金", "月火水木金土日", "月火水木金土")),
        "start_time": rng.choice(("08:30", "09:00", "00:00")),
        "end_time": rng.choice(("17:15", "22:00", "24:00")),
        "child_equipment": rng.choice(("有", "無")),
        "url": f"https://www.example.lg.jp/aed/{record}",
        "note": "年末年始を除く、\n要連絡" if note < 0.002 else "土足厳禁, 要連絡" if note < 0.01 else "",
    }
