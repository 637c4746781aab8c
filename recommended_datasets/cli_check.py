"""``check``: the report on one file, by the same route as everywhere else (`checking.check_bytes`)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import (
    ERROR,
    FAILURE,
    OK,
    check_arguments,
    dataset_option,
    edition_option,
    file_argument,
    lang_option,
    load_mapping,
    mapping_option,
    municipality_option,
    read_input,
    sheet_option,
    with_catalog,
    write_output,
)

STATUS = {"success": OK, "failure": FAILURE, "error": ERROR}


def run(catalog: Catalog, file: str, **options: Any) -> Any:
    """`check_bytes` on a command's FILE and options: dataset, edition, municipality, mapping, sheet."""
    from recommended_datasets.checking import check_bytes

    dataset, edition, code = options.get("dataset"), options.get("edition"), options.get("municipality")
    check_arguments(catalog, dataset, edition, code)
    mapping = options.get("mapping")
    if mapping is not None and not dataset and mapping.dataset:
        dataset, edition = mapping.dataset, mapping.edition or None
        check_arguments(catalog, dataset, edition, None)
    name = "" if file == "-" else Path(file).name
    return check_bytes(
        read_input(file),
        name=name,
        dataset=dataset,
        edition=edition,
        municipality_code=code,
        mapping=mapping,
        sheet=options.get("sheet"),
        catalog=catalog,
        report_only=bool(options.get("report_only")),
        polygon=load_boundaries(options.get("boundaries")),
        progress=rows_counter() if sys.stderr.isatty() else None,
    )


def load_boundaries(path: str | None) -> Any:
    """The polygons of an N03 GeoJSON file, or `None`; wrong use if it is no such file."""
    if path is None:
        return None
    from recommended_datasets import rules_boundary

    try:
        return rules_boundary.load(Path(path))
    except rules_boundary.BoundaryError as error:
        raise click.UsageError(str(error)) from None


def rows_counter() -> Callable[[int], None]:
    """Shows on a terminal how many rows of a large file were judged so far."""
    done = 0

    def show(rows: int) -> None:
        nonlocal done
        done += rows
        click.echo(f"\r{done:,} 行 / rows", nl=False, err=True)

    click.get_current_context().call_on_close(lambda: click.echo("\r" + " " * 30 + "\r", nl=False, err=True) if done else None)
    return show


@click.command(help="1つのファイルを点検する / check one file.")
@file_argument
@dataset_option
@edition_option
@municipality_option
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "html"]), default="text", show_default=True)
@lang_option
@click.option("-o", "--output", metavar="OUT", default="-", help="省くと標準出力 / standard output if left out.")
@mapping_option
@sheet_option
@click.option(
    "--boundaries", metavar="GEOJSON", type=click.Path(), help="国土数値情報 N03 の行政区域 / polygons of municipalities."
)
@with_catalog
@click.pass_context
def check(
    ctx: click.Context,
    catalog: Catalog,
    file: str,
    dataset: str | None,
    edition: str | None,
    municipality: str | None,
    form: str,
    lang: str,
    output: str,
    mapping: str | None,
    sheet: str | None,
    boundaries: str | None,
) -> None:
    confirmed = load_mapping(mapping)
    options = {"dataset": dataset, "edition": edition, "municipality": municipality, "mapping": confirmed, "sheet": sheet}
    options["boundaries"] = boundaries
    options["report_only"] = form != "html"  # the page marks the file's cells
    checked = run(catalog, file, **options)
    write_output(output, rendered(checked, form, lang, "" if file == "-" else Path(file).name))
    ctx.exit(STATUS[checked.report.status])


def rendered(checked: Any, form: str, lang: Any, name: str) -> str:
    """The report in a format."""
    if form == "html":
        from recommended_datasets.report_html import as_html

        return as_html(checked.report, lang, table=checked.table, name=name)
    from recommended_datasets import report_text

    writers = {"text": report_text.as_text, "json": report_text.as_json, "csv": report_text.as_csv}
    return writers[form](checked.report, lang)
