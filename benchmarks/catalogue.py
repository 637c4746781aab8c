"""A CKAN of its own for a benchmark: the plugin on the test stack's services, an empty database, files in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
STACK = [sys.executable, "-m", "stack", "--run-dir", ".run-test", "--free-ports"]
PLUGINS = ("activity", "harvest", "kagoshima")
"""Those with tables of their own."""


@contextmanager
def opened(folder: Path, name: str = "bench") -> Iterator[Any]:
    """The application, inside a request. The services of `make test-services` are started where they do not run, and go on."""
    os.chdir(PROJECT)
    subprocess.run([*STACK, "services"], check=True, stdout=sys.stderr)
    said = subprocess.run([*STACK, "environment", "--name", name], check=True, capture_output=True, text=True).stdout
    for line in said.splitlines():
        key, value = line.removeprefix("export ").split("=", 1)
        os.environ[key] = value
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    config = CKANConfigLoader(str(PROJECT / "test.ini")).get_config()
    for storage in ("default", "resources", "kagoshima_archive", "kagoshima_public"):
        options = {"type": "ckan:fs", "path": str(folder / storage), "initialize": True, "overwrite_existing": True}
        for option, value in options.items():
            config[f"ckan.files.storage.{storage}.{option}"] = value
    app = make_app(config)
    with app._wsgi_app.test_request_context():  # type: ignore
        _empty()
        yield app


def _empty() -> None:
    import sqlalchemy as sa
    from ckan import model
    from ckan.cli.db import _run_migrations
    from ckan.common import config
    from ckan.lib.search import clear_all

    with model.meta.engine.begin() as connection:  # type: ignore
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    model.repo.tables_created_and_initialised = False
    model.repo.init_db()
    for plugin in PLUGINS:
        _run_migrations(plugin, "head", True)
    # A migration leaves an engine that opens a connection for every transaction; a worker has a pool.
    model.init_model(sa.engine_from_config(dict(config)))
    clear_all()
