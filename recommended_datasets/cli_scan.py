"""``scan``: what in a file may say something about a person, and what a workbook holds that nobody sees."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from recommended_datasets.cli import ERROR, FAILURE, OK, file_argument, lang_option, write_output


@click.command(help="個人情報と、ブックの見えない中身を探す / look for personal data and hidden content.")
@file_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--small-count",
    default=3,
    show_default=True,
    type=click.IntRange(1),
    help="これ未満の人数を知らせる / report counts below.",
)
@click.option("--clean", metavar="OUT.xlsx", help="見えるものだけのブックを書き出す / write a copy of what is visible.")
@lang_option
@click.pass_context
def scan(ctx: click.Context, file: str, form: str, small_count: int, clean: str | None, lang: Any) -> None:
    from recommended_datasets import messages, sensitive
    from recommended_datasets.cli import read_input
    from recommended_datasets.table import ReadError

    source = read_input(file)
    try:
        if isinstance(source, Path) and not source.is_file():
            raise ReadError("file-not-readable", path=file, reason="no such file")
        findings = sensitive.scan(source, name="" if file == "-" else Path(file).name, small_count=small_count)
        if clean:
            from recommended_datasets.hidden_copy import clean_copy

            write_output(clean, clean_copy(source if isinstance(source, bytes) else source.read_bytes()))
    except ReadError as error:
        text = messages.read_error(error, lang)
        click.echo(
            json.dumps({"status": "error", "findings": [], "message": text}, ensure_ascii=False) if form == "json" else text,
            err=form != "json",
        )
        ctx.exit(ERROR)
    held = any(finding.holds for finding in findings)
    if form == "json":
        shown = [asdict(finding) | {"message": messages.message(finding.issue(), lang)} for finding in findings]
        click.echo(json.dumps({"status": "failure" if held else "success", "findings": shown}, ensure_ascii=False))
    else:
        for finding in findings:
            place = " ".join(filter(None, (finding.sheet, finding.cell or _line(finding.line, lang), finding.column)))
            click.echo(f"[{messages.label(finding.severity, lang)}] {place}: {messages.message(finding.issue(), lang)}")
        if not findings:
            click.echo("見つかりませんでした。" if lang == "ja" else "Nothing found.")
    ctx.exit(FAILURE if held else OK)


def _line(line: int, lang: str) -> str:
    return (f"{line}行目" if lang == "ja" else f"line {line}") if line else ""
