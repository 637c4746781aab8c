"""The kind ``ckan``: a remote CKAN (BODIK and others) where a publisher keeps its data. Staying there is a way to
take part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from ckanext.kagoshima.harvesting.client import Client, FetchError
from ckanext.kagoshima.harvesting.entries import Entry, join

ROWS = 100
"""Datasets a page; CKAN's own limit is 1,000."""
MAX_PAGES = 100

_GENERATOR = re.compile(rb"<meta[^>]+generator[^>]+ckan", re.IGNORECASE)


def is_ckan_page(body: bytes) -> bool:
    """Whether a web page says that CKAN made it."""
    return _GENERATOR.search(body[:20_000]) is not None


def is_ckan_address(url: str) -> bool:
    return "/api/3/" in urlsplit(url).path or "/api/action/" in urlsplit(url).path


def api_of(url: str) -> tuple[str, str]:
    """The site's address and the organisation that `url` names (empty where it names none).

    ``https://data.example.jp/organization/462012`` → ``("https://data.example.jp", "462012")``
    """
    parts = urlsplit(url)
    path = parts.path
    query = parse_qs(parts.query)
    organization = (query.get("organization") or [""])[0]
    for found in query.get("fq", []):
        match = re.search(r"(?:organization|owner_org):\"?([\w-]+)", found)
        organization = match.group(1) if match else organization
    match = re.search(r"/organization/(?:about/)?([\w-]+)", path)
    organization = match.group(1) if match else organization
    root = re.split(r"/(?:api|dataset|organization)(?:/|$)", path)[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{root}", organization


def gather(url: str, code: str, client: Client, beat: Callable[[], None] = lambda: None) -> list[Entry]:
    """A file for each resource of the organisation's public datasets, by name. Without an organisation in `url` that
    named by the publisher's code is meant.

    :raises FetchError: the site does not answer as CKAN does
    """
    site, organization = api_of(url)
    organization = organization or code
    entries: list[Entry] = []
    seen = 0
    for page in range(MAX_PAGES):
        beat()
        query = {"fq": f"organization:{organization}", "rows": ROWS, "start": page * ROWS, "sort": "name asc"}
        result = _search(f"{site}/api/3/action/package_search?{urlencode(query, quote_via=quote)}", client)
        for package in result["results"]:
            entries += _entries(package, code, site)
        seen += len(result["results"])
        if not result["results"] or seen >= int(result["count"]):
            return entries
    return entries


def _search(url: str, client: Client) -> dict[str, Any]:
    answer = client.get(url)
    try:
        data = json.loads(answer.body)
        result = data["result"]
        if data["success"] is True and isinstance(result["results"], list) and int(result["count"]) >= 0:
            return result
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise FetchError("not-ckan", url=url)


def _entries(package: dict[str, Any], code: str, site: str) -> list[Entry]:
    if package.get("private") or package.get("state", "active") != "active":
        return []
    name = str(package.get("name") or "")
    own_id = re.sub(rf"^{re.escape(code)}[_-]", "", name)
    licence = next((str(package[key]) for key in ("license_id", "license_title", "license_url") if package.get(key)), "")
    found = []
    for resource in package.get("resources") or []:
        address = str(resource.get("url") or "").strip()
        if not address or urlsplit(address).scheme not in ("http", "https", ""):
            continue
        found.append(
            Entry(
                url=join(f"{site}/", address),
                title=str(package.get("title") or name),
                file_title=str(resource.get("name") or package.get("title") or ""),
                description=str(package.get("notes") or ""),
                own_id=own_id,
                file_id=str(resource.get("id") or ""),
                format=str(resource.get("format") or ""),
                licence=str(resource.get("license") or "") or licence,
                modified=str(resource.get("last_modified") or package.get("metadata_modified") or "")[:10],
                contact_name=str(package.get("maintainer") or package.get("author") or ""),
                contact_email=str(package.get("maintainer_email") or package.get("author_email") or ""),
            )
        )
    return found
