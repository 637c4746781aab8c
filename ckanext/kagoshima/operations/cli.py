"""``ckan kagoshima setup`` and ``ckan kagoshima doctor``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click

from ckanext.kagoshima.operations import examination, setting_up

__all__ = ["doctor", "setup"]


@click.command()
@click.option("--sources", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="収集元 / sources file")
@click.option("--users/--no-users", "demo_users", default=True, help="見本の利用者も作る / demonstration accounts too")
def setup(sources: Path | None, demo_users: bool) -> None:
    """カタログを使える状態にします。何度でも実行できます / make the catalogue ready; may be run again at any time."""
    try:
        found = setting_up.run(sources, demo_users=demo_users, say=lambda line: click.echo(line))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    _print(found)


def _print(found: dict[str, Any]) -> None:
    click.echo(f"\n公開団体 / organisations: {found['organizations']}")
    if "sources" in found:
        files: Counter[str] = Counter()
        datasets: Counter[str] = Counter()
        for result in found["sources"]:
            files.update(result.counts)
            datasets.update(result.datasets.values())
        click.echo(f"収集元 / sources: {len(found['sources'])}")
        click.echo(f"データセット / datasets: {_counts(datasets)}")
        click.echo(f"ファイル / files: {_counts(files)}")
        for dataset, balance in found["merged"].items():
            parts = " + ".join(
                f"{balance[key]} {key}" for key in ("accepted", "rejected", "duplicates", "withheld")
            )  # fmt: skip
            click.echo(f"統合 / merged {dataset}: {balance['rows_in']} rows = {parts}")
    for account in found["accounts"]:
        click.echo(f"利用者 / account: {account.name}  パスワード / password: {account.password}  ({account.role})")
    if not found["accounts"]:
        click.echo("利用者 / accounts: 作成済み（パスワードの表示は最初の一度だけ）/ there already (passwords show once)")
    click.echo(f"カタログ / catalogue: {tk.config['ckan.site_url']}/")


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{key} {number}" for key, number in sorted(counter.items())) or "0"


@click.command()
def doctor() -> None:
    """設置のすべてを調べ、直し方を示します / check every part of the installation and say what to do."""
    failed = 0
    for finding in examination.examine():
        failed += not finding.fine
        click.echo(f"{'✓' if finding.fine else '✗'} {finding.part}: {finding.text}")
        if not finding.fine and finding.todo:
            click.echo(f"    → {finding.todo}")
    if failed:
        raise click.exceptions.Exit(1)
