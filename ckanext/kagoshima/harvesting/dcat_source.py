"""The kind ``dcat``: a DCAT catalogue as RDF, read by ckanext-dcat's own parser; further pages by Hydra."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ckanext.dcat.exceptions import RDFParserException
from ckanext.dcat.processors import RDFParser
from ckanext.kagoshima.harvesting.client import Answer, Client, FetchError
from ckanext.kagoshima.harvesting.entries import Entry, join

MAX_PAGES = 100
FORMATS = {
    "text/turtle": "turtle",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
    "application/n-triples": "nt",
    "text/n3": "n3",
}
ENDINGS = {".ttl": "turtle", ".rdf": "xml", ".jsonld": "json-ld", ".nt": "nt", ".n3": "n3"}


def rdf_format(answer: Answer, url: str) -> str:
    """rdflib's name of the serialisation; empty where it is none."""
    named = next((name for ending, name in ENDINGS.items() if urlsplit(url).path.lower().endswith(ending)), "")
    return FORMATS.get(answer.content_type, "") or named


def gather(url: str, first: Answer, client: Client, beat: Callable[[], None] = lambda: None) -> list[Entry]:
    """A file for each distribution that has an address.

    :raises FetchError: a page is no RDF
    """
    entries: list[Entry] = []
    answer, address, visited = first, url, {url}
    for _page in range(MAX_PAGES):
        parser = _parse(answer, address)
        for dataset in parser.datasets():
            entries += _entries(dataset, address)
        following = parser.next_page()
        if not following or (following := join(address, str(following))) in visited:
            return entries
        beat()
        visited.add(following)
        answer, address = client.get(following), following
    return entries


def _parse(answer: Answer, url: str) -> RDFParser:
    serialisation = rdf_format(answer, url) or "turtle"
    body = answer.body.decode("utf-8", "replace")
    if serialisation == "json-ld":
        _refuse_remote_contexts(body, url)
    parser = RDFParser(profiles=["euro_dcat_ap_3"])
    try:
        parser.parse(body, serialisation)
    except RDFParserException as error:
        raise FetchError("not-rdf", url=url, detail=type(error.__cause__ or error).__name__) from error
    return parser


def _refuse_remote_contexts(body: str, url: str) -> None:
    """rdflib would fetch a context by itself, past the guarded client."""
    try:
        queue: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        raise FetchError("not-rdf", url=url, detail="JSON") from None
    while queue:
        item = queue.pop()
        if isinstance(item, list):
            queue += item
        elif isinstance(item, dict):
            contexts = item.get("@context", [])
            contexts = contexts if isinstance(contexts, list) else [contexts]
            if any(isinstance(one, str) or (isinstance(one, dict) and "@import" in one) for one in contexts):
                raise FetchError("remote-context", url=url)
            queue += item.values()


def _entries(dataset: dict[str, Any], url: str) -> list[Entry]:
    extras = {extra["key"]: extra["value"] for extra in dataset.get("extras", [])}
    own_id = str(dataset.get("identifier") or extras.get("identifier") or extras.get("uri") or dataset.get("uri") or "")
    found = []
    for resource in dataset.get("resources", []):
        address = str(resource.get("download_url") or resource.get("url") or resource.get("access_url") or "")
        if not address:
            continue
        found.append(
            Entry(
                url=join(url, address),
                title=str(dataset.get("title") or ""),
                file_title=str(resource.get("name") or dataset.get("title") or ""),
                description=str(dataset.get("notes") or ""),
                own_id=own_id,
                format=str(resource.get("format") or ""),
                licence=str(resource.get("license") or dataset.get("license_id") or ""),
            )
        )
    return [entry for entry in found if urlsplit(entry.url).scheme in ("http", "https")]
