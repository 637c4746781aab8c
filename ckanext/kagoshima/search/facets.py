"""The facets beside a list of datasets, in the order in which people narrow down."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ckan.plugins.toolkit as tk


def dataset(facets: dict[str, Any]) -> dict[str, Any]:
    """Facets of the dataset search: Solr field → label."""
    return OrderedDict(
        [
            ("region", tk._("Region")),
            ("recommended_dataset", tk._("Standard dataset")),
            ("organization", tk._("Publisher")),
            ("validation_status", tk._("Check result")),
            ("res_format", tk._("Format")),
            ("license_id", tk._("Licence")),
            ("tags", tk._("Keyword")),
        ]
    )


def organization(facets: dict[str, Any]) -> dict[str, Any]:
    """Facets of the datasets of one publisher."""
    return OrderedDict((key, label) for key, label in dataset(facets).items() if key not in ("region", "organization"))
