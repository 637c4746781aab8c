"""A worker over a thousand files, and a catalogue of ten thousand sources."""

from __future__ import annotations

import hashlib
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.harvest_peers import PREFECTURE

PER_SOURCE = 100
MEBIBYTE = 1024 * 1024


def memory(web: Path, base: str, files: int) -> tuple[float, str]:
    """MB by which this process grows while it harvests `files` files, after the first source; and a note."""
    from ckanext.kagoshima.harvesting import nightly, sources

    sizes: list[float] = []
    rounds = files // PER_SOURCE + 1
    for number in range(rounds):
        declared = sources.Declared(PREFECTURE, _list(web, base, number), "list")
        sources.sync([declared])
        source = sources.find(declared)
        assert source is not None
        (result,) = nightly.run([source.id])
        assert result.counts.get("ready", 0) >= PER_SOURCE, result
        sizes.append(_resident())
    growth = max(sizes[1:]) - sizes[0]
    return growth, f"{sizes[0]:.0f} MB after the first {PER_SOURCE}, {sizes[-1]:.0f} MB at the end"


def _list(web: Path, base: str, number: int) -> str:
    """A list of `PER_SOURCE` invented tables, its address."""
    folder = web / "memory" / str(number)
    folder.mkdir(parents=True)
    lines = ["データセット_ID,全国地方公共団体コード,地方公共団体名,データセット_タイトル,ファイル_ダウンロードURL"]
    for file in range(PER_SOURCE):
        rows = "".join(f"見本{number}-{file}-{row},見本{row}番地\r\n" for row in range(200))
        (folder / f"m{file}.csv").write_text(f"名前,場所\r\n{rows}", "utf-8")
        lines.append(f"memory{number},{PREFECTURE},見本,見本{number},m{file}.csv")
    (folder / "list.csv").write_text("\r\n".join(lines), "utf-8")
    return f"{base}/memory/{number}/list.csv"


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


