"""``ckan kagoshima consolidate``."""

from __future__ import annotations

import json

import click

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import bundling, jobs, municipal

__all__ = ["bundle", "consolidate", "tables"]

_COUNTS = {"rows_in": "行", "accepted": "採用", "rejected": "不採用", "duplicates": "重複", "withheld": "保留"}


@click.command()
@click.argument("dataset", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON で出力 / print JSON")
def consolidate(dataset: str | None, as_json: bool) -> None:
    """統合データを最新にします。DATASET を省くと全部 / bring the merged table of DATASET, or all of them, up to date."""
    if dataset is not None:
        try:
            catalogue.load().standard(dataset)
        except KeyError as error:
            message = f"{dataset} という標準データセットはありません / no such recommended dataset: {dataset}"
            raise click.ClickException(message) from error
    found = jobs.consolidate(None if dataset is None else [dataset])
    if as_json:
        click.echo(json.dumps(found[0] if dataset is not None else found, ensure_ascii=False, indent=1))
        return
    for entry in found:
        counts = " ".join(f"{word} {entry[name]}" for name, word in _COUNTS.items())
        click.echo(f"{entry['dataset']}: {counts}（公開者 {len(entry['municipalities'])}）")
        for publisher in entry["municipalities"]:
            if publisher["accepted"] != publisher["rows_in"]:
                counts = " ".join(f"{word} {publisher[name]}" for name, word in _COUNTS.items() if publisher[name])
                click.echo(f"  {publisher['municipality_code']} {publisher['name']}: {counts}")


@click.command()
@click.option("--force", is_flag=True, help="同じ内容でももう一度 / again what has not changed")
def tables(force: bool) -> None:
    """市町村のファイルを DataStore の表にします / bring the municipalities' files into the DataStore."""
    click.echo(f"{municipal.load_all(force=force)} tables")


@click.group()
def bundle() -> None:
    """防災バンドル / the disaster bundle."""


@bundle.command("build")
def build() -> None:
    """防災バンドルを作ります / build the disaster bundle."""
    made = bundling.build()
    what = f"{made['files']} files, {made['bytes']} bytes" if made["new"] else "変更なし / unchanged"
    click.echo(f"{made['folder']}: {what}")
