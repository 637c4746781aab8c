"""``definitions``: the official workbook into our YAML, what a change would do, and the generated index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import FAILURE, find_definition, lang_option, with_catalog, write_output

KINDS = {
    "added": ("列が増える", "column added"),
    "removed": ("列がなくなる", "column removed"),
    "moved": ("順番が変わる", "order changed"),
    "mark": ("区分が変わる", "mark changed"),
    "evidence": ("類推を確認", "analogy confirmed"),
    "format": ("形式が変わる", "format changed"),
    "example": ("例が変わる", "example changed"),
    "name": ("列名が変わる", "name changed"),
    "description": ("説明が変わる", "description changed"),
}


@click.group(help="定義の取り込みと比較 / import and compare definitions.")
def definitions() -> None:
    pass


@definitions.command(
    "import", help="公式の定義書（Excel）と比べ、更新を書き出す / compare with the official workbook, write the update."
)
@click.argument("workbook", metavar="WORKBOOK.xlsx", type=click.Path())
@click.option("--dataset", metavar="ID", help="このデータセットだけ / this dataset only.")
@click.option("--edition", metavar="E", help="比べる版。省くと最新 / the edition to compare, the newest if left out.")
@click.option(
    "--write", "folder", metavar="DIR", type=click.Path(), help="更新した YAML を書くフォルダ / folder for the updated YAML."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lang_option
@with_catalog
def import_workbook(
    catalog: Catalog, workbook: str, dataset: str | None, edition: str | None, folder: str | None, form: str, lang: str
) -> None:
    from recommended_datasets import importing
    from recommended_datasets.definition_yaml import as_yaml

    if not Path(workbook).is_file():
        raise click.UsageError(f"「{workbook}」がありません / no such file")
    try:
        sheets = importing.read_workbook(Path(workbook))
    except importing.WorkbookError as error:
        raise click.UsageError(str(error)) from None
    shown: list[dict[str, Any]] = []
    for sheet in sheets:
        found = importing.dataset_of(sheet, catalog)
        if found is None or (dataset and found != dataset):
            if found is None:
                click.echo(f"{sheet.title}: 対応するデータセットが分かりません / unknown dataset", err=True)
            continue
        definition = find_definition(catalog, found, edition)
        imported = importing.compare(sheet, definition)
        differences = [{name: getattr(d, name) for name in d.__slots__} for d in imported.differences]
        shown.append({"dataset": found, "edition": definition.edition, "sheet": sheet.title, "differences": differences})
        if folder:
            target = Path(folder) / definition.edition
            target.mkdir(parents=True, exist_ok=True)
            write_output(str(target / f"{found}.yaml"), as_yaml(imported.update))
    if form == "json":
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for entry in shown:
        click.echo(f"{entry['dataset']} ({entry['edition']})  {entry['sheet']}  {len(entry['differences'])}")
        for d in entry["differences"]:
            change = f": 「{d['old']}」→「{d['new']}」" if d["old"] or d["new"] else ""
            click.echo(f"  {KINDS[d['kind']][lang == 'en']} {d['column']} ({d['field']}){change}")
    if not shown:
        raise click.UsageError("比べられるシートがありません / no sheet of a known dataset")


@definitions.command(help="定義を変えると結果が変わるファイル / which files' verdicts a changed definition would change.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@lang_option
@with_catalog
@click.pass_context
def diff(ctx: click.Context, catalog: Catalog, old: str, new: str, files: tuple[str, ...], form: str, lang: str) -> None:
    """OLD and NEW: a YAML file, a folder of them, or an id as aed or aed:recommended."""
    from recommended_datasets import definition_diff
    from recommended_datasets.definition import DefinitionError

    try:
        before, after = definition_diff.load(old, catalog), definition_diff.load(new, catalog)
    except DefinitionError as error:
        raise click.UsageError(str(error)) from None
    shown: list[dict[str, Any]] = []
    with click.progressbar(files, file=click.get_text_stream("stderr"), hidden=len(files) < 20) as bar:
        for file in bar:
            found = definition_diff.verdicts(Path(file), before, after, catalog)
            if found.reason:
                shown.append({"file": file, "changed": False, "reason": found.reason})
            elif found.changed and found.old and found.new:
                verdicts = {"old": found.old.status, "new": found.new.status}
                shown.append({"file": file, "changed": True, **verdicts, "gone": found.gone(), "come": found.come()})
    changed = [entry for entry in shown if entry["changed"]]
    if form == "json":
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        for entry in shown:
            click.echo(_line(entry, lang))
        text = (
            f"{len(files)} 件中 {len(changed)} 件の結果が変わります"
            if lang == "ja"
            else f"{len(changed)} of {len(files)} would change"
        )
        click.echo(text, err=True)
    ctx.exit(FAILURE if changed else 0)


def _line(entry: dict[str, Any], lang: str) -> str:
    if not entry["changed"]:
        reasons = {
            "unreadable": ("読めません", "cannot be read"),
            "other-dataset": ("別のデータセットです", "another dataset"),
        }
        return f"{entry['file']}: {reasons[entry['reason']][lang == 'en']}"
    changes = [f"-{count} {code}" for code, count in entry["gone"].items()]
    changes += [f"+{count} {code}" for code, count in entry["come"].items()]
    return f"{entry['file']}: {entry['old']} → {entry['new']}  {', '.join(changes)}"


@definitions.command(help="定義の索引を作り直す（YAML を直したあと）/ rebuild the generated index after a change of the YAML.")
@click.option("--check", "only_check", is_flag=True, help="書かずに、最新かどうかだけ / only say whether it is in step.")
@click.pass_context
def index(ctx: click.Context, only_check: bool) -> None:
    from recommended_datasets import catalog

    text = catalog.make_index()
    current = catalog.INDEX.is_file() and catalog.INDEX.read_text(encoding="utf-8") == text
    if only_check:
        click.echo("最新です / in step" if current else "作り直しが必要です / out of step")
        ctx.exit(0 if current else FAILURE)
    if not current:
        write_output(str(catalog.INDEX), text)
    click.echo(str(catalog.INDEX))
