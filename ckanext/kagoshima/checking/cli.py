"""``ckan kagoshima validate``."""

from __future__ import annotations

from collections import Counter

import ckan.plugins.toolkit as tk
import click
from ckan import model

from ckanext.kagoshima.checking import jobs

__all__ = ["validate"]


@click.command()
@click.argument("resource", required=False)
@click.option("--force", is_flag=True, help="同じ内容でももう一度 / check again what has not changed")
def validate(resource: str | None, force: bool) -> None:
    """ファイルを検証します。RESOURCE を省くと全部 / check the file of RESOURCE, or of all resources."""
    if resource is not None:
        try:
            click.echo(f"{resource}: {jobs.check_resource(resource, force=force)}")
        except tk.ObjectNotFound as error:
            raise click.ClickException(f"リソース {resource} がありません / no such resource: {resource}") from error
        return
    count: Counter[str] = Counter()
    query = model.Session.query(model.Resource.id).join(model.Package).filter(
        model.Resource.state == model.State.ACTIVE,
        model.Package.state == model.State.ACTIVE,
        model.Resource.url_type == "upload",
    )
    for (resource_id,) in query.all():
        count[jobs.check_resource(resource_id, force=force)] += 1
    click.echo("、".join(f"{status} {number}" for status, number in sorted(count.items())) or "0")
