"""The step `load` of `benchmarks.merge`: our load into the DataStore beside a bare COPY, bare indexes and xloader's steps."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import merge_town
from benchmarks.merge_clock import Clock

XLOADER_ROWS = int(os.environ.get("XLOADER_ROWS") or 0)
"""Rows that xloader's steps are measured on; 0 for all."""
TABULATOR = Path(os.environ.get("RUN_DIR", ".run")) / "xloader" / "bin" / "python"
"""A Python that has what xloader parses with; `make bench-merge` makes it."""
_PARSE = """
import sys, time
from tabulator import Stream
begin = time.perf_counter()
with Stream(sys.argv[1], format="csv", encoding="utf-8-sig", headers=1) as stream:
    rows = stream.iter
    stream.iter = lambda: ([cell.strip() if isinstance(cell, str) else cell for cell in row] for row in rows())
    stream.save(sys.argv[2], format="csv", encoding="utf-8")
    print(len(stream.headers), time.perf_counter() - begin)
"""


def load(folder: Path) -> dict[str, Any]:
    """Loading the table, beside bare COPYs of the same rows with the same full text from a file that is ready, the bare
    indexes, and xloader's steps. Ours and the bare COPYs empty the table in their transaction, as a merge does."""
    import sqlalchemy as sa
    from ckanext.datastore.backend.postgres import get_write_engine, identifier  # type: ignore

    from ckanext.kagoshima.consolidation import datastore_tables, loading, parts, store
    from ckanext.kagoshima.consolidation.model import MergeFile, MergeRun
    from ckanext.kagoshima.consolidation.naming import table_id

    definition, table = merge_town.definition(), table_id(merge_town.DATASET)
    shape = loading.shape(definition)
    locations = [file.part for file in MergeFile.of_dataset(merge_town.DATASET)]
    clock = Clock()

    def like(name: str) -> None:
        """An empty table of the same columns, without trigger or index."""
        with get_write_engine().begin() as connection:
            connection.execute(sa.text(f'DROP TABLE IF EXISTS "{name}"'))
            connection.execute(sa.text(f'CREATE TABLE "{name}" (LIKE {identifier(table)} INCLUDING DEFAULTS)'))

    columns = ", ".join(map(identifier, [*shape.names, "_full_text"]))

    def give(form: str) -> None:
        """What PostgreSQL itself writes of the rows."""
        with get_write_engine().begin() as connection, (folder / form).open("wb") as stream:
            cursor = connection.connection.cursor()
            cursor.copy_expert(f'COPY "bench_ours" ({columns}) TO STDOUT WITH (FORMAT {form})', stream, size=1 << 20)

    def bare_copy(form: str) -> None:
        with get_write_engine().begin() as connection, (folder / form).open("rb") as stream:
            connection.execute(sa.text("TRUNCATE bench_bare"))
            cursor = connection.connection.cursor()
            cursor.copy_expert(f'COPY "bench_bare" ({columns}) FROM STDIN WITH (FORMAT {form}, FREEZE)', stream, size=1 << 20)

    def ours() -> None:
        with get_write_engine().begin() as connection:
            connection.execute(sa.text("TRUNCATE bench_ours"))
            frames = (parts.typed_frame(location, definition) for location in locations)
            datastore_tables.copy(connection, loading.shape(definition, "bench_ours"), frames, freeze=True)

    def indexes(name: str) -> None:
        with get_write_engine().begin() as connection:
            datastore_tables.create_indexes(connection, loading.shape(definition, name))

    for name in ("bench_bare", "bench_ours"):
        like(name)
    with get_write_engine().begin() as connection:  # CKAN's, as every table of the DataStore has it
        trigger = "CREATE TRIGGER zfulltext BEFORE INSERT OR UPDATE ON bench_ours FOR EACH ROW"
        connection.execute(sa.text(f"{trigger} EXECUTE FUNCTION populate_full_text_trigger()"))
    clock.time("ours", ours)
    for form in ("csv", "binary"):
        give(form)
        clock.time(f"bare_{form}", lambda form=form: bare_copy(form))
        (folder / form).unlink()
    clock.time("bare_index", lambda: indexes("bench_bare"))
    clock.time("our_index", lambda: indexes("bench_ours"))
    clock.seconds["filled"] = clock.seconds["ours"] + clock.seconds.pop("our_index")  # as `datastore_tables.fill` does
    run = MergeRun.public(merge_town.DATASET)
    root = store.folder()
    assert run is not None and root is not None
    whole = root / "versions" / merge_town.DATASET / run.id / f"{merge_town.DATASET}.csv"
    rows = sum(file.accepted for file in MergeFile.of_dataset(merge_town.DATASET))
    measured = min(XLOADER_ROWS or rows, rows)
    _xloader(whole, measured, folder, clock)
    clock.seconds["xloader"] *= rows / measured
    with get_write_engine().begin() as connection:
        for name in ("bench_bare", "bench_ours", "bench_xloader"):
            connection.execute(sa.text(f'DROP TABLE "{name}"'))
    return clock.seconds


def _xloader(whole: Path, rows: int, folder: Path, clock: Clock) -> None:
    """ckanext-xloader 2.6's steps for the first rows of a CSV file: parse, strip and write it anew, copy it line by line, COPY
    as text, fill `_full_text` by CKAN's function in steps of 100,000, index it, ANALYZE. Each row takes the same time in most
    steps, but the more the more there are in the index."""
    import itertools

    import sqlalchemy as sa
    from ckanext.datastore.backend.postgres import get_write_engine  # type: ignore

    with whole.open("rb") as source, (folder / "x0").open("wb") as out:
        out.writelines(itertools.islice(source, rows + 1))
    done = subprocess.run([TABULATOR, "-c", _PARSE, folder / "x0", folder / "x1"], capture_output=True, text=True, check=True)
    width, clock.seconds["xloader"] = int(done.stdout.split()[0]), float(done.stdout.split()[1])

    def again() -> None:
        with (folder / "x1").open("rb") as source, (folder / "x2").open("wb") as out:
            source.readline()
            for line in source:
                out.write(line)

    clock.time("xloader", again)
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
