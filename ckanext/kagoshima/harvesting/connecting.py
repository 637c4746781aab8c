"""The HTTP client as the options configure it."""

from __future__ import annotations

from collections.abc import Iterable

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.redis import connect_to_redis

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting import addresses, politeness
from ckanext.kagoshima.harvesting.client import Client, Limits

_NAMED = "ckanext.kagoshima.harvest.named_local"
"""Key of CKAN's system_info: the local servers that an operator named on this machine's command line."""


def new_client(
    *, retries: int | None = None, timeout: float | None = None, size: int | None = None, named: Iterable[str] = ()
) -> Client:
    """A client for one worker. `retries`, `timeout` and `size`: other than the options say (a page does not wait for
    minutes). `named`: addresses that somebody gave at this machine's command line just now; those on loopback are open to
    this client."""
    pairs = [*config.harvest("allow"), *_named_local(), *addresses.local_pairs(named)]
    allow = frozenset(pair.lower().replace("[", "").replace("]", "") for pair in pairs)
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
        wait=politeness.waiter(config.harvest("delay"), allow, connect_to_redis, config.harvest("concurrency")),
    )


def allow_named(urls: Iterable[str]) -> list[str]:
    """Open exactly the loopback ``host:port`` pairs among `urls` to the harvester, for good, and return them.

    Only for addresses that somebody with the machine's command line names: a source registered on a page or through the
    API opens nothing.
    """
    pairs = addresses.local_pairs(urls)
    known = _named_local()
    if not set(pairs) <= set(known):
        model.set_system_info(_NAMED, " ".join(sorted({*known, *pairs})))
        model.Session.commit()
    return pairs


def _named_local() -> list[str]:
    # Not `get_system_info`: that commits whatever the caller has begun.
    found = model.Session.query(model.SystemInfo.value).filter_by(key=_NAMED).scalar()
    return str(found or "").split()
