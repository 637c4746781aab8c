"""The one way to the core's verdict that every route of the catalogue takes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import helpers as h

from ckanext.kagoshima import config
from ckanext.kagoshima.checking import catalogue


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
    )


def language(asked: str | None = None) -> str:
    """``ja`` or ``en``: as asked, else the language of the page; Japanese where there is none."""
    if asked in ("ja", "en"):
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
    raise tk.ValidationError({"url": [tk._("Addresses cannot be checked yet. Please choose a file.")]})


def _too_large(limit: int) -> str:
    return tk._("The file is larger than %(limit)s MB. Please check it with the command recommended-datasets.") % {
        "limit": limit // 1_000_000
    }
