"""The step `api` of `benchmarks.merge`: the row API on loopback."""

from __future__ import annotations

import random
import threading
import time
from http.client import HTTPConnection
from typing import Any

from benchmarks import merge_town


def api(application: Any) -> dict[str, Any]:
    """95th percentile of ``near`` and ``bbox`` on loopback, warm, in milliseconds.

    Warm: the table is read once before, row by row through its index, which brings it into PostgreSQL's own memory (reading
    it from end to end would go past that); rows at random places are otherwise on pages that nothing has asked for yet.
    """
    import sqlalchemy as sa
    from ckanext.datastore.backend.postgres import get_read_engine, identifier  # type: ignore
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: Any) -> None:
            return

    from ckanext.kagoshima.consolidation.naming import table_id

    with get_read_engine().connect() as connection:
        table = identifier(table_id(merge_town.DATASET))
        connection.execute(sa.text("SET enable_seqscan = off; SET enable_bitmapscan = off"))
        for row in ("row_id", "point(longitude, latitude) <-> point(130, 31)"):
            connection.execute(sa.text(f"SELECT count(name) FROM (SELECT name FROM {table} ORDER BY {row} OFFSET 0) AS every"))
        connection.execute(sa.text("RESET ALL"))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
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
            connection.request("GET", f"/data/v1/{merge_town.DATASET}/rows?limit=100&{query}")
            answer = connection.getresponse()
            body = answer.read()
            if number >= 30:
                times.append(1000 * (time.perf_counter() - begin))
            assert answer.status == 200 and b'"rows"' in body, body[:300]
        times.sort()
        found[name] = {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]}
    server.shutdown()
    return found
