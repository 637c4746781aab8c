#!/usr/bin/env python3
"""Write a small invented municipal web (見本) for every municipality, and the sources file that harvests it.

usage: python examples/generate.py --base http://127.0.0.1:8600 -o FOLDER

`FOLDER/web` is what `serve.py` serves, `FOLDER/sources.yaml` what `ckan kagoshima sources sync` reads. Two runs write the same
bytes. Every place and number is made up; every row and file says 見本.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examples import faults, places
from recommended_datasets import catalog, municipality
from recommended_datasets.definition import Definition
from recommended_datasets.municipality import Municipality

HOW = ("direct", "list-45", "html", "list-42", "list-15", "list-44")
"""How publishers publish, in turn. The last municipality publishes nothing."""
LICENCE = "CC BY 4.0"
FURTHER = ("aed", "public_facility", "population", "public_toilet", "preschool", "public_wireless_lan", "cultural_property")
"""Beside the evacuation sites every publisher has one of these, in turn."""
MONTHS = ("2026-08-01", "2026-09-01", "2026-10-01")
EDITION = {"list-15": "recommended", "list-42": "standard-42", "list-44": "standard-44", "list-45": "standard"}


@dataclass
class File:
    """One file of a site: its path below the publisher's folder, its bytes, and what a list or a page says of it."""

    path: str
    body: bytes
    title: str
    format: str = "CSV"
    missing: bool = False
    """Named, but not there: a dead link."""


@dataclass
class Site:
    """What one publisher publishes and how."""

    publisher: Municipality
    how: str
    licence: str = LICENCE
    files: list[File] = field(default_factory=list)


def sites() -> list[Site]:
    """The whole web: a site for each municipality and one for the prefecture."""
    everyone = municipality.load()
    towns = [m for m in everyone if m.kind != "prefecture"]
    made = [_town(index, town, last=index == len(towns) - 1) for index, town in enumerate(towns)]
    for prefecture in (m for m in everyone if m.kind == "prefecture"):
        made.append(_prefecture(prefecture, towns))
    return made


def _town(index: int, town: Municipality, *, last: bool) -> Site:
    site = Site(town, HOW[index % len(HOW)])
    if last:
        site.how = "none"
        return site
    fault = faults.FAULTS[index % len(faults.FAULTS)]
    encoding = faults.ENCODINGS[index % len(faults.ENCODINGS)]
    edition = "standard" if index % 2 else "recommended"
    site.files.append(_table(town, "evacuation_space", edition, 4 + index % 5, encoding, fault))
    if site.how != "direct":
        further = FURTHER[index % len(FURTHER)]
        if further == "population":
            site.files += [_table(town, further, "standard", 3, "utf-8-sig", "", month) for month in MONTHS]
        else:
            site.files.append(_table(town, further, edition, 3 + index % 4, encoding, ""))
    if index % 14 == 2:  # a page without a word about the licence
        site.licence = ""
    if index == 1:
        site.files += _others(town)
    if index == 3:
        site.files.append(File("broken.csv", b"<!doctype html><title>404</title>\n<p>\xe3\x83\x9a</p>", "消えた一覧（見本）"))
        site.files.append(File("gone.csv", b"", "なくなった一覧（見本）", missing=True))
    if index == 7:
        site.files.append(File("empty.csv", b"", "空の一覧（見本）"))
        site.files.append(File("unknown.csv", bytes(range(128, 256)) * 8, "文字コード不明の一覧（見本）"))
    return site


def _prefecture(prefecture: Municipality, towns: Sequence[Municipality]) -> Site:
    definition = catalog.load().standard("public_facility")
    rows = [places.row(definition, prefecture, town, number) for number, town in enumerate(towns[:12], 1)]
    body = faults.encode(faults.table(definition, rows, "", ""), "utf-8-sig")
    site = Site(prefecture, "direct")
    site.files.append(File(f"{prefecture.code}_public_facility.csv", body, "県立施設一覧（見本）"))
    return site


def _table(town: Municipality, dataset: str, edition: str, count: int, encoding: str, fault: str, month: str = "") -> File:
    every = catalog.load()
    definition = every.get(dataset, edition) if edition in every.editions(dataset) else every.standard(dataset)
    rows = [places.row(definition, town, town, number, month) for number in range(1, count + 1)]
    title = f"{town.name} {definition.title['ja']}（見本）"
    body = faults.encode(faults.table(definition, rows, fault, title), encoding, fault)
    date = f"_{month.replace('-', '')}" if month else ""
    return File(f"{town.code}_{dataset}{date}.csv", body, definition.title["ja"])


def _others(town: Municipality) -> list[File]:
    """Files of no standard: a list with its own layout, two years of one paper, a bus timetable."""
    pumps = [["名前", "場所", "口数"]] + [[f"見本ポンプ{n}", f"{town.name}見本{n}番地", str(n)] for n in (1, 2)]
    return [
        File("pump.csv", faults.encode(pumps, "cp932"), "井戸ポンプ一覧（見本）"),
        File("plan_r7.pdf", _pdf("Sample plan R7"), "令和7年度計画書（見本）", "PDF"),
        File("plan_r8.pdf", _pdf("Sample plan R8"), "令和8年度計画書（見本）", "PDF"),
        File("gtfs.zip", _gtfs(), "コミュニティバス 標準的なバス情報フォーマット（見本）", "ZIP"),
    ]


