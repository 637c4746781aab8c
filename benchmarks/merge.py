"""`python -m benchmarks.merge`: the merged table's figures, each beside its peer in the same run.

Needs the services of `make test-services`; `make bench-merge` sees to that. 43 files of invented AED rows, one of them of 500
rows, are published in a database of the benchmark's own and merged as the catalogue merges them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import generator
from benchmarks.__main__ import Figure

PROJECT = Path(__file__).resolve().parent.parent
FILES = 43
SMALL_ROWS = 500
_VALIDATE = """
import sys, time, json
from pathlib import Path
from recommended_datasets import catalog
from recommended_datasets.checking import check_bytes
known, total = catalog.load(), 0.0
check_bytes(next(Path(sys.argv[1]).glob("*_small.csv")).read_bytes(), dataset="aed", catalog=known)
for path in sorted(Path(sys.argv[1]).glob("*.csv")):
    data, begin = path.read_bytes(), time.perf_counter()
    check_bytes(data, name=path.name, dataset="aed", municipality_code=path.name[:6], catalog=known)
    total += time.perf_counter() - begin
print("\\x1e" + json.dumps({"seconds": total}))
"""


def main() -> int:
    options = _options()
    if options.xloader_rows:
        os.environ["XLOADER_ROWS"] = str(options.xloader_rows)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-merge-") as name:
        folder = Path(name)
        figures = measure(folder, options.rows)
    machine = f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {time.perf_counter() - begin:.0f} s in all"
    print(f"Merged table: AED設置箇所一覧, {options.rows:,} rows in {FILES} files, 1 % seeded faults; one run; {machine}\n")
    print("| what | bar | | measured | | |\n|---|---|---|---|---|---|")
    for figure in figures:
        print(figure.line())
    return 0 if all(figure.ok for figure in figures) or options.quick else 1


def measure(folder: Path, rows: int) -> list[Figure]:
    """All figures, in the order of the table."""
    town, scratch = folder / "town", folder / "scratch"
    for path in (town, scratch):
        path.mkdir()
    _say(f"writing {rows:,} rows")
    write_town(town, rows)
    ini = _configuration(folder)

    def step(name: str, where: Path) -> dict[str, Any]:
        _say(name)
        found = _run([sys.executable, "-m", "benchmarks.merge_steps", name, str(ini), str(where)])
        _say(f"  {json.dumps(found)}")
        return found

    step("setup", town)
    _say("validation alone")
    validation = _run([sys.executable, "-c", _VALIDATE, str(town)])["seconds"]
    merged = step("merge", town)
    load = step("load", scratch)
    files = step("outputs", scratch)
    api = step("api", scratch)
    changed = step("change", town)
    # Of the two forms that PostgreSQL writes and reads the faster one, which ours is too.
    copy = min(load["bare_binary"], load["bare_csv"])
    base = validation + copy + load["bare_index"] + files["polars"]
    bare = f"validation {validation:.0f} + COPY {copy:.0f} + indexes {load['bare_index']:.0f}"
    full = f"{merged['seconds']:.0f} s; {bare} + polars {files['polars']:.0f} s"
    change = "one file of 500 rows changed, to table, passports, changes, parts"
    whole = f"{changed['whole']:.1f} s for {changed['bytes'] / 1e6:.0f} MB"
    indexed = load["filled"] / (copy + load["bare_index"])
    found = [
        _figure("full merge", 2, merged["seconds"] / base, "× bare", full),
        _figure("full merge, peak memory", 600, merged["megabytes"], "MB", f"{merged['before']:.0f} MB of it CKAN before"),
        _figure(change, 5, 100 * changed["change"] / merged["seconds"], "%", f"{changed['change']:.1f} s"),
        _figure("then the whole files", 3, changed["whole"] / changed["copy"], "× copy + sha256", whole),
        _figure("DataStore load, no secondary index", 0.6, copy / load["ours"], "× bare COPY",
                f"{load['ours']:.1f} s; COPY binary {load['bare_binary']:.1f}, CSV {load['bare_csv']:.1f} s", smaller=False),
        _figure("DataStore load against ckanext-xloader's steps", 8, load["xloader"] / load["ours"], "×",
                f"xloader's steps {load['xloader']:.0f} s", smaller=False),
        _figure("DataStore load with all indexes", 1.3, indexed, "× (COPY + CREATE INDEX)", f"{load['filled']:.1f} s"),
        _figure("CSV + Parquet", 3, files["ours"] / files["polars"], "× polars bare", f"{files['ours']:.1f} s"),
    ]  # fmt: skip
    for name in ("near", "bbox"):
        note = f"median {api[name]['p50']:.0f} ms"
        found.append(_figure(f"/data/v1 {name}, limit 100, 95th percentile", 50, api[name]["p95"], "ms", note))
    return found


def _figure(name: str, bar: float, value: float, unit: str, note: str, *, smaller: bool = True) -> Figure:
    gate = f"{'≤' if smaller else '≥'} {bar:g} {unit}"
    return Figure(name, gate, "", bar, [value], note, smaller, unit)


def write_town(folder: Path, rows: int) -> None:
    """The files, one for each of 43 publishers: the same make of rows with a publisher's own code and name."""
    from recommended_datasets import municipality

    bodies = [one for one in municipality.load() if one.code != "460001"][:FILES]
    each, rest = divmod(rows - SMALL_ROWS, FILES - 1)
    for number, body in enumerate(bodies):
        small = number == FILES - 1
        count = SMALL_ROWS if small else each + (number < rest)
        path = folder / f"{body.code}_{'small' if small else 'aed'}.csv"
        generator.write(path, count, seed=number + 1)
        text = path.read_text("utf-8-sig").replace(generator.CODE, body.code).replace("鹿児島市", body.name)
        path.write_text("\ufeff" + text, "utf-8", newline="")


def _configuration(folder: Path) -> Path:
    """The tests' configuration with storages on disk."""
    text = (PROJECT / "test.ini").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("ckan.files.storage.")]
    place = lines.index("[loggers]")
    storages = []
    for name in ("default", "resources", "kagoshima_archive", "kagoshima_public"):
        prefix = f"ckan.files.storage.{name}"
        storages += [f"{prefix}.type = ckan:fs", f"{prefix}.path = {folder / name}", f"{prefix}.initialize = true"]
        storages += [f"{prefix}.max_size = 1GiB"]
    path = folder / "bench.ini"
    path.write_text("\n".join([*lines[:place], *storages, "", *lines[place:]]), "utf-8")
    return path


def _run(command: list[str]) -> dict[str, Any]:
    """The JSON object that a process of its own prints last."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:4])} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.rsplit("\x1e", 1)[1])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merge", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--xloader-rows", type=int, help="measure xloader's steps on so many rows and multiply")
    parser.add_argument("--quick", action="store_true", help="exit with 0 whatever the figures are")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
