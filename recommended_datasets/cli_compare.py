"""``compare``: what the files of one publisher say differently about the same facility."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import ERROR, FAILURE, OK, check_arguments, lang_option, municipality_option, with_catalog


@click.command(help="1つの団体の複数のファイルを突き合わせる / compare the files of one publisher with each other.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@municipality_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lang_option
@with_catalog
@click.pass_context
def compare(
    ctx: click.Context, catalog: Catalog, files: tuple[str, ...], municipality: str | None, form: str, lang: Any
) -> None:
    from recommended_datasets.checking import check_bytes
    from recommended_datasets.messages import label, message
    from recommended_datasets.report_text import issue_dict
    from recommended_datasets.rules_cross import compare as compare_files

    if len(set(files)) < 2:
        raise click.UsageError("ファイルを2つ以上指定してください / give two files or more")
    check_arguments(catalog, None, None, municipality)
    checked = {
        file: check_bytes(Path(file), name=Path(file).name, municipality_code=municipality, catalog=catalog) for file in files
    }
    left = {file: found.report.issues[0] for file, found in checked.items() if found.definition is None}
    found = compare_files(checked)
    if form == "json":
        issues = [{"file": name, **issue_dict(issue, lang)} for name, issue in found]
        left_out = [{"file": name, **issue_dict(issue, lang)} for name, issue in left.items()]
        click.echo(json.dumps({"rule_set": catalog.rule_set, "issues": issues, "left": left_out}, ensure_ascii=False))
    else:
        for name, issue in found:
            click.echo(
                f"{name} {label('line', lang, line=issue.line)} {issue.column} ({issue.code})\n  {message(issue, lang)}"
            )
        if not found:
            click.echo(label("no-differences", lang))
    for name, issue in left.items():
        click.echo(f"{name}: {message(issue, lang)}", err=True)
    if any(item.table is None for item in checked.values()):
        ctx.exit(ERROR)
    ctx.exit(FAILURE if left else OK)
