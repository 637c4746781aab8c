"""``ckan kagoshima organizations …``."""

from __future__ import annotations

import click

from ckanext.kagoshima import config
from ckanext.kagoshima.organizations.sync import sync as synchronise
from recommended_datasets import municipality

__all__ = ["organizations"]


@click.group()
def organizations() -> None:
    """公開団体 / the publishers' organisations."""


@organizations.command()
def sync() -> None:
    """団体一覧から組織を作り、更新します / create and update the organisations from the list of publishers.

    誤りのある行は示して飛ばし、ほかの行は反映します / wrong lines are named and left out, the others go on
    """
    folders = config.definition_folders()
    result = synchronise(municipality.load(folders))
    click.echo(
        f"組織: 新規 {len(result.created)}、更新 {len(result.updated)}、変更なし {len(result.unchanged)}"
        f" / organisations: {len(result.created)} created, {len(result.updated)} updated, {len(result.unchanged)} unchanged"
    )
    if wrong := municipality.problems(folders):
        raise click.ClickException("\n".join(wrong))
