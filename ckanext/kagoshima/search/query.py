"""What people type, before it goes to Solr."""

from __future__ import annotations

from typing import Any

QUERY_FIELDS = "name^4 title^4 tags^2 groups^2 text title_bigram^0.5 text_bigram^0.2"
"""CKAN's own fields, and at a lower weight pairs of characters for words that kuromoji does not know."""


def parameters(search_params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `package_search`; whoever names query fields keeps them."""
    if search_params.get("q") and not search_params.get("qf"):
        search_params["qf"] = QUERY_FIELDS
    return search_params
