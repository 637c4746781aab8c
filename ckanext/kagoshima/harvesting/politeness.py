"""Politeness: the time between two requests to one host, over all workers, by a slot in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ckanext.kagoshima.harvesting import addresses


def waiter(delay_ms: int, allow: frozenset[str], connect: Callable[[], Any]) -> Callable[[str], None]:
    """A function that waits until the host of an address may be asked again. `allow`: servers that need no waiting.
    `connect` gives the Redis connection when it is first needed."""
    connection: list[Any] = []

    def wait(url: str) -> None:
        try:
            host, port = addresses.host_port(url)
        except ValueError:
            return
        if not delay_ms or f"{host}:{port}" in allow:
            return
        if not connection:
            connection.append(connect())
        key = f"kagoshima:politeness:{host}"
        while not connection[0].set(key, "1", nx=True, px=delay_ms):
            left = connection[0].pttl(key)
            time.sleep(min(max(left, 10), delay_ms) / 1000)

    return wait
