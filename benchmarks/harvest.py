"""`python -m benchmarks.harvest`: the harvester beside its peers in one run: bare CKAN calls and bare conditional GETs.

On the services of the test stack and a database of its own, which it empties. Rounds of ours and of the peer alternate; what
is compared is a ratio, so that a busy machine moves both.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import catalogue, harvest_peers, harvest_scale

BEGIN = time.perf_counter()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `value` must not exceed `gate`."""

    what: str
    gate: float
    value: float
    unit: str = "×"
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.value <= self.gate

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "MISSED"
        return f"| {self.what} | ≤ {self.gate:g} {self.unit} | **{self.value:.2f} {self.unit}** | {verdict} | {self.note} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harvest", description=__doc__)
    parser.add_argument("--sources", type=int, default=43)
    parser.add_argument("--files", type=int, default=1000, help="of the memory measurement, in hundreds; 0 leaves it out")
    parser.add_argument("--many", type=int, default=10_000, help="sources of the last measurement; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=5, help="unchanged harvests")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="bench-") as name, catalogue.opened(Path(name)) as app:
        lines = list(_measure(app, Path(name), options))
    print(_report(lines))
    return 0 if all(line.ok for line in lines) else 1


def _measure(app: Any, folder: Path, options: argparse.Namespace) -> list[Line]:
    from ckan.common import config

    from ckanext.kagoshima.harvesting import nightly, sources
    from ckanext.kagoshima.organizations import sync
    from examples import generate, serve
    from recommended_datasets import municipality

    web = folder / "web"
    server = serve.server(web)
    base = f"http://127.0.0.1:{server.server_port}"
    config["ckanext.kagoshima.harvest.allow"] = [f"127.0.0.1:{server.server_port}"]
    config["ckanext.kagoshima.harvest.delay"] = 0
    generate.write(folder, base)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say("organisations")
    sync.sync(municipality.load())
    declared = sources.read(folder / "sources.yaml")[: options.sources]
    say(f"registering {len(declared)} sources")
    registering = timed(lambda: sources.sync(declared))
    ids = nightly.chosen()
    lines = _told(_first(ids, web))
    lines += _told(_unchanged(ids, base, web, options.rounds))
    if options.many:
        lines += _told([Line(*one) for one in harvest_scale.many(app, web, base, options.many)])
    if options.files:
        say(f"{options.files} files, one worker")
        growth, note = harvest_scale.memory(web, base, options.files)
        lines += _told([Line(f"growth of a worker over {options.files:,} files", 50, growth, "MB", note)])
    say(f"registering {len(declared)} sources took {registering.seconds:.1f} s")
    return lines


def _told(lines: list[Line]) -> list[Line]:
    """The lines, told as soon as they are there: who stops the run keeps what it measured."""
    for line in lines:
        say(str(line))
    return lines


def _first(ids: list[str], web: Path) -> list[Line]:
    from ckanext.kagoshima.harvesting import nightly

    say("first harvest and bare creates, in turns")
    body = next(web.rglob("*aed*.csv")).read_bytes()
    harvest_peers.create(body)
    ours, bare, datasets = 0.0, [], 0
    for source in ids:
        run = timed(lambda source=source: list(nightly.run([source])))
        ours += run.seconds
        datasets += sum(len(result.datasets) for result in run.value)
        bare.append(timed(lambda: harvest_peers.create(body)).seconds)
    peer = statistics.mean(bare)
    note = f"{datasets} datasets: {1000 * ours / datasets:.0f} ms each; package_create + resource_create {1000 * peer:.0f} ms"
    return [Line(f"first harvest of {len(ids)} sources, a dataset", 2, ours / datasets / peer, note=note)]


def _unchanged(ids: list[str], base: str, web: Path, rounds: int) -> list[Line]:
    from ckanext.kagoshima.harvesting import connecting, nightly

    say("unchanged harvests and bare conditional GETs, in turns")
    client = connecting.new_client()
    list(nightly.run(ids, client))
    before, made = harvest_peers.written(), client.requests_made
    first = timed(lambda: list(nightly.run(ids, client)))
    gets = client.requests_made - made
    bare = harvest_peers.ConditionalGets(base, web, gets)
    ours, theirs = [first.seconds], [timed(bare).seconds]
    for _ in range(rounds - 1):
        ours.append(timed(lambda: list(nightly.run(ids, client))).seconds)
        theirs.append(timed(bare).seconds)
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    after = harvest_peers.written()
    mine, other = 1000 * statistics.median(ours), 1000 * statistics.median(theirs)
    harvest_peers.job(ids[0])  # the worker runs already
    with_job = timed(lambda: [harvest_peers.job(source) for source in ids]).seconds / len(ids)
    return [
        Line(f"unchanged harvest of {len(ids)} sources", 2, ratio, note=f"{gets} GETs: {mine:.0f} ms; bare {other:.0f} ms"),
        Line("writes to datasets and resources in them", 0, after.rows - before.rows, "rows"),
        Line("Solr updates of datasets in them", 0, len(after.documents ^ before.documents), "documents"),
        Line("unchanged source with a job of ckanext-harvest", 250, 1000 * with_job, "ms", "its own create, run and finish"),
    ]


@dataclass(frozen=True, slots=True)
class Timed:
    seconds: float
    value: Any


def timed(work: Callable[[], Any]) -> Timed:
    begin = time.perf_counter()
    value = work()
    return Timed(time.perf_counter() - begin, value)


def say(text: str) -> None:
    print(f"{time.perf_counter() - BEGIN:5.0f} s  {text}", file=sys.stderr, flush=True)


def _report(lines: list[Line]) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    head = ["| what | gate | measured | | |", "|---|---|---|---|---|"]
    return "\n".join([f"Harvester, {dt.date.today().isoformat()}, {machine}", "", *head, *map(str, lines)])


if __name__ == "__main__":
    sys.exit(main())
