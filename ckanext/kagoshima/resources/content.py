"""The bytes of a resource, from whichever storage holds them."""

from __future__ import annotations

import hashlib
from typing import Any

from ckan.lib import files, uploader


class NoContent(Exception):
    """The resource has no file of its own here: a link, or the file is gone."""


def read(resource: dict[str, Any]) -> bytes:
    """The whole file of an uploaded resource.

    :param resource: a dict with `id`, `url` and `url_type`
    :raises NoContent: it is a link, or its file is missing
    """
    if resource.get("url_type") != "upload":
        raise NoContent(resource["id"])
    upload: Any = uploader.get_resource_uploader({"id": resource["id"], "url": resource["url"], "url_type": "upload"})
    path = upload.get_path(resource["id"])
    storage = getattr(upload, "storage", None)
    try:
        if storage:
            return storage.content(files.FileData(path))
        with open(path, "rb") as file:
            return file.read()
    except (OSError, files.exc.MissingFileError) as error:
        raise NoContent(resource["id"]) from error


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
