"""The facets beside a list of datasets, in the order in which people narrow down."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import words
from ckanext.kagoshima.checking import catalogue, judge


def dataset(facets: dict[str, Any]) -> dict[str, Any]:
    """Facets of the dataset search: Solr field → label."""
    return OrderedDict(
        [
            ("region", tk._("Region")),
            ("recommended_dataset", tk._("Standard dataset")),
            ("organization", tk._("Publisher")),
            ("vocab_validation_status", tk._("Check result")),
            ("res_format", tk._("Format")),
            ("license_id", tk._("Licence")),
            ("tags", tk._("Keyword")),
        ]
    )


def organization(facets: dict[str, Any]) -> dict[str, Any]:
    """Facets of the datasets of one publisher."""
    return OrderedDict((key, label) for key, label in dataset(facets).items() if key not in ("region", "organization"))


def labelled(search_results: dict[str, Any]) -> dict[str, Any]:
    """The results with the values of our facets in words of the page's language."""
    found = search_results.get("search_facets") or {}
    lang = judge.language()
    for item in found.get("recommended_dataset", {}).get("items", []):
        item["display_name"] = catalogue.title(item["name"], lang)
    for item in found.get("vocab_validation_status", {}).get("items", []):
        item["display_name"] = words.of("status", item["name"])
    licences = {key: title for title, key in model.Package.get_license_options()}
    for item in found.get("license_id", {}).get("items", []):
        item["display_name"] = licences.get(item["name"], item["display_name"])
    return search_results
