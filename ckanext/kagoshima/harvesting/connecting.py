"""The HTTP client as the options configure it."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import politeness
from ckanext.kagoshima.harvesting.client import Client, Limits


def new_client(*, retries: int | None = None, timeout: float | None = None, size: int | None = None) -> Client:
    """A client for one worker. `retries`, `timeout` and `size`: other than the options say (a page does not wait for
    minutes)."""
    allow = frozenset(pair.lower().replace("[", "").replace("]", "") for pair in config.harvest("allow"))
    limits = Limits(
        total=timeout or config.harvest("timeout"),
        size=size or config.harvest("max_bytes"),
        retries=config.harvest("retries") if retries is None else retries,
    )
    contact = config.harvest("contact") or tk.config["ckan.site_url"]
    return Client(
        allow=allow,
        limits=limits,
        user_agent=f"ckanext-kagoshima (+{contact})",
        proxy=config.harvest("proxy"),
        verify=config.harvest("ca_bundle") or True,
        wait=politeness.waiter(config.harvest("delay"), allow, connect_to_redis),
    )
