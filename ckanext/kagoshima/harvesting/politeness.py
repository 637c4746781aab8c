"""Politeness: the time between two requests to one host, and how many at once, over all workers, by slots in Redis."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from ckanext.kagoshima.harvesting import addresses

LONGEST = 600
"""Seconds after which the slot of a worker that died is free again."""
_PREFIX = "kagoshima:politeness"
_ENTER = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  return 1
end
return 0
"""


def nothing() -> None:
    """The end of a request that nobody waits for."""


def waiter(
    delay_ms: int, allow: frozenset[str], connect: Callable[[], Any], concurrency: int = 0
) -> Callable[[str], Callable[[], None]]:
    """A function that waits until the host of an address may be asked again, and gives what is to be called when the answer
    has come.

    :param concurrency: requests to one host at the same time; 0: any number
    :param allow: servers that need no waiting
    :param connect: gives the Redis connection when it is first needed
    """
    connection: list[Any] = []

    def wait(url: str) -> Callable[[], None]:
        try:
            host, port = addresses.host_port(url)
        except ValueError:
            return nothing
        if not (delay_ms or concurrency) or f"{host}:{port}" in allow:
            return nothing
        if not connection:
            connection.append(connect())
        leave = _enter(connection[0], host, concurrency) if concurrency else nothing
        key = f"{_PREFIX}:{host}"
        while delay_ms and not connection[0].set(key, "1", nx=True, px=delay_ms):
            left = connection[0].pttl(key)
            time.sleep(min(max(left, 10), delay_ms) / 1000)
        return leave

    return wait


def _enter(redis: Any, host: str, concurrency: int) -> Callable[[], None]:
    key, mine = f"{_PREFIX}:{host}:now", uuid.uuid4().hex
    while True:
        moment = time.time()
        if redis.eval(_ENTER, 1, key, moment, concurrency, moment + LONGEST, mine, LONGEST):
            return lambda: redis.zrem(key, mine)
        time.sleep(0.05)
