"""The steps of `benchmarks.merge` that need CKAN: ``python -m benchmarks.merge_steps STEP INI FOLDER``, one process each.

Every step prints one JSON object. The database and the files are the benchmark's own.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import merge_api, merge_load, merge_town
from benchmarks.merge_clock import Clock
from benchmarks.merge_town import DATASET

SMALL = "small"
"""Name of the file of 500 rows."""


def application(ini: Path) -> Any:
    """CKAN's WSGI application with this configuration, compiled and connected."""
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    return make_app(load_config(str(ini)))


def _memory() -> float:
    """Peak resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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

    from ckanext.kagoshima.consolidation import publishing, run, store
    from ckanext.kagoshima.consolidation.model import MergeRun

    path = next(folder.glob(f"*_{SMALL}.csv"))
    text = path.read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    text[1] = text[1].replace("見本", "新見本")
    path.write_bytes(b"\xef\xbb\xbf" + "".join(text).encode())
    stored = model.Session.query(model.Resource).filter(model.Resource.url == path.name).one()
    merge_town.put(stored, path)
    model.Session.commit()
    clock = Clock()
    done = clock.time("change", lambda: run.merge(DATASET))
    assert done is not None and (done.added, done.removed, done.changed) == (0, 0, 1), "one row changed"
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


def outputs(folder: Path) -> dict[str, Any]:
    """CSV and Parquet of the whole table from its stored rows, and polars writing the same two bare."""
    import polars as pl

    from ckanext.kagoshima.consolidation import store
    from ckanext.kagoshima.consolidation.model import MergeFile
    from recommended_datasets import outputs as frames
    from recommended_datasets import outputs_csv, outputs_parquet

    definition = merge_town.definition()
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


APPLICATION: Any = None
STEPS = {
    "setup": merge_town.setup,
    "merge": merge,
    "change": change,
    "load": merge_load.load,
    "outputs": outputs,
    "api": lambda _: merge_api.api(APPLICATION),
}

if __name__ == "__main__":
    APPLICATION = application(Path(sys.argv[2]))
    with APPLICATION._wsgi_app.test_request_context():
        print("\x1e" + json.dumps(STEPS[sys.argv[1]](Path(sys.argv[3]))))