def _pdf(text: str) -> bytes:
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = io.BytesIO(b""), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def _gtfs() -> bytes:
    """標準的なバス情報フォーマット (GTFS-JP), as small as the format allows."""
    tables = {
        "agency.txt": "agency_id,agency_name,agency_url,agency_timezone,agency_lang\n1,見本交通,http://example.invalid/,Asia/Tokyo,ja\n",
        "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,見本前,31.5,130.5\nB,見本口,31.51,130.51\n",
        "routes.txt": "route_id,agency_id,route_short_name,route_type\nR,1,見本線,3\n",
        "trips.txt": "route_id,service_id,trip_id\nR,W,T\n",
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "T,08:00:00,08:00:00,A,1\nT,08:10:00,08:10:00,B,2\n",
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "W,1,1,1,1,1,0,0,20260401,20270331\n",
        "feed_info.txt": "feed_publisher_name,feed_publisher_url,feed_lang\n見本交通,http://example.invalid/,ja\n",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in tables.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 10, 1, 0, 0, 0)), text)
    return out.getvalue()


def _list(site: Site) -> bytes:
    """The publisher's オープンデータ一覧 in the edition of `site.how`; ``{base}`` stands for the server's address."""
    definition: Definition = catalog.load().get("open_data_list", EDITION[site.how])
    folder = f"{{base}}/{site.publisher.code}"
    rows = []
    for number, file in enumerate(site.files, 1):
        pages = {"URL": f"{folder}/{Path(file.path).stem}.html", "データ名称": file.title, "データ概要": file.title}
        values = pages | {
            "都道府県コード又は市区町村コード": site.publisher.code,
            "NO": str(number),
            "都道府県名": places.PREFECTURE,
            "市区町村名": site.publisher.name,
            "データ形式": file.format,
            "ライセンス": site.licence,
            "データセット_ID": f"{site.publisher.code}-{file.path}",
            "全国地方公共団体コード": site.publisher.code,
            "地方公共団体名": site.publisher.name,
            "データセット_タイトル": file.title,
            "データセット_概要": f"{site.publisher.name}の{file.title}",
            "ファイル_タイトル": file.title,
            # A relative address in every other list: real lists have both.
            "ファイル_ダウンロードURL": file.path if number % 2 else f"{folder}/{file.path}",
            "ファイル_形式": file.format,
            "ファイル形式": file.format,
            "ファイル_ライセンス": site.licence,
        }
        rows.append([values.get(f.name, "") for f in definition.fields])
    text = io.StringIO()
    csv.writer(text).writerows([[f.name for f in definition.fields], *rows])
    return text.getvalue().encode("utf-8-sig")


def _page(site: Site, files: Sequence[File], title: str) -> bytes:
    links = "".join(
        f'<li><a href="./{html.escape(file.path)}">{html.escape(file.title)}（{file.format}形式）</a></li>\n' for file in files
    )
    licence = f"<p>ライセンス：{site.licence}</p>" if site.licence else ""
    return (
        f'<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
        f"<body><h1>{html.escape(title)}</h1><p>これは見本です。</p><ul>\n{links}"
        '<li><a href="./riyou.pdf">利用規約（PDF）</a></li>\n'
        '<li><a href="mailto:sample@example.invalid">お問い合わせ</a></li>\n'
        f"</ul>{licence}</body></html>\n"
    ).encode()


def write(folder: Path, base: str) -> list[Site]:
    """Write the web below `folder`/web and `folder`/sources.yaml with addresses below `base`. Returns the sites."""
    made, entries = sites(), []
    for site in made:
        home = folder / "web" / site.publisher.code
        home.mkdir(parents=True, exist_ok=True)
        for file in site.files:
            if not file.missing:
                (home / file.path).write_bytes(file.body)
        title = f"{site.publisher.name} オープンデータ（見本）"
        start = site.files[0].path if site.files else ""
        if site.how == "html":
            start = "index.html"
            (home / start).write_bytes(_page(site, site.files, title))
        elif site.how in EDITION:
            start = "open_data_list.csv"
            (home / f"{start}.in").write_bytes(_list(site))
            if site.how == "list-15":
                for file in site.files:
                    (home / f"{Path(file.path).stem}.html").write_bytes(_page(site, [file], file.title))
        if start:
            licence = "  licence: cc-by-4.0\n" if site.how == "direct" else ""
            code = site.publisher.code
            entries.append(f'- municipality_code: "{code}"\n  url: {base}/{code}/{start}\n{licence}')
    head = "# Invented sources (見本), made by examples/generate.py.\n"
    (folder / "sources.yaml").write_text(head + "".join(entries), encoding="utf-8")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="http://127.0.0.1:8600", help="where serve.py will answer")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    made = write(args.output, args.base.rstrip("/"))
    print(f"{args.output}: {len(made)} publishers, {sum(len(site.files) for site in made)} files (見本)")


if __name__ == "__main__":
    main()
