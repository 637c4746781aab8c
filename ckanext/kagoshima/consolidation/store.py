"""Where the merged tables' files are kept: a CKAN storage (a folder, S3 …), never a path of one host.

Parts and versions are written once under names of their own and never changed, so a run that dies half-way leaves nothing
public that is half-written. On a folder storage, ``current/<dataset>`` is a link to the public version, for the web server.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ckan.lib import files
from file_keeper.default.adapters.fs import FsStorage

from ckanext.kagoshima import config


class Missing(Exception):
    """There is no such file in the storage."""


def storage() -> Any:
    try:
        return files.get_storage(config.public_storage())
    except files.exc.UnknownStorageError:
        return files.get_storage()  # an installation without a storage of its own for them keeps them beside its other files


def folder() -> Path | None:
    """The storage's folder on this host; None for a storage that is not a folder."""
    path = getattr(storage().settings, "path", None)
    return Path(path) if path and isinstance(storage(), FsStorage) else None


def local_path(location: str) -> Path | None:
    """The file itself where the storage is a folder and has it; None otherwise."""
    root = folder()
    if root is None:
        return None
    path = root / location
    return path if path.is_file() else None


def read(location: str) -> bytes:
    """
    :raises Missing: it is not there
    """
    try:
        return storage().content(files.FileData(files.Location(location)))
    except (files.exc.MissingFileError, OSError) as error:
        raise Missing(location) from error


def write(location: str, data: bytes) -> None:
    """Keep `data` under `location`; replaces what a run that died may have left there."""
    with writing(location) as path:
        path.write_bytes(data)


@contextlib.contextmanager
def writing(location: str) -> Iterator[Path]:
    """A local file to write; when the block ends well, it is in the storage under `location`, whole."""
    root = folder()
    if root is not None:
        target = root / location
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=target.parent)
        os.close(handle)
        try:
            yield Path(name)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "file"
        yield path
        with contextlib.suppress(files.exc.MissingFileError):
            storage().remove(files.FileData(files.Location(location)))
        with path.open("rb") as stream:
            storage().upload(files.Location(location), files.make_upload(stream))


@contextlib.contextmanager
def reading(location: str) -> Iterator[Path]:
    """The file as a local path, for libraries that need one.

    :raises Missing: it is not there
    """
    path = local_path(location)
    if path is not None:
        yield path
        return
    data = read(location)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "file"
        copy.write_bytes(data)
        yield copy


def remove_folder(location: str) -> None:
    """Take away everything below `location`. Missing files are no error."""
    root = folder()
    if root is not None:
        shutil.rmtree(root / location, ignore_errors=True)
        return
    for name in list(storage().scan()):
        if str(name).startswith(location.rstrip("/") + "/"):
            with contextlib.suppress(files.exc.MissingFileError):
                storage().remove(files.FileData(files.Location(name)))


def folders(location: str, *, depth: int) -> set[str]:
    """The folders below `location` that have files, as paths of `depth` parts; of a storage that is no folder itself."""
    names = (str(name).split("/") for name in storage().scan())
    start = location.rstrip("/") + "/"
    return {"/".join(parts[:depth]) for parts in names if "/".join(parts).startswith(start) and len(parts) > depth}


def point(name: str, version: str) -> None:
    """Make ``current/<name>`` the link to folder `version`, in one step. Nothing to do on a storage that is no folder: the
    views find the public version in the database."""
    root = folder()
    if root is None:
        return
    link = root / "current" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    target = os.path.relpath(root / version, link.parent)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{link}.new")
    os.symlink(target, f"{link}.new")
    os.replace(f"{link}.new", link)


def pointed(name: str) -> str | None:
    """The folder that ``current/<name>`` links to; None where there is none (or none is needed)."""
    root = folder()
    link = root / "current" / name if root is not None else None
    if root is None or link is None or not link.is_symlink():
        return None
    return os.path.relpath(link.resolve(), root.resolve())
