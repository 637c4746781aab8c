"""The steps of `benchmarks.merge` that need CKAN: ``python -m benchmarks.merge_steps STEP INI FOLDER``, one process each.

Every step prints one JSON object. The database and the files are the benchmark's own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import resource
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

DATASET = "aed"
SMALL = "small"
"""Name of the file of 500 rows."""
XLOADER_ROWS = 20_000
"""Rows that xloader's steps are measured on."""


def application(ini: Path) -> Any:
    """CKAN's WSGI application with this configuration, compiled and connected."""
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    return make_app(load_config(str(ini)))


@dataclasses.dataclass
class Clock:
    """Wall time of named steps."""

    seconds: dict[str, float] = dataclasses.field(default_factory=dict[str, float])

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        return result


def _memory() -> float:
    """Peak resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- the town ----


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
    _put(made, path)


def _put(stored: Any, path: Path) -> None:
    """`path` as the file of an uploaded resource."""
    from ckan.lib import uploader

    upload: Any = uploader.get_resource_uploader({"id": stored.id, "url": stored.url, "url_type": "upload"})
    target = Path(upload.storage.settings.path) / str(upload.get_path(stored.id))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    stored.hash = hashlib.sha256(path.read_bytes()).hexdigest()


# ---- the merge ----


def merge(folder: Path) -> dict[str, Any]:
    """The full merge, as the catalogue does it; only the disaster bundle, which follows, is left out."""
    from ckanext.kagoshima.consolidation import jobs

    before = _memory()
    clock = Clock()
    found = clock.time("merge", lambda: jobs.consolidate_table(DATASET))
    return {"seconds": clock.seconds["merge"], "megabytes": _memory(), "before": before, "accepted": found["accepted"]}


def change(folder: Path) -> dict[str, Any]:
    """One file of 500 rows changes: to table, passports, changes and its part files; then the whole files."""
    from ckan import model

    from ckanext.kagoshima.consolidation import loading, publishing, run, store, suspecting
    from ckanext.kagoshima.consolidation.model import MergeRun

    path = next(folder.glob(f"*_{SMALL}.csv"))
    text = path.read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    text[1] = text[1].replace("見本", "新見本")
    path.write_bytes(b"\xef\xbb\xbf" + "".join(text).encode())
    stored = model.Session.query(model.Resource).filter(model.Resource.url == path.name).one()
    _put(stored, path)
    model.Session.commit()
    definition = _definition()
    clock = Clock()
    done = clock.time("change", lambda: run.merge(DATASET))
    assert done is not None and (done.added, done.removed, done.changed) == (0, 0, 1), "one row changed"
    clock.time("change", lambda: loading.count(DATASET))
    clock.time("change", lambda: suspecting.update(definition, done))
    clock.time("whole", lambda: publishing.publish(DATASET))
    public = MergeRun.public(DATASET)
    assert public is not None and public.id == done.id
    root = store.folder()
    assert root is not None
    files = [root / publishing.version_folder(DATASET, done.id) / name for name in public.manifest]
    clock.time("copy", lambda: [_copy(file, folder / "copied") for file in files])
    return {**clock.seconds, "bytes": sum(file.stat().st_size for file in files)}


def _copy(source: Path, target: Path) -> str:
    """A bare sequential copy with its sha256."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(1 << 20):
            writer.write(block)
            digest.update(block)
    return digest.hexdigest()


def _definition() -> Any:
    from ckanext.kagoshima.checking import catalogue

    return catalogue.load().standard(DATASET)


# ---- the DataStore ----


