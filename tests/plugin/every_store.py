"""Where a value stands: every table, file, index document and key that the catalogue has."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import polars as pl
import sqlalchemy as sa
from ckan import model
from ckan.lib import files
from ckan.lib.redis import connect_to_redis
from ckan.lib.search.common import make_connection
from ckanext.datastore.backend.postgres import get_write_engine


def places_of(value: str) -> list[str]:
    """Names of the places that hold `value` anywhere; parquet and cp932 files are read, not searched as bytes."""
    model.Session.remove()
    found = [f"table {name}" for name in _tables(model.meta.engine, value)]
    found += [f"DataStore {name}" for name in _tables(get_write_engine(), value)]
    found += [f"file {name}" for name, body in _files() if value in _text(name, body)]
    own = f'+site_id:"{tk.config["ckan.site_id"]}"'
    documents = make_connection().search("*:*", fq=own, rows=10_000, fl="*").docs
    found += [f"Solr {one['id']}" for one in documents if value in str(one)]
    if make_connection().search(f'text:"{value}"', fq=own, rows=1).hits:
        found.append("Solr, searched")
    redis: Any = connect_to_redis()
    for key in redis.scan_iter(count=1000):
        kind = redis.type(key)
        body: Any = {
            b"string": lambda key=key: redis.get(key),
            b"hash": lambda key=key: redis.hgetall(key),
            b"list": lambda key=key: redis.lrange(key, 0, -1),
        }.get(kind, lambda: b"")()
        if value in str(body) or value.encode() in (body if isinstance(body, bytes) else b""):
            found.append(f"Redis {key!r}")
    return found


def _tables(engine: Any, value: str) -> Iterator[str]:
    with engine.connect() as connection:
        for table in sa.inspect(engine).get_table_names():
            query = sa.text(f'SELECT 1 FROM "{table}" AS t WHERE t::text LIKE :value LIMIT 1')
            if connection.execute(query, {"value": f"%{value}%"}).scalar():
                yield table


def _files() -> Iterator[tuple[str, bytes]]:
    for name, storage in files.storages.members.items():
        bucket = getattr(storage.settings, "bucket", None)
        if bucket is not None:
            yield from ((f"{name}/{key}", body) for key, body in list(bucket.items()))
            continue
        root = Path(storage.settings.path)
        yield from ((f"{name}/{path.relative_to(root)}", path.read_bytes()) for path in root.rglob("*") if path.is_file())


def _text(name: str, body: bytes) -> str:
    if body.startswith(b"PAR1"):
        return str(pl.read_parquet(io.BytesIO(body)).to_dicts())
    return body.decode("utf-8", "replace") + body.decode("cp932", "replace")
