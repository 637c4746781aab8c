"""How often one address may ask: a counter per minute in Redis, shared by all processes."""

from __future__ import annotations

import time

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.kagoshima import config
from ckanext.kagoshima.consolidation.problems import Problem


def check() -> None:
    """
    :raises Problem: this address asked too often within the minute
    """
    most = config.rows_rate_limit()
    if not most:
        return
    minute, second = divmod(int(time.time()), 60)
    key = f"ckan:{tk.config['ckan.site_id']}:kagoshima-rows:{tk.request.remote_addr}:{minute}"
    redis = connect_to_redis()
    pipe = redis.pipeline()
    pipe.incr(key)
    pipe.expire(key, 120)
    if pipe.execute()[0] > most:
        raise Problem("too-many", seconds=60 - second)
