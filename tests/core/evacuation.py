"""Evacuation sites as CSV bytes, for tests: the standard's header, and good rows in which a test changes one thing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from recommended_datasets.catalog import load
from recommended_datasets.checking import Checked, check_bytes

DEFINITION = load().get("evacuation_space", "standard")
HEADER = [field.name for field in DEFINITION.fields]
_ROW = {
    "全国地方公共団体コード": "462012",
    "所在地_全国地方公共団体コード": "462012",
    "所在地_都道府県": "鹿児島県",
    "所在地_市区町村": "鹿児島市",
    "電話番号": "099-000-0000",
    "市区町村コード": "462012",
    "地方公共団体名": "鹿児島市",
    "災害種別_地震": "1",
}


def row(number: int, **changed: str) -> dict[str, str]:
    """A good row; `changed` by header (「緯度="31.6"」)."""
    own = {
        "ID": f"{number:04d}",
        "名称": f"見本公園{number}",
        "所在地_連結表記": f"鹿児島県鹿児島市山下町{number}番1号",
        "緯度": f"31.59{number:04d}",
        "経度": f"130.55{number:04d}",
    }
    return _ROW | own | changed


def rows(count: int, **changed: str) -> list[dict[str, str]]:
    return [row(number, **changed) for number in range(1, count + 1)]


def csv_bytes(records: Iterable[Mapping[str, str]], header: list[str] | None = None, encoding: str = "utf-8-sig") -> bytes:
    """The CSV of these rows (CRLF)."""
    header = header or HEADER
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[record.get(name, "") for name in header] for record in records])
    return out.getvalue().encode(encoding)


def check(records: Iterable[Mapping[str, str]], header: list[str] | None = None, **options: str) -> Checked:
    return check_bytes(csv_bytes(records, header), **options)  # type: ignore[arg-type]


def found(checked: Checked, code: str) -> list[tuple[int, int, str, str]]:
    """(record, line, column, value) of every issue of this code."""
    return [(i.record, i.line, i.column, i.value) for i in checked.report.issues if i.code == code]
