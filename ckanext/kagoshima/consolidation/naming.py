"""Names and addresses of the merged tables. They never change: bookmarks, scripts and feeds hold them."""

from __future__ import annotations

import uuid

import ckan.plugins.toolkit as tk

_NAMESPACE = uuid.UUID("6c1b8a52-0d77-5c0e-9d1c-46000146000c")
MERGED_PREFIX = "kagoshima-"


def merged_name(dataset: str) -> str:
    """The CKAN name of a merged dataset."""
    return MERGED_PREFIX + dataset.replace("_", "-")


def resource_id(dataset: str, what: str) -> str:
    """The id of a merged dataset's resource: ``csv``, ``geojson``, ``parquet``, ``rejected`` or ``duplicates``."""
    return str(uuid.uuid5(_NAMESPACE, f"{dataset}/{what}"))


def table_id(dataset: str) -> str:
    """The DataStore table of a merged dataset: that of its CSV resource."""
    return resource_id(dataset, "csv")


def package_id(dataset: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, dataset))


def address(path: str) -> str:
    """The public address of a path of ours, whatever proxy stands in front."""
    return tk.config["ckan.site_url"].rstrip("/") + path


def file_path(dataset: str, name: str) -> str:
    """``/data/v1/aed.csv`` for the table's own files, ``/data/v1/aed/rejected.csv`` for those beside it."""
    return f"/data/v1/{name}" if name.startswith(f"{dataset}.") else f"/data/v1/{dataset}/{name}"