def load(folder: Path) -> dict[str, Any]:
    """Loading the table, beside a bare COPY of the same lines, the bare indexes, and xloader's steps."""
    import sqlalchemy as sa
    from ckanext.datastore.backend.postgres import get_write_engine, identifier  # type: ignore

    from ckanext.kagoshima.consolidation import datastore_tables, loading, parts, store
    from ckanext.kagoshima.consolidation.model import MergeFile, MergeRun
    from ckanext.kagoshima.consolidation.naming import table_id

    definition, table = _definition(), table_id(DATASET)
    shape = loading.shape(definition)
    locations = [file.part for file in MergeFile.of_dataset(DATASET)]
    clock = Clock()
    ready = folder / "ready.lines"
    with ready.open("wb") as out:
        for location in locations:
            out.writelines(datastore_tables.lines(shape, parts.typed_frame(location, definition)))

    def like(name: str) -> None:
        """An empty table of the same columns, without trigger or index."""
        with get_write_engine().begin() as connection:
            connection.execute(sa.text(f'DROP TABLE IF EXISTS "{name}"'))
            connection.execute(sa.text(f'CREATE TABLE "{name}" (LIKE {identifier(table)} INCLUDING DEFAULTS)'))

    columns = ", ".join(map(identifier, [*shape.names, "_full_text"]))

    def bare_copy() -> None:
        with get_write_engine().begin() as connection, ready.open("rb") as stream:
            cursor = connection.connection.cursor()
            cursor.copy_expert(f'COPY "bench_bare" ({columns}) FROM STDIN WITH (FORMAT csv)', stream, size=1 << 20)

    def ours() -> None:
        with get_write_engine().begin() as connection:
            frames = (parts.typed_frame(location, definition) for location in locations)
            datastore_tables.copy(connection, loading.shape(definition, "bench_ours"), frames)

    def indexes(name: str) -> None:
        with get_write_engine().begin() as connection:
            datastore_tables.create_indexes(connection, loading.shape(definition, name))

    for name in ("bench_bare", "bench_ours"):
        like(name)
    clock.time("bare_copy", bare_copy)
    clock.time("ours", ours)
    clock.time("bare_index", lambda: indexes("bench_bare"))
    clock.time("our_index", lambda: indexes("bench_ours"))
    clock.seconds["filled"] = clock.seconds["ours"] + clock.seconds.pop("our_index")  # as `datastore_tables.fill` does
    run = MergeRun.public(DATASET)
    root = store.folder()
    assert run is not None and root is not None
    whole = root / "versions" / DATASET / run.id / f"{DATASET}.csv"
    rows = sum(file.accepted for file in MergeFile.of_dataset(DATASET))
    _xloader(whole, folder, clock)
    clock.seconds["xloader"] *= max(1.0, rows / XLOADER_ROWS)
    with get_write_engine().begin() as connection:
        for name in ("bench_bare", "bench_ours", "bench_xloader"):
            connection.execute(sa.text(f'DROP TABLE "{name}"'))
    return clock.seconds


def _xloader(whole: Path, folder: Path, clock: Clock) -> None:
    """ckanext-xloader 2.6's steps for a CSV file: parse, strip and write it anew, copy it line by line, COPY as text, fill
    `_full_text` by CKAN's function in steps of 100,000, index it, ANALYZE. Python's csv is faster than its tabulator. At most
    `XLOADER_ROWS` rows: each takes the same time."""
    import csv
    import itertools

    import sqlalchemy as sa
    from ckanext.datastore.backend.postgres import get_write_engine  # type: ignore

    def parse() -> int:
        with whole.open(encoding="utf-8-sig", newline="") as source, (folder / "x1").open("w", newline="") as out:
            reader, writer = csv.reader(source), csv.writer(out)
            width = len(next(reader))
            for row in itertools.islice(reader, XLOADER_ROWS):
                writer.writerow([cell.strip() for cell in row])
        with (folder / "x1").open("rb") as source, (folder / "x2").open("wb") as out:
            for line in source:
                out.write(line)
        return width

    width = clock.time("xloader", parse)
    columns = [f"c{number}" for number in range(width)]

    def copy() -> None:
        with get_write_engine().begin() as connection, (folder / "x2").open("rb") as stream:
            cursor = connection.connection.cursor()
            texts = ", ".join(f"{name} text" for name in columns)
            cursor.execute("DROP TABLE IF EXISTS bench_xloader")
            cursor.execute(f"CREATE TABLE bench_xloader (_id serial primary key, _full_text tsvector, {texts})")
            names_ = ", ".join(columns)
            cursor.copy_expert(f"COPY bench_xloader ({names_}) FROM STDIN WITH (FORMAT csv, ENCODING 'utf8')", stream)

    def full_text() -> None:
        with get_write_engine().begin() as connection:
            count = connection.execute(sa.text("SELECT max(_id) FROM bench_xloader")).scalar() or 0
            texts = " || ' ' || ".join(f"coalesce({name}, '')" for name in columns)
            for start in range(0, count, 100_000):
                statement = f"UPDATE bench_xloader SET _full_text = to_tsvector({texts}) WHERE _id BETWEEN :low AND :high"
                connection.execute(sa.text(statement), {"low": start, "high": start + 99_999})
            connection.execute(sa.text("CREATE INDEX ON bench_xloader USING gist (_full_text)"))
            connection.execute(sa.text("ANALYZE bench_xloader"))

    clock.time("xloader", copy)
    clock.time("xloader", full_text)


