"""``repair``: the canonical CSV of a file's edition, with the accepted repairs and nothing lost."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click

from recommended_datasets.catalog import Catalog
from recommended_datasets.cli import (
    ERROR,
    FAILURE,
    OK,
    dataset_option,
    edition_option,
    file_argument,
    lang_option,
    load_mapping,
    mapping_option,
    municipality_option,
    sheet_option,
    with_catalog,
    write_output,
)
from recommended_datasets.cli_check import run


@click.command(help="直せるところを直した CSV を書き出す / write the file with its repairs applied.")
@file_argument
@click.option("-o", "--output", metavar="OUT", help="書き出す CSV（- は標準出力）/ the CSV to write.")
@click.option(
    "--accept",
    type=click.Choice(["all", "safe"]),
    default="safe",
    show_default=True,
    help="safe は確実なものだけ、all は人の確認が要る案も / safe ones only, or the proposals for a person too.",
)
@click.option("--diff", "show_diff", is_flag=True, help="変更を1行ずつ表示 / show every change.")
@click.option(
    "--recipe", metavar="YAML", type=click.Path(), help="前に採用した修正をもう一度当てる / apply accepted repairs again."
)
@click.option("--save-recipe", metavar="YAML", help="採用した修正を残す / keep the accepted repairs for the next version.")
@click.option("--who", default="", help="--save-recipe に残す名前 / the name kept in the recipe.")
@dataset_option
@edition_option
@municipality_option
@mapping_option
@sheet_option
@lang_option
@with_catalog
@click.pass_context
def repair(
    ctx: click.Context,
    catalog: Catalog,
    file: str,
    output: str | None,
    accept: str,
    show_diff: bool,
    recipe: str | None,
    save_recipe: str | None,
    who: str,
    dataset: str | None,
    edition: str | None,
    municipality: str | None,
    mapping: str | None,
    sheet: str | None,
    lang: Any,
) -> None:
    from recommended_datasets import repair_csv
    from recommended_datasets.checking import check_bytes
    from recommended_datasets.messages import message
    from recommended_datasets.repair import propose_repairs

    if output is None and not show_diff:
        raise click.UsageError("-o OUT か --diff を付けてください / give -o OUT or --diff")
    confirmed = load_mapping(mapping)
    options = {"dataset": dataset, "edition": edition, "municipality": municipality, "mapping": confirmed, "sheet": sheet}
    checked = run(catalog, file, **options)
    if checked.table is None or checked.definition is None:
        click.echo(message(checked.report.issues[0], lang), err=True)
        ctx.exit(ERROR if checked.table is None else FAILURE)
    table, definition, columns = checked.table, checked.definition, checked.columns
    replayed = _replay(recipe, table, definition, columns) if recipe else None
    table = replayed.table if replayed else table
    proposed = propose_repairs(table, definition, columns, checked.municipality_code, catalog=catalog)
    constants = dict(confirmed.constants) if confirmed else None
    repaired = repair_csv.repair(table, definition, columns, proposed, accept=accept, constants=constants)
    if show_diff:
        done = [*(replayed.applied if replayed else ()), *repaired.repairs, *repaired.left]
        click.echo(repair_csv.diff(done, lang), nl=False, err=output == "-")
    if output is not None:
        write_output(output, repaired.content)
    if save_recipe:
        _save(save_recipe, recipe, checked, table, repaired.repairs, who)
    _summary(repaired, replayed, lang)
    again = check_bytes(
        repaired.content,
        dataset=definition.id,
        edition=definition.edition,
        municipality_code=checked.municipality_code,
        catalog=catalog,
    )
    ctx.exit(OK if again.report.status == "success" else FAILURE)


def _replay(path: str, table: Any, definition: Any, columns: Any) -> Any:
    from recommended_datasets import recipe as recipes

    try:
        return recipes.replay(recipes.load(Path(path)), table, definition, columns)
    except (recipes.RecipeError, OSError) as error:
        raise click.UsageError(str(error)) from None


def _save(path: str, before: str | None, checked: Any, table: Any, repairs: Any, who: str) -> None:
    from recommended_datasets import recipe as recipes

    now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    made = recipes.record(
        table,
        checked.definition,
        checked.columns,
        repairs,
        municipality_code=checked.municipality_code or "",
        who=who,
        when=now,
    )
    if before:
        made = recipes.merge(recipes.load(Path(before)), made)
    write_output(path, recipes.dump(made))


def _summary(repaired: Any, replayed: Any, lang: str) -> None:
    ja = lang == "ja"
    done, left = len(repaired.repairs), len(repaired.left)
    click.echo(
        f"{done} 件を直しました。{left} 件は人の確認が要ります。" if ja else f"{done} repaired, {left} left to a person.",
        err=True,
    )
    if repaired.kept:
        names = "、".join(name or "（見出しなし）" for name in repaired.kept)
        click.echo(
            f"標準にない列を右端に残しました: {names}" if ja else f"kept at the end, unknown to the standard: {names}",
            err=True,
        )
    if replayed:
        for conflict in replayed.conflicts:
            step = conflict.step
            where = f"{conflict.line}行目" if ja else f"line {conflict.line}"
            text = f"{where} {step.field}: {step.old!r} → {step.new!r} ({conflict.code}) {conflict.value!r}"
            click.echo(("以前の修正と食い違います: " if ja else "conflicts with an earlier repair: ") + text, err=True)
