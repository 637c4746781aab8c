"""What is wrong with some of the files, as it is with real ones: layouts, spellings, encodings."""

from __future__ import annotations

import csv
import io

from recommended_datasets.definition import Definition

Rows = list[list[str]]

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
FAULTS = (
    "", "title-row", "circle-flags", "trailing-blank-rows", "fullwidth-digits", "missing-name", "duplicate-row",
    "five-digit-code", "lf", "swapped-coordinates", "own-headers", "bad-latitude",
)  # fmt: skip
ENCODINGS = ("utf-8-sig", "cp932", "utf-8", "utf-8-sig", "euc_jp", "utf-8-sig", "utf-16")
_OWN = {"名称": "施設名", "所在地_連結表記": "住所", "住所": "所在地", "緯度": "緯度（北緯）", "経度": "経度（東経）"}


def table(definition: Definition, rows: Rows, fault: str, title: str) -> Rows:
    """Header and rows with `fault` put in."""
    header = [field.name for field in definition.fields]
    places = {field.id: index for index, field in enumerate(definition.fields)}
    rows = [list(row) for row in rows]

    def column(field_id: str) -> int | None:
        return places.get(field_id)

    if fault == "circle-flags":
        for row in rows:
            for field_id, index in places.items():
                if field_id.startswith("hazard_") and row[index] == "1":
                    row[index] = "○"
    elif fault == "fullwidth-digits" and (at := column("latitude")) is not None:
        for row in rows:
            row[at] = row[at].translate(WIDE)
    elif fault == "missing-name" and (at := column("name")) is not None and len(rows) > 2:
        rows[1][at] = ""
    elif fault == "duplicate-row":
        rows.append(list(rows[0]))
    elif fault == "five-digit-code" and (at := column("municipality_code")) is not None:
        for row in rows:
            row[at] = row[at][:5]
    elif fault == "swapped-coordinates" and (at := column("latitude")) is not None:
        other = places["longitude"]
        for row in rows:
            row[at], row[other] = row[other], row[at]
    elif fault == "bad-latitude" and (at := column("latitude")) is not None:
        rows[0][at] = "31度33分"
    elif fault == "own-headers":
        header = [_OWN.get(name, name) for name in header]
    head: Rows = [[f"{title}（{'見本'}）"], ["令和8年10月1日現在"]] if fault == "title-row" else []
    tail: Rows = [[""] * len(header)] * 3 if fault == "trailing-blank-rows" else []
    return [*head, header, *rows, *tail]


def encode(rows: Rows, encoding: str, fault: str = "") -> bytes:
    """`rows` as the bytes of a CSV file; letters that the encoding lacks are written as ``?``."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n" if fault == "lf" else "\r\n").writerows(rows)
    return text.getvalue().encode(encoding, errors="replace")
