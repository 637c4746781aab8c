"""The one way to the core's verdict that every route of the catalogue takes."""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import helpers as h

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue
from recommended_datasets.messages import Lang

log = logging.getLogger(__name__)


def judge(
    data: bytes,
    name: str,
    *,
    dataset: str | None = None,
    edition: str | None = None,
    municipality_code: str | None = None,
    mapping: Any = None,
) -> Any:
    """`check_bytes` with the last part of the address or path `name` as the file's name."""
    from recommended_datasets.checking import check_bytes

    return check_bytes(
        data,
        name=name.rsplit("/", 1)[-1],
        dataset=dataset,
        edition=edition,
        municipality_code=municipality_code,
        mapping=mapping,
        catalog=catalogue.load(),
        polygon=_polygon(),
    )


def _polygon() -> Any:
    """The municipalities' polygons, where the administrator names their file; a wrong file is logged and left out."""
    path = config.boundaries()
    if path is None:
        return None
    from recommended_datasets import rules_boundary

    try:
        return rules_boundary.load(path)
    except rules_boundary.BoundaryError as error:
        log.error("%scheck.boundaries: %s", config.PREFIX, error)
        return None


def language(asked: str | None = None) -> Lang:
    """``ja`` or ``en``: as asked, else the language of the page; Japanese where there is none."""
    if asked == "ja" or asked == "en":
        return asked
    try:
        return "en" if str(h.lang()).startswith("en") else "ja"
    except (RuntimeError, AttributeError):
        return "ja"


def received(data_dict: dict[str, Any]) -> tuple[bytes, str]:
    """The bytes and the name of the file that a request brings.

    :raises tk.ValidationError: there is none, it is too large, or its address cannot be read
    """
    upload = data_dict.get("upload")
    limit = config.check_max_bytes()
    if upload is not None and getattr(upload, "filename", None):
        data = upload.stream.read(limit + 1)
        if len(data) > limit:
            raise tk.ValidationError({"upload": [_too_large(limit)]})
        if not data:
            raise tk.ValidationError({"upload": [tk._("The file is empty.")]})
        return data, upload.filename
    url = (data_dict.get("url") or "").strip()
    if not url:
        raise tk.ValidationError({"upload": [tk._("Choose a file or give its address.")]})
    return _fetched(url, limit), url


def _fetched(url: str, limit: int) -> bytes:
    """The body at `url`, by the project's one guarded HTTP client: no local address, bounded time and size."""
    from ckanext.kagoshima.harvesting import problems
    from ckanext.kagoshima.harvesting.client import FetchError
    from ckanext.kagoshima.harvesting.connecting import new_client

    try:
        return new_client(retries=0, timeout=20, size=limit).get(url).body
    except FetchError as error:
        problem = problems.Problem(error.code, values={key: str(value) for key, value in error.values.items()})
        text = problems.text(problem, language())
        raise tk.ValidationError({"url": [tk._("The address cannot be read: %s") % text]}) from error


def _too_large(limit: int) -> str:
    return tk._("The file is larger than %(limit)s MB. Please check it with the command recommended-datasets.") % {
        "limit": limit // 1_000_000
    }
