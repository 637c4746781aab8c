"""``identify``: which dataset and edition a file follows, and a column mapping to confirm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from recommended_datasets import matching
from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import (
    ERROR,
    FAILURE,
    OK,
    check_arguments,
    dataset_option,
    edition_option,
    file_argument,
    find_definition,
    lang_option,
    load_mapping,
    mapping_option,
    read_input,
    sheet_option,
    with_catalog,
    write_output,
)
from recommended_datasets.report import ColumnMatch
from recommended_datasets.table import ReadError, Table

HOW = {
    "exact": ("そのまま", "exact"),
    "synonym": ("別の書き方", "synonym"),
    "mapping": ("対応表", "mapping"),
    "none": ("対応なし", "none"),
}


@click.command(help="どのデータセットのどの版か / which dataset and edition a file follows.")
@file_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--propose", metavar="YAML", help="列の対応表の案を書き出す（確認して --mapping に）/ write a mapping to confirm."
)
@dataset_option
@edition_option
@mapping_option
@sheet_option
@lang_option
@with_catalog
@click.pass_context
def identify(
    ctx: click.Context,
    catalog: Catalog,
    file: str,
    form: str,
    propose: str | None,
    dataset: str | None,
    edition: str | None,
    mapping: str | None,
    sheet: str | None,
    lang: str,
) -> None:
    from recommended_datasets.reader import read_table

    check_arguments(catalog, dataset, edition, None)
    confirmed = load_mapping(mapping)
    try:
        name = "" if file == "-" else Path(file).name
        table = read_table(read_input(file), name=name, mapping=confirmed, sheet=sheet, known=catalog.knows)
    except ReadError as error:
        _unreadable(error, catalog, form, lang)
        ctx.exit(ERROR)
    matches = matching.identify(table, catalog)
    chosen = None
    if dataset or (confirmed and confirmed.dataset):
        same = [m.definition for m in matches if m.definition.id == (dataset or confirmed.dataset) and not edition]
        chosen = same[0] if same else find_definition(catalog, dataset or confirmed.dataset, edition)
    elif matches:
        chosen = matches[0].definition
    columns = matching.match_columns(table, chosen, confirmed, catalog) if chosen else ()
    nearest = [] if matches else matching.nearest(table, catalog, name=name)
    if propose is not None:
        _propose(propose, table, chosen, nearest, catalog)
        if propose == "-":
            ctx.exit(OK if chosen else FAILURE)
    shown: dict[str, Any] = {
        "status": "success" if chosen else "failure",
        "rule_set": catalog.rule_set,
        "dataset": chosen.id if chosen else None,
        "edition": chosen.edition if chosen else None,
        "share": round(sum(c.field is not None for c in columns) / len(chosen.fields), 4) if chosen else None,
        "encoding": table.encoding,
        "header_line": table.header_line,
        "sheet": table.sheet,
        "row_count": table.row_count,
        "columns": [{"column": c.column, "field": c.field, "how": c.how} for c in columns],
        "matches": [{"dataset": m.definition.id, "edition": m.definition.edition, "share": m.share} for m in matches],
        "nearest": [{"dataset": name, "share": share} for name, share in nearest],
    }
    if form == "json":
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        _print(shown, columns, catalog, lang)
    ctx.exit(OK if chosen else FAILURE)


def _propose(path: str, table: Table, chosen: Any, nearest: list[tuple[str, float]], catalog: Catalog) -> None:
    from recommended_datasets import mapping

    if chosen is None and not nearest:
        raise click.UsageError("どのデータセットにも近くありません。--dataset で指定してください / name one with --dataset")
    definition = chosen or catalog.standard(nearest[0][0])
    write_output(path, mapping.dump(mapping.propose_mapping(table, definition)))


def _unreadable(error: ReadError, catalog: Catalog, form: str, lang: Any) -> None:
    from recommended_datasets.messages import read_error

    text = read_error(error, lang)
    if form == "json":
        shown: dict[str, Any] = {
            "status": "error",
            "rule_set": catalog.rule_set,
            "dataset": None,
            "edition": None,
            "nearest": [],
        }
        shown["issues"] = [{"code": error.code, "severity": "error", "message": text}]
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        click.echo(text, err=True)


def _print(shown: dict[str, Any], columns: tuple[ColumnMatch, ...], catalog: Catalog, lang: str) -> None:
    ja = lang == "ja"
    if shown["dataset"]:
        definition = catalog.get(shown["dataset"], shown["edition"])
        click.echo(f"{definition.title[lang]}  {definition.id}  {definition.edition}  {shown['share']:.0%}")
    else:
        click.echo("推奨データセットではありません" if ja else "not a recommended dataset")
        near = ", ".join(
            f"{catalog.summary(n['dataset']).title[lang]} ({n['dataset']} {n['share']:.0%})" for n in shown["nearest"]
        )
        if near:
            click.echo(f"  {'近いもの' if ja else 'nearest'}: {near}")
    facts = [
        ("文字コード" if ja else "encoding", shown["encoding"] or "-"),
        ("見出し行" if ja else "header line", shown["header_line"]),
        ("行数" if ja else "rows", shown["row_count"]),
    ]
    if shown["sheet"]:
        facts.insert(1, ("シート" if ja else "sheet", shown["sheet"]))
    click.echo("  " + "  ".join(f"{name}: {value}" for name, value in facts))
    from recommended_datasets.cli_definitions import table as aligned

    if columns:
        click.echo(aligned([(c.column or "（空）", c.field or "", HOW[c.how][not ja]) for c in columns]))
