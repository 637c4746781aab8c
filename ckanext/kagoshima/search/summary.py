"""The numbers of the home page: two questions to Solr, one to the database."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.kagoshima import config

MERGED = "name:kagoshima-*"
"""Solr: the merged datasets."""


def show() -> dict[str, Any]:
    """``{"organizations", "publishers", "datasets", "rows", "merged": […], "regions": […]}``

    `organizations` counts those of the prefecture, `publishers` those with a dataset; `merged` and `datasets` are apart.
    """
    published = _search({"fq": f"-{MERGED}", "rows": 0, "facet.field": '["organization"]', "facet.limit": -1})
    counts: dict[str, int] = published["facets"].get("organization", {})
    found = _search({"fq": MERGED, "rows": 100, "sort": "name asc", "facet": "false"})
    publishers = {one["dataset"]: one["publishers"] for one in tk.get_action("kagoshima_consolidation_list")({}, {})}
    merged = [table for table in (_merged(one, publishers) for one in found["results"]) if table["rows"]]
    organizations = _organizations()
    return {
        "organizations": len(organizations),
        "publishers": len(counts),
        "datasets": published["count"],
        "rows": sum(table["rows"] for table in merged),
        "merged": merged,
        "regions": _regions(organizations, counts),
    }


def _search(query: dict[str, Any]) -> dict[str, Any]:
    return tk.get_action("package_search")({"ignore_auth": False, "user": ""}, query)


def _merged(package: dict[str, Any], publishers: dict[str, int]) -> dict[str, Any]:
    rows = [int(one["row_count"]) for one in package["resources"] if one.get("row_count") not in (None, "")]
    dataset = package.get("recommended_dataset") or ""
    return {
        "name": package["name"],
        "dataset": dataset,
        "title": package["title"],
        "rows": rows[0] if rows else 0,
        "publishers": publishers.get(dataset, 0),
    }


def _organizations() -> list[Any]:
    query = model.Session.query(model.Group).filter(model.Group.is_organization.is_(True), model.Group.state == "active")
    return query.order_by(model.Group.name).all()


def _regions(organizations: list[Any], counts: dict[str, int]) -> list[dict[str, Any]]:
    """Regions in the order of their first publisher's code; organisations without a region are left out."""
    regions: dict[str, list[dict[str, Any]]] = {}
    for organization in organizations:
        region = (organization.extras or {}).get("region")
        if region and organization.name != config.prefecture_code():
            entry = {
                "name": organization.name, "title": organization.title, "datasets": counts.get(organization.name, 0)
            }  # fmt: skip
            regions.setdefault(region, []).append(entry)
    return [
        {"name": name, "publishers": publishers, "datasets": sum(one["datasets"] for one in publishers)}
        for name, publishers in regions.items()
    ]
