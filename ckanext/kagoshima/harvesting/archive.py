"""The archive: every collected file once, by its sha256, in a CKAN storage of its own.

The storage is ``ckan.files.storage.kagoshima_archive`` (a folder in the demo, S3 in production). A row says that a
file is whole: it is written after the bytes, so a killed upload is simply done again.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ckan import model
from ckan.lib import files
from sqlalchemy.dialects.postgresql import insert

from ckanext.kagoshima import config
from ckanext.kagoshima.harvesting.model import ArchivedFile, ArchiveVisit, now


class NotArchived(Exception):
    """No bytes with this hash: never collected, purged, or past their retention."""


def store(body: bytes, *, url: str, content_type: str = "", headers: dict[str, str] | None = None) -> str:
    """Keep `body` and note where it came from. Returns the sha256. The caller commits."""
    digest = hashlib.sha256(body).hexdigest()
    row = model.Session.get(ArchivedFile, digest)
    if row is None or row.purged:
        storage = _storage()
        location = storage.prepare_location(_path(digest))
        _write(storage, location, body)
        statement = insert(ArchivedFile).values(
            sha256=digest, size=len(body), location=str(location), content_type=content_type
        )
        model.Session.execute(statement.on_conflict_do_update(index_elements=["sha256"], set_={"purged": None}))
    visit = insert(ArchiveVisit).values(sha256=digest, url=url, at=now(), headers=headers or {})
    model.Session.execute(visit.on_conflict_do_nothing())
    return digest


def read(sha256: str) -> bytes:
    """The bytes with this hash.

    :raises NotArchived: there are none
    """
    row = model.Session.get(ArchivedFile, sha256)
    if row is None or row.purged:
        raise NotArchived(sha256)
    try:
        body = _storage().content(files.FileData(files.Location(row.location)))
    except (files.exc.MissingFileError, OSError) as error:
        raise NotArchived(sha256) from error
    if hashlib.sha256(body).hexdigest() != sha256:
        raise NotArchived(sha256)
    return body


def has(sha256: str) -> bool:
    row = model.Session.get(ArchivedFile, sha256) if sha256 else None
    return row is not None and not row.purged


def known(hashes: Iterable[str]) -> set[str]:
    """Those of `hashes` whose bytes are here, in one query."""
    wanted = {one for one in hashes if one}
    if not wanted:
        return set()
    query = model.Session.query(ArchivedFile.sha256).filter(ArchivedFile.sha256.in_(wanted), ArchivedFile.purged.is_(None))
    return {one for (one,) in query}


def forget(sha256: str) -> None:
    """The bytes are not where the table says: when they come again they are stored again."""
    model.Session.query(ArchivedFile).filter(ArchivedFile.sha256 == sha256).delete()


def remove(sha256: str) -> bool:
    """Take the bytes away for good; the row stays and says when. The caller commits."""
    row = model.Session.get(ArchivedFile, sha256)
    if row is None:
        return False
    with suppress(files.exc.MissingFileError, OSError):
        _storage().remove(files.FileData(files.Location(row.location)))
    row.purged = now()
    return True


def _path(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _storage() -> Any:
    name = config.archive_storage()
    try:
        return files.get_storage(name)
    except files.exc.UnknownStorageError:
        return files.get_storage()  # an installation without an archive of its own keeps it beside its other files


def _write(storage: Any, location: Any, body: bytes) -> None:
    def upload() -> None:
        storage.upload(location, files.make_upload(io.BytesIO(body)))

    try:
        upload()
    except files.exc.ExistingFileError:  # left by a run that was killed before it wrote the row
        storage.remove(files.FileData(location))
        upload()
