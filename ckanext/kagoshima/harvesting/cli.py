"""``ckan kagoshima sources …`` and ``ckan kagoshima harvest``."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import click
from ckan import model

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import connecting, problems, reporting, running
from ckanext.kagoshima.harvesting import sources as declared_sources
from recommended_datasets import municipality

__all__ = ["archive", "harvest", "sources"]

WORDS = {
    "created": "新規",
    "updated": "更新",
    "unchanged": "変更なし",
    "ready": "公開",
    "held": "保留",
    "rejected": "却下済み",
    "quarantined": "個人情報のため非公開",
    "failing": "失敗",
    "dead-link": "リンク切れ",
    "alias": "同じデータの別経路",
    "conflict": "別経路と不一致",
    "busy": "別の処理が実行中",
    "failed": "登録できず",
    "changed": "更新あり",
    "missing": "一覧から消失",
    "withdrawn": "公開終了",
}


@click.group()
def sources() -> None:
    """収集元 / where the publishers' files are."""


@sources.command("sync")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def sync(file: Path) -> None:
    """sourcesファイルを収集元に反映します / bring the sources up to date with FILE."""
    try:
        declared = declared_sources.read(file)
    except declared_sources.SourcesError as error:
        raise click.ClickException(str(error)) from error
    _allow(declared)
    _report(declared_sources.sync(declared))


@sources.command("import")
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--base", required=True, help="manifestの中の相対アドレスの起点 / what its addresses are relative to")
@click.option(
    "--write", "target", type=click.Path(dir_okay=False, path_type=Path), help="sourcesファイルに書くだけ / only write FILE"
)
def import_manifest(manifest: Path, base: str, target: Path | None) -> None:
    """manifest.json を収集元に反映します / take the sources of MANIFEST."""
    try:
        declared = declared_sources.from_manifest(manifest, base)
    except declared_sources.SourcesError as error:
        raise click.ClickException(str(error)) from error
    if target is not None:
        declared_sources.write(target, declared)
        click.echo(f"{target}: {len(declared)}")
        return
    _allow(declared)
    _report(declared_sources.sync(declared))


def _allow(declared: list[declared_sources.Declared]) -> None:
    pairs = connecting.allow_named(one.url for one in declared)
    if pairs:
        click.echo(f"このマシンのアドレスを収集できるようにしました / local addresses allowed: {', '.join(pairs)}")


def _report(result: declared_sources.Synced) -> None:
    click.echo(f"収集元: 新規 {len(result.created)}、更新 {len(result.updated)}、変更なし {len(result.unchanged)}")
    for line in result.refused:
        click.echo(line, err=True)
    if result.refused:
        raise click.exceptions.Exit(1)


@click.group()
def archive() -> None:
    """収集したファイルの保管庫 / the archive of collected files."""


@archive.command("prune")
@click.option("--days", type=click.IntRange(min=1), help="この日数より前のもの（既定は harvest.archive_days） / older")
def prune(days: int | None) -> None:
    """どこからも使われていない古いファイルを保管庫から消します / drop old files that nothing refers to."""
    from ckanext.kagoshima.harvesting import retention

    done = retention.prune(days)
    click.echo(f"保管庫から {done} 件を消しました / {done} files dropped from the archive")


@click.command()
@click.option("--municipality", "code", default="", help="この公開団体だけ / only this publisher")
@click.option("--due", is_flag=True, help="予定の時刻が来たものだけ / only those whose time has come")
@click.option("--dry-run", is_flag=True, help="計画を表示するだけで何も書きません / print the plan, write nothing")
@click.option(
    "--sources", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="--dry-run とともに: 登録前の sources ファイルの計画 / with --dry-run: the plan of a file not yet registered",
)
@click.option("--no-merge", is_flag=True, help="統合データを作り直しません / leave the merged tables alone")
@click.option("--json", "as_json", is_flag=True, help="JSONで出力 / print JSON")
def harvest(code: str, due: bool, dry_run: bool, file: Path | None, no_merge: bool, as_json: bool) -> None:
    """収集元を巡回し、変わったものを公開します / visit the sources and publish what changed."""
    logging.getLogger("ckanext.harvest").setLevel(logging.WARNING)
    from ckanext.kagoshima.harvesting import nightly

    if file is not None and not dry_run:
        raise click.UsageError(
            "--sources は --dry-run とともに使います。登録は ckan kagoshima sources sync FILE"
            " / --sources goes with --dry-run; register with ckan kagoshima sources sync FILE"
        )
    planned = _declared(file, code) if file is not None else []
    found = [] if file is not None else nightly.chosen(code, due=due)
    if not found and not planned and not due:
        message = f"収集元がありません{f'（{code}）' if code else ''}。ckan kagoshima sources sync FILE で登録してください"
        raise click.ClickException(f"{message} / no sources; register them with ckan kagoshima sources sync FILE")
    results = []
    rounds = nightly.preview_declared(planned) if planned else nightly.preview(found) if dry_run else nightly.run(found)
    for result in rounds:
        results.append(result)
        if not as_json:
            _print(result, dry_run)
    merged = {} if dry_run or no_merge else nightly.merge()
    if not dry_run:
        nightly.tell()
        nightly.tidy()
    if as_json:
        click.echo(
            json.dumps({"sources": [reporting.plain(result) for result in results], "merged": merged}, ensure_ascii=False)
        )
        return
    _print_sum(results, merged, dry_run)


def _declared(file: Path, code: str) -> list[declared_sources.Declared]:
    try:
        declared = declared_sources.read(file)
    except declared_sources.SourcesError as error:
        raise click.ClickException(str(error)) from error
    return [one for one in declared if not code or one.municipality_code == code]


def _print(result: running.Result, dry_run: bool) -> None:
    publisher = municipality.by_code(result.municipality_code, config.definition_folders())
    name = publisher.name if publisher is not None else ""
    parts = [f"{WORDS.get(key, key)} {number}" for key, number in sorted(Counter(result.datasets.values()).items())]
    parts += [f"{WORDS.get(key, key)} {number}" for key, number in sorted(result.counts.items()) if key != "ready"]
    what = "、".join(parts) or WORDS.get(result.state, result.state)
    click.echo(f"{result.municipality_code} {name} [{result.kind or '?'}] {result.url}: {'（予定）' if dry_run else ''}{what}")
    for problem in result.problems:
        mark = "!" if problem.severity == "error" else "-"
        click.echo(f"  {mark} {problem.code}: {problems.both(problem)}")


def _print_sum(results: list[running.Result], merged: dict[str, Any], dry_run: bool) -> None:
    datasets = Counter(outcome for result in results for outcome in result.datasets.values())
    files = Counter()
    for result in results:
        files.update(result.counts)
    head = "dry run: 何も書いていません / nothing was written\n" if dry_run else ""
    click.echo(
        f"{head}収集元 {len(results)}: データセット 新規 {datasets['created']}、更新 {datasets['updated']}、"
        f"ファイル 変更なし {files['unchanged']}、保留 {files['held']}、非公開 {files['quarantined']}、失敗 {files['failing']}"
    )
    click.echo(
        f"sources {len(results)}: datasets created {datasets['created']}, updated {datasets['updated']}; "
        f"files unchanged {files['unchanged']}, held {files['held']}, "
        f"quarantined {files['quarantined']}, failing {files['failing']}"
    )
    for dataset, balance in merged.items():
        numbers = " + ".join(str(balance[key]) for key in ("accepted", "rejected", "duplicates", "withheld"))
        click.echo(f"統合 / merged {dataset}: {balance['rows_in']} = {numbers} (accepted + rejected + duplicates + withheld)")
    model.Session.remove()
