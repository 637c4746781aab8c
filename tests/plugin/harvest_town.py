"""A few publishers and their web sites for the harvester's tests: real CSV bytes on a real server."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.harvest.model import HarvestJob, HarvestSource
from fault_server import FaultServer

from ckanext.kagoshima.harvesting import nightly, running, sources
from ckanext.kagoshima.harvesting.model import ArchivedFile, Held, SourceFile, SourceState
from ckanext.kagoshima.organizations import sync
from ckanext.kagoshima.resources import content
from examples import faults, places
from recommended_datasets import catalog, municipality

CITY, TOWN, VILLAGE = "462012", "465011", "465232"


def publishers(*codes: str) -> None:
    """The organisations of `codes` and of the prefecture."""
    wanted = {"460001", *(codes or (CITY, TOWN, VILLAGE))}
    sync.sync([publisher for publisher in municipality.load() if publisher.code in wanted])


def table(
    dataset: str, code: str, rows: int, *, edition: str = "standard", encoding: str = "utf-8-sig", **options: Any
) -> bytes:
    """A file of `rows` invented rows that follows the standard."""
    definition = catalog.load().get(dataset, edition)
    publisher = municipality.by_code(code)
    assert publisher is not None
    date = options.pop("date", "")
    made = [places.row(definition, publisher, publisher, number, date) for number in range(1, rows + 1)]
    change = options.pop("change", None)
    if change is not None:
        columns = {field.id: index for index, field in enumerate(definition.fields)}
        change(made, columns)
    return faults.encode(faults.table(definition, made, options.pop("fault", ""), "見本"), encoding)


def open_data_list(code: str, files: list[dict[str, str]], edition: str = "standard") -> bytes:
    """An オープンデータ一覧 whose rows give `files` by field id."""
    definition = catalog.load().get("open_data_list", edition)
    rows = [[{"municipality_code": code, **file}.get(field.id, "") for field in definition.fields] for file in files]
    return faults.encode([[field.name for field in definition.fields], *rows], "utf-8-sig")


def declare(server: FaultServer, code: str, path: str, **options: Any) -> str:
    """Register a source; its id."""
    declared = sources.Declared(code, server.url(path), **options)
    done = sources.sync([declared])
    assert not done.refused, done.refused
    found = sources.find(declared)
    assert found is not None
    return found.id


def harvest(source_id: str) -> running.Result:
    result = running.harvest(HarvestSource.get(source_id))
    model.Session.remove()
    return result


def harvest_all(code: str = "") -> list[running.Result]:
    return list(nightly.run(nightly.chosen(code)))


def show(name: str) -> dict[str, Any]:
    return tk.get_action("package_show")({"ignore_auth": True}, {"id": name})


def names() -> list[str]:
    query = model.Session.query(model.Package.name).filter(model.Package.type == "dataset", model.Package.state == "active")
    return sorted(name for (name,) in query)


def file_of(server: FaultServer, path: str) -> SourceFile:
    return model.Session.query(SourceFile).filter(SourceFile.url == server.url(path)).one()


def open_held() -> list[Held]:
    return model.Session.query(Held).filter(Held.state == "open").order_by(Held.since).all()


def stamps() -> dict[str, Any]:
    """When each dataset was last written."""
    query = model.Session.query(model.Package.name, model.Package.metadata_modified)
    return dict(query.filter(model.Package.type == "dataset").all())


def written() -> Any:
    """What changes with every write to a dataset: the transaction that last wrote each row, and each document's version."""
    import sqlalchemy as sa
    from ckan.lib.search.common import make_connection

    model.Session.remove()
    found: dict[str, Any] = {}
    with model.meta.engine.connect() as connection:
        for table in ("package", "resource"):
            rows = connection.execute(sa.text(f"SELECT id, xmin::text FROM {table}")).fetchall()
            found[table] = sorted(tuple(row) for row in rows)
    own = f'+site_id:"{tk.config["ckan.site_id"]}"'
    documents = make_connection().search("dataset_type:dataset", fq=own, rows=1000, fl="id,_version_").docs
    found["Solr"] = sorted((one["id"], one["_version_"]) for one in documents)
    return found


def keep_files_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The storages of the tests are in memory, which processes do not share: from here on they are folders."""
    from ckan.lib import files

    for name in ("default", "resources", "kagoshima_archive", "kagoshima_public"):
        settings = {"type": "ckan:fs", "path": str(folder / name), "initialize": True, "overwrite_existing": True}
        monkeypatch.setitem(files.storages.members, name, files.make_storage(name, settings))


def worker(work: Callable[[], Any]) -> int:
    """`work` in a process of its own, with connections of its own; its id."""
    model.Session.remove()
    child = os.fork()
    if child:
        return child
    try:
        model.meta.engine.dispose(close=False)
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def state() -> dict[str, Any]:
    """What the public sees, and what the harvester remembers."""
    model.Session.remove()
    found: dict[str, Any] = {}
    for name in names():
        package = show(name)
        found[name] = sorted((one["id"], one["hash"], one.get("row_count")) for one in package["resources"])
        assert all(content.sha256(content.read(one)) == one["hash"] for one in package["resources"])
    found["files"] = sorted((row.url, row.state, row.published_sha256) for row in model.Session.query(SourceFile))
    found["archive"] = model.Session.query(ArchivedFile).count()
    found["leases"] = model.Session.query(SourceState).filter(SourceState.lease_owner.isnot(None)).count()
    found["open jobs"] = model.Session.query(HarvestJob).filter(HarvestJob.status != "Finished").count()
    return found