# ---- the files ----


def outputs(folder: Path) -> dict[str, Any]:
    """CSV and Parquet of the whole table from its stored rows, and polars writing the same two bare."""
    import polars as pl

    from ckanext.kagoshima.consolidation import store
    from ckanext.kagoshima.consolidation.model import MergeFile
    from recommended_datasets import outputs as frames
    from recommended_datasets import outputs_csv, outputs_parquet

    definition = _definition()
    root = store.folder()
    assert root is not None
    paths = [root / file.part / "stored.parquet" for file in MergeFile.of_dataset(DATASET)]
    clock = Clock()

    def ours() -> None:
        with (folder / "o.csv").open("wb") as out:
            out.write(outputs_csv.header(definition))
            for path in paths:
                out.write(outputs_csv.rows(pl.read_parquet(path), definition))

        def typed() -> Iterator[pl.DataFrame]:
            for path in paths:
                frame = frames.typed_frame(pl.read_parquet(path), definition)
                yield outputs_parquet.with_geometry(frame, definition)

        outputs_parquet.write(typed(), folder / "o.parquet", definition)

    clock.time("ours", ours)
    bare = pl.scan_parquet(paths)

    def polars() -> None:
        bare.sink_csv(folder / "p.csv")
        bare.sink_parquet(folder / "p.parquet")

    clock.time("polars", polars)
    return clock.seconds


# ---- the row API ----


def api(folder: Path) -> dict[str, Any]:
    """95th percentile of ``near`` and ``bbox`` on loopback, warm, in milliseconds."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: Any) -> None:
            return

    server = make_server("127.0.0.1", 0, APPLICATION, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rng = random.Random(1)
    found: dict[str, Any] = {}
    connection = HTTPConnection("127.0.0.1", server.server_port)

    def near() -> str:
        return f"near={rng.uniform(31.3, 31.8):.5f},{rng.uniform(130.3, 130.8):.5f}&radius={rng.choice((300, 2000, 50000))}"

    def bbox() -> str:
        west, south = rng.uniform(130.2, 130.8), rng.uniform(31.2, 31.8)
        size = rng.choice((0.005, 0.05, 0.5))
        return f"bbox={west:.5f},{south:.5f},{west + size:.5f},{south + size:.5f}"

    for name, make in (("near", near), ("bbox", bbox)):
        times: list[float] = []
        for number in range(330):
            query = make()
            begin = time.perf_counter()
            connection.request("GET", f"/data/v1/{DATASET}/rows?limit=100&{query}")
            answer = connection.getresponse()
            body = answer.read()
            if number >= 30:
                times.append(1000 * (time.perf_counter() - begin))
            assert answer.status == 200 and b'"rows"' in body, body[:300]
        times.sort()
        found[name] = {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]}
    server.shutdown()
    return found


STEPS = {"setup": setup, "merge": merge, "change": change, "load": load, "outputs": outputs, "api": api}
APPLICATION: Any = None

if __name__ == "__main__":
    APPLICATION = application(Path(sys.argv[2]))
    with APPLICATION._wsgi_app.test_request_context():
        print("\x1e" + json.dumps(STEPS[sys.argv[1]](Path(sys.argv[3]))))
