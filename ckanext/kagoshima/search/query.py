"""What people type, before it goes to Solr."""

from __future__ import annotations

from typing import Any

QUERY_FIELDS = "name^4 title^4 tags^2 groups^2 text title_bigram^0.5 text_bigram^0.2"
"""CKAN's own fields, and at a lower weight pairs of characters for words that kuromoji does not know."""


def parameters(search_params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `package_search`; whoever names query fields, or a parser, keeps them.

    CKAN asks Solr's `dismax` parser, which takes the parts of one Japanese word as alternatives: 鹿児島市 would find every
    city (市). `edismax` obeys `q.op=AND` inside a word also; all words are wanted, as people expect who narrow down.
    A query with a colon names fields and stays with Solr's standard parser, as in CKAN.
    """
    if search_params.get("q") and not search_params.get("qf"):
        search_params["qf"] = QUERY_FIELDS
        if ":" not in search_params["q"] and not search_params.get("defType"):
            search_params["defType"] = "edismax"
            search_params.setdefault("mm", "100%")
    return search_params
