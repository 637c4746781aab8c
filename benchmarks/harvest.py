"""The harvester beside its peers, in one run: bare CKAN calls, and bare conditional GETs.

usage: ckan.ini of an empty catalogue in CKAN_INI, then ``python -m benchmarks.harvest [--sources 43] [--files 1000]``.
It makes organisations, sources and datasets there.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=43)
    parser.add_argument("--files", type=int, default=1000)
    args = parser.parse_args()
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    app = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
    with app._wsgi_app.test_request_context(), TemporaryDirectory() as folder:  # type: ignore
        figures = _measure(Path(folder), args.sources, args.files)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    return 0


def _measure(folder: Path, sources_count: int, files: int) -> dict[str, Any]:
    from ckan import model

    from ckanext.kagoshima.harvesting import connecting, nightly, sources
    from ckanext.kagoshima.organizations import sync
    from examples import generate, serve
    from recommended_datasets import municipality

    server = serve.server(folder / "web")
    base = f"http://127.0.0.1:{server.server_port}"
    _allow(server)
    generate.write(folder, base)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sync.sync(municipality.load())
    declared = sources.read(folder / "sources.yaml")[:sources_count]
    sources.sync(declared)
    ids = nightly.chosen()

    first = _time(lambda: list(nightly.run(ids)))
    datasets = sum(len(result.datasets) for result in first.value)
    bare = _bare_creates(20)
    before = _writes()
    client = connecting.new_client()
    unchanged = min((_time(lambda: list(nightly.run(ids, client))) for _ in range(3)), key=lambda one: one.seconds)
    gets = client.requests_made // 3
    plain = _bare_gets(base, folder, gets)
    model.Session.remove()
    return {
        "sources": len(ids),
        "datasets": datasets,
        "first harvest, s a dataset": round(first.seconds / datasets, 4),
        "bare package_create + resource_create with upload, s": round(bare, 4),
        "first harvest / bare": round(first.seconds / datasets / bare, 2),
        "unchanged harvest, s": round(unchanged.seconds, 3),
        "conditional GETs in it": gets,
        "the same number of bare conditional GETs, s": round(plain, 3),
        "unchanged / bare GETs": round(unchanged.seconds / plain, 2),
        "datasets written by the unchanged harvests": _writes() - before,
        "memory growth over the files, MB": _memory(folder, server, base, files),
    }


def _allow(server: ThreadingHTTPServer) -> None:
    from ckan.common import config

    config["ckanext.kagoshima.harvest.allow"] = [f"127.0.0.1:{server.server_port}"]
    config["ckanext.kagoshima.harvest.delay"] = 0


class _Timed:
    def __init__(self, seconds: float, value: Any) -> None:
        self.seconds, self.value = seconds, value


def _time(work: Callable[[], Any]) -> _Timed:
    begin = time.perf_counter()
    value = work()
    return _Timed(time.perf_counter() - begin, value)


def _bare_creates(count: int) -> float:
    """Median seconds of the two calls that a script would make for a dataset with one small file."""
    import ckan.plugins.toolkit as tk
    from werkzeug.datastructures import FileStorage

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    body = "名称,住所\r\n見本,見本1番地\r\n".encode() * 50
    seconds = []
    for _ in range(count):
        begin = time.perf_counter()
        context: Any = {"ignore_auth": True, "user": user}
        name = f"bare-{uuid.uuid4().hex[:12]}"
        package = tk.get_action("package_create")(context, {"name": name, "title": "見本", "owner_org": "460001"})
        upload = FileStorage(io.BytesIO(body), filename="data.csv")
        resource_dict = {"package_id": package["id"], "name": "見本", "format": "CSV", "upload": upload}
        tk.get_action("resource_create")({"ignore_auth": True, "user": user}, resource_dict)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def _bare_gets(base: str, folder: Path, count: int) -> float:
    """Seconds of `count` conditional GETs by one requests session, best of three."""
    import requests

    path = next((folder / "web").rglob("*.csv")).relative_to(folder / "web")
    session = requests.Session()
    etag = session.get(f"{base}/{path}").headers["ETag"]

    def work() -> None:
        for _ in range(count):
            assert session.get(f"{base}/{path}", headers={"If-None-Match": etag}).status_code == 304

    return min(_time(work).seconds for _ in range(3))


def _writes() -> int:
    """Rows that were inserted or updated in CKAN's tables of datasets and resources so far, as PostgreSQL counts them."""
    import sqlalchemy as sa
    from ckan import model

    model.Session.remove()
    time.sleep(2)  # the statistics are a second late
    query = "SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname IN ('package', 'resource')"
    with model.meta.engine.connect() as connection:
        return int(connection.execute(sa.text(query)).scalar() or 0)


def _memory(folder: Path, server: ThreadingHTTPServer, base: str, files: int) -> float:
    """How much the peak grows while one worker collects `files` files in rounds, after a first round to warm up."""
    from ckanext.kagoshima.harvesting import nightly, sources

    home = folder / "web" / "460001"
    lines = ["データセット_ID,全国地方公共団体コード,地方公共団体名,データセット_タイトル,ファイル_ダウンロードURL"]

    def round_of(start: int, count: int) -> str:
        for number in range(start, start + count):
            rows = "".join(f"見本{number}-{row},見本{row}番地\r\n" for row in range(200))
            (home / f"m{number}.csv").write_text(f"名前,場所\r\n{rows}", "utf-8")
        (home / "many.csv").write_text(
            "\r\n".join(lines + [f"m{n},460001,見本,見本{n},m{n}.csv" for n in range(start, start + count)]), "utf-8"
        )
        return f"{base}/460001/many.csv"

    declared = sources.Declared("460001", round_of(0, 50), "list")
    nightly.preview_source("benchmark", declared)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for start in range(50, 50 + files, 100):
        round_of(start, min(100, files))
        nightly.preview_source("benchmark", declared)
    return round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1)


if __name__ == "__main__":
    sys.exit(main())
