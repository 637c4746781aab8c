"""``convert``: a file of one edition as a file of the other, with the losses named."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import (
    ERROR,
    FAILURE,
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
from recommended_datasets.conversion import Loss

LOSSES = {
    "no-column": (
        "「{0}」の列がないため {1} 件が入りません（例: {2}）",
        "no column for “{0}”: {1} cells are left out (e.g. {2})",
    ),
    "not-readable": (
        "「{0}」の {1} 件は対応する値がありません（例: {2}）",
        "{1} cells of “{0}” have no counterpart (e.g. {2})",
    ),
    "not-derived": ("「{0}」は元のファイルにないため空欄です", "“{0}” is blank: the file does not say it"),
    "rows-joined": (
        "行をまとめたため「{0}」の {1} 件が入りません（例: {2}）",
        "rows were joined: {1} cells of “{0}” are left out (e.g. {2})",
    ),
}


@click.command(help="推奨データセット ↔ 自治体標準オープンデータセットの変換 / convert between the two editions.")
@file_argument
@click.option("--to", "to", metavar="E", required=True, help="変換先の版 standard・recommended など / the edition to write.")
@click.option("-o", "--output", metavar="OUT", required=True, help="書き出す CSV（- は標準出力）/ the CSV to write.")
@click.option("--keep", is_flag=True, help="変換先にない列も右端に残す / append the columns that the other edition lacks.")
@dataset_option
@edition_option
@mapping_option
@sheet_option
@lang_option
@with_catalog
@click.pass_context
def convert(
    ctx: click.Context,
    catalog: Catalog,
    file: str,
    to: str,
    output: str,
    keep: bool,
    dataset: str | None,
    edition: str | None,
    mapping: str | None,
    sheet: str | None,
    lang: Any,
) -> None:
    from recommended_datasets import conversion
    from recommended_datasets.checking import check_bytes
    from recommended_datasets.messages import message
    from recommended_datasets.normalisation import normalise

    check_arguments(catalog, dataset, edition, None)
    confirmed = load_mapping(mapping)
    dataset = dataset or (confirmed.dataset if confirmed and confirmed.dataset else None)
    name = "" if file == "-" else Path(file).name
    checked = check_bytes(
        read_input(file), name=name, dataset=dataset, edition=edition, mapping=confirmed, sheet=sheet, catalog=catalog
    )
    if checked.table is None or checked.definition is None:
        click.echo(message(checked.report.issues[0], lang), err=True)
        ctx.exit(ERROR if checked.table is None else FAILURE)
    source = checked.definition
    target = find_definition(catalog, source.id, to)
    constants = dict(confirmed.constants) if confirmed else None
    normalised = normalise(checked.table, source, checked.columns, constants=constants, catalog=catalog)
    converted = conversion.convert(normalised, source, target, keep=keep)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(converted.header())
    writer.writerows(converted.rows())
    write_output(output, "\ufeff" + text.getvalue())
    ja = lang == "ja"
    arrow = f"{source.id}: {source.edition} → {target.edition}"
    rows = (
        f"{normalised.row_count} → {converted.row_count} 行" if ja else f"{normalised.row_count} → {converted.row_count} rows"
    )
    click.echo(f"{arrow}  {rows}", err=True)
    for loss in converted.losses:
        click.echo("  " + describe(loss, lang), err=True)


def describe(loss: Loss, lang: str) -> str:
    """One loss as a sentence."""
    example = loss.example if len(loss.example) <= 30 else loss.example[:29] + "…"
    return LOSSES[loss.kind][lang == "en"].format(loss.column, loss.count, example.replace("\n", " "))
