"""``template`` and ``schema``: a workbook to fill in, and the definition as Table Schema."""

from __future__ import annotations

import json
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import edition_option, find_definition, municipality_option, with_catalog, write_output


def _with_columns(catalog: Catalog, dataset: str, edition: str | None) -> Any:
    definition = find_definition(catalog, dataset, edition)
    if not definition.fields:
        text = f"{definition.title['ja']} は列の定義をまだ確認できていません / the columns of {dataset} are not known yet"
        raise click.UsageError(text)
    return definition


@click.command(help="入力用の Excel（選択肢・説明・点検シート付き）を作る / make a workbook to fill in.")
@click.argument("dataset", metavar="ID")
@edition_option
@click.option("-o", "--output", metavar="OUT.xlsx", required=True, help="書き出す Excel ファイル / the workbook to write.")
@click.option("--rows", default=1000, show_default=True, type=click.IntRange(10, 20000), help="入力できる行数 / rows.")
@municipality_option
@with_catalog
def template(catalog: Catalog, dataset: str, edition: str | None, output: str, rows: int, municipality: str | None) -> None:
    from recommended_datasets.cli import check_arguments
    from recommended_datasets.template import make_template

    definition = _with_columns(catalog, dataset, edition)
    check_arguments(catalog, None, None, municipality)
    write_output(output, make_template(definition, rows=rows, municipality_code=municipality or "", rule_set=catalog.rule_set))


@click.command(help="定義を Table Schema（JSON）で書き出す / the definition as Table Schema JSON.")
@click.argument("dataset", metavar="ID")
@edition_option
@click.option("-o", "--output", metavar="OUT.json", default="-", help="省くと標準出力 / standard output if left out.")
@with_catalog
def schema(catalog: Catalog, dataset: str, edition: str | None, output: str) -> None:
    from recommended_datasets.table_schema import table_schema

    definition = _with_columns(catalog, dataset, edition)
    write_output(output, json.dumps(table_schema(definition), ensure_ascii=False, indent=1) + "\n")