def many(app: Any, web: Path, base: str, count: int) -> list[tuple[Any, ...]]:
    """Lines of the table: is a round over `count` unchanged sources linear, and do the pages stay quick?"""
    from ckan import model

    from ckanext.kagoshima.harvesting import connecting, nightly

    (web / "many").mkdir()
    small, seconds = max(count // 10, 1), {}
    made = 0
    client = connecting.new_client()
    for size in (small, count):
        print(f"{size} sources", file=sys.stderr, flush=True)
        _sources(web, base, made, size)
        made = size
        ids = [source for source in nightly.chosen() if source.startswith("many-")]
        assert len(ids) == size
        list(nightly.run(ids[:50], client))
        begin = time.perf_counter()
        outcomes = {result.state for result in nightly.run(ids, client)}
        seconds[size] = time.perf_counter() - begin
        assert outcomes == {"unchanged"}, outcomes
    growth = (seconds[count] / count) / (seconds[small] / small)
    note = f"{1000 * seconds[count] / count:.1f} ms a source; {1000 * seconds[small] / small:.1f} ms of {small:,}"
    model.Session.remove()
    slowest, page = _pages(app)
    return [
        (f"{count:,} unchanged sources: time a source, against {small:,}", 1.3, growth, "×", note),
        (f"slowest page of /harvest with {count:,} sources", 1, slowest, "s", page),
    ]


def _sources(web: Path, base: str, start: int, end: int) -> None:
    """Sources that were harvested: the rows as a harvest leaves them, written at once, and their documents in Solr."""
    import json

    import sqlalchemy as sa
    from ckan import model
    from ckan.lib.search.common import make_connection
    from ckanext.harvest.model import HarvestSource

    from ckanext.kagoshima.harvesting.model import ArchivedFile, SourceFile, SourceState, file_id, now

    body = "名前,場所\r\n見本,見本1番地\r\n".encode()
    digest = hashlib.sha256(body).hexdigest()
    organization: Any = model.Group.get(PREFECTURE)
    packages, sources, states, files, documents = [], [], [], [], []
    moment = now().replace(tzinfo=None)
    for number in range(start, end):
        identifier, url = f"many-{number:06}", f"{base}/many/{number}.csv"
        (web / "many" / f"{number}.csv").write_bytes(body)
        settings = json.dumps({"municipality_code": PREFECTURE, "kind": "csv", "priority": 10})
        packages.append({"id": identifier, "name": identifier, "title": identifier, "type": "harvest", "state": "active",
                         "owner_org": organization.id, "private": False, "metadata_created": moment,
                         "metadata_modified": moment, "url": url})  # fmt: skip
        sources.append({"id": identifier, "url": url, "title": identifier, "type": "kagoshima", "active": True,
                        "config": settings, "frequency": "MANUAL", "description": "", "user_id": "",
                        "publisher_id": organization.id})  # fmt: skip
        states.append({"source_id": identifier, "municipality_code": PREFECTURE, "kind": "csv", "state": "unchanged",
                       "stage": "", "failures": 0, "last_changed": now(), "last_tried": now()})  # fmt: skip
        files.append({"id": file_id(identifier, url), "source_id": identifier, "municipality_code": PREFECTURE, "url": url,
                      "entry": {"url": url}, "priority": 10, "sha256": digest, "published_sha256": digest,
                      "etag": f'"{digest[:16]}"', "licence": "notspecified", "state": "published",
                      "resource_id": identifier, "package_name": identifier})  # fmt: skip
        documents.append({"id": identifier, "index_id": identifier, "name": identifier, "title": identifier,
                          "dataset_type": "harvest", "entity_type": "package", "state": "active", "capacity": "public",
                          "permission_labels": ["public"],
                          "metadata_modified": f"{moment.isoformat()}Z", "organization": PREFECTURE, "url": url,
                          "site_id": os.environ["CKAN_SITE_ID"]})  # fmt: skip
    with model.meta.engine.begin() as connection:  # type: ignore
        for table, rows in ((model.package_table, packages), (HarvestSource.__table__, sources),
                            (SourceState.__table__, states), (SourceFile.__table__, files)):  # fmt: skip
            connection.execute(sa.insert(table), rows)
        if not connection.execute(sa.select(ArchivedFile.sha256).where(ArchivedFile.sha256 == digest)).scalar():
            connection.execute(sa.insert(ArchivedFile.__table__).values(sha256=digest, size=len(body), location="many"))
        connection.execute(sa.text("ANALYZE"))
    model.Session.remove()
    for one in documents:
        shown = {"id": one["id"], "name": one["id"], "title": one["id"], "type": "harvest", "state": "active",
                 "source_type": "kagoshima", "url": one["url"], "frequency": "MANUAL", "extras": [], "resources": [],
                 "tags": [], "groups": [], "notes": "", "organization": {"name": PREFECTURE, "title": PREFECTURE},
                 "owner_org": organization.id, "metadata_created": moment.isoformat(),
                 "metadata_modified": moment.isoformat()}  # fmt: skip
        one["data_dict"] = one["validated_data_dict"] = json.dumps(shown)
    solr = make_connection()
    for begin in range(0, len(documents), 1000):
        solr.add(documents[begin : begin + 1000], commit=begin + 1000 >= len(documents))


def _pages(app: Any) -> tuple[float, str]:
    """Seconds of the slowest page (the median of three after one to warm up), and which it is."""
    from ckan.tests import factories

    headers = {"Authorization": factories.SysadminWithToken()["token"]}
    found: list[tuple[float, str]] = []
    client = app._wsgi_app.test_client()
    visitor = ThreadPoolExecutor(1)  # a thread of its own: in ours a request is open, whose user is nobody
    for path in ("/harvest", "/harvest?page=5", "/harvest?q=many", "/harvest/state", "/harvest/state?page=50",
                 "/harvest/state?state=unchanged", "/harvest/state/many-000001", "/harvest/many-000001"):  # fmt: skip
        seconds = []
        for _ in range(4):
            begin = time.perf_counter()
            answer = visitor.submit(client.get, path, headers=headers).result()
            seconds.append(time.perf_counter() - begin)
            assert answer.status_code == 200, (path, answer.status_code)
        found.append((statistics.median(seconds[1:]), path))
    return max(found)
