"""CKAN with the plugin, on the real services of the test stack (`make test-services`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

PLUGINS = ("activity", "harvest", "kagoshima")
"""The plugins with tables of their own."""


def _schema() -> str:
    """Changes when a migration does: of ours, or with the version of a package that brings tables."""
    content = [version("ckan"), version("ckanext-harvest")]
    folder = Path(__file__).resolve().parents[2] / "migrations"
    content += [file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.py"))]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


@pytest.fixture(scope="session")
def reset_db(migrate_db_for: Callable[[str], None]) -> Callable[[], None]:
    """CKAN's own `reset_db`, which knows the core's tables alone, with the plugins' tables made once.

    So `clean_db` and `non_clean_db` give an empty database with every table in it. CKAN runs its hundred migrations at the
    start of every test run; a database that has the same tables already is only emptied.
    """
    import sqlalchemy as sa
    from ckan import model
    from ckan.common import config
    from ckan.tests import factories, helpers

    ready = False

    def ask(statement: str) -> str | None:
        with model.meta.engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return result.scalar() if result.returns_rows else None

    def reset() -> None:
        nonlocal ready
        known = None
        factories.fake.unique.clear()
        if not ready:
            known = ask("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()")
            if known == _schema():
                model.repo.tables_created_and_initialised = True
            else:
                # Functions and triggers would outlive CKAN's own cleaning.
                ask("DROP SCHEMA public CASCADE")
                ask("CREATE SCHEMA public")
        helpers.reset_db()
        if not ready:
            if known != _schema():
                for plugin in PLUGINS:
                    migrate_db_for(plugin)
                # A migration leaves an engine that opens a connection for every transaction, for the rest of the run.
                model.init_model(sa.engine_from_config(dict(config)))
                name = model.meta.engine.url.database
                ask(f"COMMENT ON DATABASE \"{name}\" IS '{_schema()}'")
            ready = True

    return reset


@pytest.fixture(scope="session")
def application() -> Any:
    """CKAN with every plugin of `test.ini`, started once. CKAN's own `with_plugins` and `app` start it for each test, which
    costs seconds; no test of ours changes which plugins there are, and `ckan_config` puts options back after each."""
    from ckan.common import config
    from ckan.config.middleware import make_app

    config["testing"] = True
    return make_app(config)


@pytest.fixture
def with_plugins(application: Any) -> None:
    """The plugins of `test.ini`."""


@pytest.fixture
def app(application: Any, ckan_config: Any) -> Any:
    """A browser without cookies before the one application."""
    from ckan.tests.helpers import CKANTestApp

    return CKANTestApp(application)


@pytest.fixture
def clean_datastore(clean_db: None) -> None:
    """An empty DataStore beside an empty database."""
    import sqlalchemy as sa
    from ckanext.datastore.backend.postgres import get_write_engine

    with get_write_engine().begin() as connection:
        tables = connection.execute(
            sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT starts_with(tablename, '_')")
        ).scalars()
        for table in list(tables):
            connection.execute(sa.text(f'DROP TABLE "{table}" CASCADE'))
        connection.execute(sa.text('DELETE FROM "_table_stats"'))
