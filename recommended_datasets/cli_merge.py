"""``merge``: many files → one merged table for each dataset, with what was left out and why."""

from __future__ import annotations

import json
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
    lang_option,
    municipality_option,
    with_catalog,
)


@click.command(help="複数のファイルを、データセットごとに1つの表に統合する / merge many files into one table per dataset.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FOLDER", required=True, help="書き出すフォルダ / folder to write to.")
@dataset_option
@municipality_option
@click.option("--licence", default="", help="各行に残すライセンス / the licence noted beside each row.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lang_option
@with_catalog
@click.pass_context
def merge(
    ctx: click.Context,
    catalog: Catalog,
    files: tuple[str, ...],
    output: str,
    dataset: str | None,
    municipality: str | None,
    licence: str,
    form: str,
    lang: Any,
) -> None:
    from recommended_datasets import merging
    from recommended_datasets.messages import message

    check_arguments(catalog, dataset, None, municipality)
    hidden = len(files) < 5 or form == "json"
    try:
        with click.progressbar(length=len(files), file=click.get_text_stream("stderr"), hidden=hidden) as bar:
            merged = merging.merge(
                [Path(file) for file in files],
                Path(output),
                catalog=catalog,
                dataset=dataset,
                publisher=municipality,
                licence=licence,
                seen=lambda path: bar.update(1),
            )
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"「{output}」に書けません（{reason}）/ cannot write {output}: {reason}") from None
    if form == "json":
        left = [{"file": str(item.path), "code": item.issue.code} for item in merged.left]
        click.echo(json.dumps({"rule_set": catalog.rule_set, "datasets": merged.as_dict(), "left": left}, ensure_ascii=False))
    else:
        for entry in merged.as_dict():
            click.echo(_line(entry, catalog, lang))
        for item in merged.left:
            click.echo(f"{item.path}: {message(item.issue, lang)}", err=True)
    if not merged.balances and not any(item.readable for item in merged.left):
        ctx.exit(ERROR)
    ctx.exit(FAILURE if merged.left else OK)


def _line(entry: dict[str, Any], catalog: Catalog, lang: str) -> str:
    title = catalog.summary(entry["dataset"]).title[lang]
    counts = [entry[name] for name in ("rows_in", "accepted", "rejected", "duplicates", "withheld")]
    words = (
        ("行", "採用", "除外", "重複", "非公開")
        if lang == "ja"
        else ("rows", "accepted", "rejected", "duplicates", "withheld")
    )
    rows, *rest = [f"{word} {count}" for word, count in zip(words, counts, strict=True)]
    return f"{title} ({entry['dataset']}): {rows} = {' + '.join(rest)}"
