"""The bytes behind a resource that is a link: fetched as everything is, and looked at before anybody sees a word of them."""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.kagoshima.harvesting.client import FetchError
from ckanext.kagoshima.harvesting.connecting import new_client
from ckanext.kagoshima.resources.content import NoContent
from recommended_datasets import sensitive
from recommended_datasets.table import ReadError

log = logging.getLogger(__name__)


def is_link(url: str | None, url_type: str | None) -> bool:
    """Whether a resource is an address somewhere else, not a file or table of the catalogue (as the merged ones are)."""
    own = str(tk.config["ckan.site_url"]).rstrip("/")
    address = url or ""
    return not url_type and address.lower().startswith(("http://", "https://")) and not address.startswith(f"{own}/")


def fetch(resource: dict[str, Any]) -> bytes:
    """The file that a linked resource leads to.

    :raises NoContent: it is no link, it cannot be fetched, or it may hold personal data
    """
    if not is_link(resource.get("url"), resource.get("url_type")):
        raise NoContent(resource["id"])
    try:
        body = new_client(retries=0, timeout=60).get(resource["url"]).body
        withheld = any(finding.holds for finding in sensitive.scan(body))
    except FetchError as error:
        log.info("the link of resource %s was not read: %s", resource["id"], error.code)
        raise NoContent(resource["id"]) from error
    except ReadError:
        return body  # the check says what is wrong with it
    if withheld:
        log.warning("the link of resource %s leads to what may be personal data; it is not checked", resource["id"])
        raise NoContent(resource["id"])
    return body
