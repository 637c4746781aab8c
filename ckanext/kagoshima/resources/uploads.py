"""What CKAN loses when a file is uploaded under a Japanese name: its name, format and media type."""

from __future__ import annotations

from typing import Any

from ckan.lib.munge import munge_filename

from ckanext.kagoshima.resources import formats

_OF_THE_OLD_FILE = ("hash", "validation_status", "rule_set", "row_count", "encoding", "size")


def prepare(resource: dict[str, Any]) -> None:
    """Fill in `format`, `mimetype` and `name` of a resource that is about to be saved with an upload.

    CKAN stores ``公共施設一覧.csv`` as ``.csv``, without a format; the original name stays the resource's title and the file
    is stored as ``data.csv``. What a form carries along of the file before is dropped.
    """
    upload = resource.get("upload")
    original = getattr(upload, "filename", None)
    if upload is None or not original:
        return
    for name in _OF_THE_OLD_FILE:
        resource.pop(name, None)
    resource["hash"] = ""  # a column of CKAN's own table: left out, the old value would stay
    found = formats.of(original)
    if found is not None:
        resource["format"] = resource.get("format") or found.name
        resource["mimetype"] = found.media_type
    resource["name"] = resource.get("name") or original.rsplit(".", 1)[0]
    munged = munge_filename(original)
    if not munged.rsplit(".", 1)[0].strip("_-. "):
        suffix = original.rsplit(".", 1)[-1].lower() if "." in original else "bin"
        upload.filename = f"data.{suffix}"
