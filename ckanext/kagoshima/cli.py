"""``ckan kagoshima …``: the group; each room brings its own commands."""

from __future__ import annotations

import click

from ckanext.kagoshima.rooms import gather


@click.group(short_help="鹿児島県オープンデータカタログ / the prefecture's open data catalogue.")
def kagoshima() -> None:
    """Look after the catalogue: organisations, sources, checks, merged tables."""


for _command in gather("cli").values():
    kagoshima.add_command(_command)
