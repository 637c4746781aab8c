"""The disaster bundle: a static folder that works without any server, network or database, also from a USB stick.

``index.html`` (choose a municipality), and per publisher and for the whole ``<code>/``: ``index.html`` (list, search, map
and print in one file with its data inside), ``<dataset>.csv``, ``<dataset>.geojson``; ``sw.js`` and ``manifest.webmanifest``
make it installable; ``manifest.json`` lists every file with its sha256. Every page shows the reference and build dates and
says that designated is not the same as opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from recommended_datasets.definition import Definition
from recommended_datasets.outputs_csv import mark

ASSETS = Path(__file__).with_name("bundle_assets")
_SHOWN = ("building", "phone", "capacity", "communities", "install_place", "available_days", "start_time", "end_time", "note")
WHOLE = "all"
"""The folder of all publishers together."""


@dataclass(frozen=True, slots=True)
class Part:
    """One safety dataset of one publisher (or of all): rows as JSON shows them, and the files as bytes."""

    definition: Definition
    rows: Sequence[Mapping[str, Any]]
    csv: bytes
    geojson: bytes
    reference_date: str = ""
    """The newest 基準日 that the publishers state, ISO; "" where none does."""


def point_record(definition: Definition, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the offline page needs of a row, small: name, place, and what it says; unknown cells are marked."""
    flags: list[str] = []
    unsure: list[str] = []
    for field in definition.fields:
        if field.type != "flag" or field.id not in row:
            continue
        label = field.name.removeprefix("災害種別_")
        if row[field.id] == "1":
            flags.append(label)
        elif row[field.id] is None:
            unsure.append(mark(row.get(f"{field.id}_source")) + f" {label}")
    texts = [
        f"{definition.field(name).name}: {row[name]}"
        for name in _SHOWN
        if name in definition and row.get(name)
    ]
    return {
        "n": row.get("name") or "",
        "k": row.get("name_kana") or "",
        "a": row.get("address") or "",
        "y": row.get("latitude"),
        "x": row.get("longitude"),
        "f": flags,
        "u": unsure + [mark(row["latitude_source"])] if row.get("latitude_source") else unsure,
        "t": texts,
        "p": row.get("publisher_name") or "",
        "m": row.get("row_status") or "",
    }


def page(title: str, parts: Iterable[Part], *, built: str, credit: str, home: str = "../index.html") -> str:
    """One offline page with its data, script and style inside. `built`: ISO date and time of the build."""
    layers = [
        {
            "id": part.definition.id,
            "title": part.definition.title["ja"],
            "date": part.reference_date,
            "rows": [point_record(part.definition, row) for row in part.rows],
        }
        for part in parts
    ]
    data = json.dumps({"title": title, "built": built, "layers": layers}, ensure_ascii=False, separators=(",", ":"))
    template = (ASSETS / "page.html").read_text("utf-8")
    values = {
        "TITLE": escape(title),
        "BUILT": escape(built),
        "CREDIT": escape(credit),
        "HOME": escape(home),
        "STYLE": (ASSETS / "page.css").read_text("utf-8"),
        "SCRIPT": (ASSETS / "page.js").read_text("utf-8"),
        "DATA": data.replace("</", "<\\/").replace("<!--", "<\\!--"),
    }
    for name, value in values.items():
        template = template.replace(f"@@{name}@@", value)
    return template


def index(names: Sequence[tuple[str, str, int]], *, built: str, editor: str) -> str:
    """The first page: `names` are (folder, name, rows) of every municipality, the whole first."""
    items = "".join(
        f'<li><a href="{escape(folder)}/index.html">{escape(name)}</a> <small>{rows}件</small></li>'
        for folder, name, rows in names
    )
    template = (ASSETS / "index.html").read_text("utf-8")
    values = {
        "STYLE": (ASSETS / "page.css").read_text("utf-8"),
        "BUILT": escape(built),
        "EDITOR": escape(editor),
        "ITEMS": items,
    }
    for name, value in values.items():
        template = template.replace(f"@@{name}@@", value)
    return template


def files(
    publishers: Mapping[str, tuple[str, Sequence[Part]]], *, built: str, editor: str, credits: Mapping[str, str]
) -> dict[str, bytes]:
    """Path → content of the whole bundle. `publishers`: folder (a code, or `WHOLE`) → (name, parts); `credits`: folder →
    出典."""
    found: dict[str, bytes] = {}
    listed: list[tuple[str, str, int]] = []
    for folder, (name, parts) in sorted(publishers.items(), key=lambda item: (item[0] != WHOLE, item[0])):
        shown = f"{name}の防災拠点" if folder != WHOLE else f"{name} 全域の防災拠点"
        found[f"{folder}/index.html"] = page(shown, parts, built=built, credit=credits.get(folder, "")).encode()
        for part in parts:
            found[f"{folder}/{part.definition.id}.csv"] = part.csv
            found[f"{folder}/{part.definition.id}.geojson"] = part.geojson
        listed.append((folder, f"{name}（全域）" if folder == WHOLE else name, sum(len(part.rows) for part in parts)))
    found["index.html"] = index(listed, built=built, editor=editor).encode()
    found["manifest.webmanifest"] = _webmanifest(editor)
    found["icon.svg"] = (ASSETS / "icon.svg").read_bytes()
    version = hashlib.sha256(b"".join(hashlib.sha256(found[name]).digest() for name in sorted(found))).hexdigest()
    found["sw.js"] = (ASSETS / "sw.js").read_text("utf-8").replace("@@VERSION@@", version[:16]).encode()
    manifest = {
        "built": built,
        "files": {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(found.items())
        },
    }
    found["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    return found


def _webmanifest(editor: str) -> bytes:
    return json.dumps(
        {
            "name": f"{editor} 防災拠点（オフライン）",
            "short_name": "防災拠点",
            "start_url": "index.html",
            "display": "standalone",
            "lang": "ja",
            "background_color": "#ffffff",
            "theme_color": "#8a1c1c",
            "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"}],
        },
        ensure_ascii=False,
    ).encode()
