"""``list`` and ``show``: which datasets there are, and the columns of one."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import edition_option, find_definition, lang_option, with_catalog
from recommended_datasets.definition import Definition, Field

EVIDENCE = {"seen": ("", ""), "partly": ("定義確認中", "partly known"), "title": ("列は未確認", "columns not known")}


def width(text: str) -> int:
    """Columns of a terminal that the text takes: Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as aligned columns."""
    lines = [list(row) for row in rows]
    widths = [max(width(line[i]) for line in lines) for i in range(len(lines[0]))]
    shown = ["  ".join(cell + " " * (w - width(cell)) for cell, w in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(line.rstrip() for line in shown)


@click.command("list", help="データセットと版の一覧 / list all datasets and their editions.")
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
@lang_option
@with_catalog
def list_datasets(catalog: Catalog, form: str, lang: str) -> None:
    entries: list[dict[str, Any]] = []
    for dataset in catalog.ids():
        for edition in catalog.editions(dataset):
            definition = catalog.get(dataset, edition)
            entries.append(
                {
                    "id": dataset,
                    "edition": edition,
                    "number": definition.number,
                    "title": dict(definition.title),
                    "columns": len(definition.fields),
                    "file_name": definition.file_name,
                    "evidence": definition.evidence,
                }
            )
    if form == "json":
        click.echo(json.dumps(entries, ensure_ascii=False, indent=1))
        return
    head = ("id", "edition", "number", "columns", "title", "evidence")
    rows = [
        (e["id"], e["edition"], e["number"], str(e["columns"]), e["title"][lang], EVIDENCE[e["evidence"]][lang == "en"])
        for e in entries
    ]
    if form == "csv":
        import csv
        import sys

        csv.writer(sys.stdout, lineterminator="\n").writerows([head, *rows])
        return
    names = ("ID", "版", "番号", "列数", "名称", "") if lang == "ja" else ("ID", "edition", "no.", "columns", "title", "")
    click.echo(table([names, *rows]))


@click.command(help="1つのデータセットの列と決まり / show the columns and rules of one dataset.")
@click.argument("dataset", metavar="ID")
@edition_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lang_option
@with_catalog
def show(catalog: Catalog, dataset: str, edition: str | None, form: str, lang: str) -> None:
    definition = find_definition(catalog, dataset, edition)
    if form == "json":
        click.echo(json.dumps(as_dict(definition), ensure_ascii=False, indent=1))
        return
    ja = lang == "ja"
    click.echo(f"{definition.title[lang]}  {definition.id}  {definition.edition}  {definition.number}".rstrip())
    note = EVIDENCE[definition.evidence][not ja]
    facts = [
        ("版", "editions", ", ".join(catalog.editions(definition.id))),
        ("ファイル名", "file name", definition.file_name),
        ("確からしさ", "evidence", f"{definition.evidence} {note} {'; '.join(definition.sources)}".strip()),
        ("使える行", "usable row", " AND ".join("(" + " | ".join(group) + ")" for group in definition.usable)),
        ("変わり方", "change", definition.change),
    ]
    for name_ja, name_en, value in facts:
        if value:
            click.echo(f"  {name_ja if ja else name_en}: {value}")
    if not definition.fields:
        return
    head = (
        ("", "列名", "項目ID", "型", "値", "例", "空欄")
        if ja
        else ("", "column", "field", "type", "values", "example", "blank")
    )
    click.echo(table([head, *(_row(f) for f in definition.fields)]))
    click.echo(
        "◎必須 ○推奨 −不明 ?類推（エラーにしません）"
        if ja
        else "◎ required ○ recommended − not known ? by analogy (never an error)"
    )


def _row(f: Field) -> tuple[str, ...]:
    mark = "−" if f.mark is None else f.mark or " "
    unsure = "?" if f.mark is not None and (f.evidence != "seen" or f.mark_evidence != "seen") else ""
    values = "/".join(v or "（空欄）" for v in f.allowed)
    return (mark + unsure, f.name, f.id, f.type, values if width(values) <= 30 else f"{len(f.allowed)}種", f.example, f.blank)


def as_dict(definition: Definition) -> dict[str, Any]:
    """A definition as plain data, for JSON."""
    names = [n for n in Definition.__dataclass_fields__ if not n.startswith("_")]
    data: dict[str, Any] = {n: getattr(definition, n) for n in names}
    data["title"] = dict(definition.title)
    data["fields"] = [{n: getattr(f, n) for n in Field.__dataclass_fields__} for f in definition.fields]
    for f in data["fields"]:
        f["options"] = dict(f["options"])
    return data
