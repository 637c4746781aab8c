"""The benchmark's town in the catalogue: publishers, each with a dataset and a file."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from pathlib import Path
from typing import Any

DATASET = "aed"


def definition() -> Any:
    """Of the benchmark's standard dataset."""
    from ckanext.kagoshima.checking import catalogue

    return catalogue.load().standard(DATASET)


def setup(folder: Path) -> dict[str, Any]:
    """Empty databases, the prefecture and a publisher with a dataset and a file for each CSV file in `folder`."""
    import sqlalchemy as sa
    from ckan import model
    from ckan.cli.db import _run_migrations  # type: ignore
    from ckanext.datastore.backend.postgres import get_write_engine  # type: ignore

    with model.ensure_engine().begin() as connection:
        for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            connection.execute(sa.text(statement))
    with get_write_engine().begin() as connection:
        found = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT starts_with(tablename, '_')"
        for table in list(connection.execute(sa.text(found)).scalars()):
            connection.execute(sa.text(f'DROP TABLE "{table}" CASCADE'))
    model.repo.tables_created_and_initialised = False
    model.repo.upgrade_db()
    for plugin in ("activity", "harvest", "kagoshima"):
        _run_migrations(plugin)
    _organization("460001", "鹿児島県")
    for path in sorted(folder.glob("*.csv")):
        code = path.name.split("_")[0]
        _dataset(code, _organization(code, f"見本{code}"), path)
    model.Session.commit()
    return {}


def _organization(code: str, title: str) -> Any:
    from ckan import model

    group = model.Group(name=code, title=title, type="organization", is_organization=True)
    model.Session.add(group)
    model.Session.flush()
    return group


def _dataset(code: str, group: Any, path: Path) -> None:
    from ckan import model

    package = model.Package(name=f"{code}-{DATASET}", title="AED設置箇所一覧", owner_org=group.id, license_id="cc-by-4.0")
    package.extras = {"recommended_dataset": DATASET, "municipality_code": code}
    model.Session.add(package)
    model.Session.flush()
    made = model.Resource(package_id=package.id, url=path.name, url_type="upload", format="CSV")
    made.id = str(uuid.uuid5(uuid.NAMESPACE_URL, path.name))
    model.Session.add(made)
    put(made, path)


def put(stored: Any, path: Path) -> None:
    """`path` as the file of an uploaded resource."""
    from ckan.lib import uploader

    upload: Any = uploader.get_resource_uploader({"id": stored.id, "url": stored.url, "url_type": "upload"})
    target = Path(upload.storage.settings.path) / str(upload.get_path(stored.id))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    stored.hash = hashlib.sha256(path.read_bytes()).hexdigest()
