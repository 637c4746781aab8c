"""What scripts and machines get from the running catalogue: nginx, uWSGI and CKAN together."""

from __future__ import annotations

import gzip
import json
import urllib.request
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
import rdflib

from recommended_datasets import municipality


def _get(address: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers or {}), timeout=60) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def test_every_publisher_has_its_organisation(site_url: str) -> None:
    listed = json.loads(_get(f"{site_url}/api/3/action/organization_list?limit=1000")[2])["result"]
    wanted = {place.code for place in municipality.load() if place.kind in ("municipality", "prefecture")}
    assert wanted <= set(listed)


def test_the_catalogue_is_rdf(site_url: str) -> None:
    status, _, body = _get(f"{site_url}/catalog.ttl")
    graph = rdflib.Graph().parse(data=body, format="turtle")
    assert status == 200
    assert list(graph.subjects(rdflib.RDF.type, rdflib.DCAT.Dataset))


def test_a_merged_table_balances(site_url: str) -> None:
    address = f"{site_url}/api/3/action/kagoshima_consolidation_show?dataset=evacuation_space"
    balance = json.loads(_get(address)[2])["result"]
    parts = ("accepted", "rejected", "duplicates", "withheld")
    assert balance["rows_in"] == sum(balance[part] for part in parts) > 0
    for publisher in balance["municipalities"]:
        assert publisher["rows_in"] == sum(publisher[part] for part in parts)


def test_a_merged_file_comes_from_disk_with_etag_and_ranges(site_url: str) -> None:
    address = f"{site_url}/data/v1/evacuation_space.csv"
    status, headers, body = _get(address)
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert headers["access-control-allow-origin"] == "*"
    assert _get(address, {"If-None-Match": headers["etag"]})[0] == 304
    status, _, part = _get(address, {"Range": "bytes=0-9"})
    assert (status, part) == (206, body[:10])


def test_pages_come_compressed_with_safe_headers(site_url: str) -> None:
    status, headers, body = _get(f"{site_url}/", {"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert "<html" in gzip.decompress(body).decode()
    assert headers["x-content-type-options"] == "nosniff"
    assert "object-src 'none'" in headers["content-security-policy"]
    assert headers["server"] == "nginx"


@pytest.mark.parametrize("path", ["/.git/config", "/ckan.ini", "/stack.json", "/../ckan.ini", "/webassets/../ckan.ini"])
def test_no_file_of_the_stack_is_served(site_url: str, path: str) -> None:
    assert _get(site_url + path)[0] in (400, 403, 404)


@pytest.mark.parametrize("query", ["q=*:* OR {!xmlparser}", "q=\u0000避難", "page=-1", "sort=nothing", "q=" + "あ" * 500])
def test_a_query_of_a_stranger_is_no_server_error(site_url: str, query: str) -> None:
    assert _get(f"{site_url}/dataset/?{quote(query, safe='=&')}")[0] < 500
