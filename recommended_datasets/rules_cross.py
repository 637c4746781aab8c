"""Checks across the files of one publisher: the same facility must not be two places, nor one ID two facilities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import TYPE_CHECKING

from recommended_datasets.definition import Definition
from recommended_datasets.normalisation import Normalised, normalise_checked
from recommended_datasets.report import Issue
from recommended_datasets.values_parsed import compare_key

if TYPE_CHECKING:
    from recommended_datasets.checking import Checked

FAR = 500.0
"""Metres between two entries of one facility from which its coordinates are said to differ."""
_TOKYO_NORTH, _TOKYO_EAST, _TOKYO_ERROR = 0.00325, -0.00240, 0.0006
"""Degrees from the old Tokyo datum to JGD2011 hereabouts, and how far a site may be from that shift (about 60 m)."""


@dataclass(frozen=True, slots=True)
class FileOfPublisher:
    """One checked file: its name, its definition, and `normalise`'s answer."""

    name: str
    definition: Definition
    table: Normalised


@dataclass(frozen=True, slots=True)
class _Entry:
    file: int
    row: int
    name: str
    address: str
    latitude: float | None
    longitude: float | None


def cross_check(files: Iterable[FileOfPublisher]) -> list[tuple[str, Issue]]:
    """(file name, issue) for each contradiction between files of one publisher; nothing here is an error.

    Codes: ``cross-address`` and ``cross-coordinates`` (the same name, once in each file, at another address or more than
    `FAR` metres away), ``tokyo-datum`` (shifted by just what the old datum differs), ``cross-id`` (one ID of one dataset
    stands for two names). A name that stands twice in one file is no facility that can be compared.
    """
    listed = list(files)
    found: list[tuple[str, Issue]] = []
    seen: dict[str, _Entry] = {}
    for number, file in enumerate(listed):
        for entry in _facilities(number, file):
            first = seen.setdefault(compare_key(entry.name), entry)
            if first.file != number:
                found += _differences(listed, first, entry)
    found += _ids(listed)
    return found


def compare(checked: Mapping[str, Checked]) -> list[tuple[str, Issue]]:
    """`cross_check` of the files of one publisher as `check_bytes` judged them, by name; files of no standard have no part."""
    files = [
        FileOfPublisher(name, found.definition, normalise_checked(found))
        for name, found in checked.items()
        if found.table is not None and found.definition is not None
    ]
    return cross_check(files)


def _facilities(number: int, file: FileOfPublisher) -> Iterator[_Entry]:
    """The rows whose name stands once in the file."""
    columns = file.table.columns
    names = columns.get("name", [])
    keys = [compare_key(name or "") for name in names]
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    blank: list[str | None] = [None] * len(names)
    rows = zip(
        names,
        columns.get("address", blank),
        columns.get("latitude", blank),
        columns.get("longitude", blank),
        strict=True,
    )
    for row, (name, address, latitude, longitude) in enumerate(rows):
        if name and counts[keys[row]] == 1:
            yield _Entry(number, row, name, address or "", _degrees(latitude), _degrees(longitude))


def _degrees(text: str | None) -> float | None:
    return float(text) if text else None


def _differences(files: list[FileOfPublisher], first: _Entry, second: _Entry) -> Iterator[tuple[str, Issue]]:
    earlier = files[first.file]
    where = (("other_file", earlier.name), ("other_line", str(earlier.table.lines[first.row])))
    if first.address and second.address and not _same_address(first.address, second.address):
        values = (*where, ("expected", first.address))
        yield _issue(files, second, "cross-address", "address", second.address, values)
    if None in (first.latitude, first.longitude, second.latitude, second.longitude):
        return
    north = float(first.latitude or 0) - float(second.latitude or 0)
    east = float(first.longitude or 0) - float(second.longitude or 0)
    shift = max(abs(abs(north) - _TOKYO_NORTH), abs(abs(east) - -_TOKYO_EAST))
    text = f"{second.latitude}, {second.longitude}"
    if shift < _TOKYO_ERROR and north * east < 0:
        # In the old datum the same place has the smaller latitude and the greater longitude.
        older = second if north > 0 else first
        values = (*where, ("expected", f"{first.latitude}, {first.longitude}"))
        yield _issue(
            files,
            older,
            "tokyo-datum",
            "latitude",
            text if older is second else f"{first.latitude}, {first.longitude}",
            values,
        )
        return
    metres = hypot(north * 111_320, east * 111_320 * cos(radians(float(first.latitude or 0))))
    if metres > FAR:
        values = (*where, ("expected", f"{first.latitude}, {first.longitude}"), ("metres", f"{metres:.0f}"))
        yield _issue(files, second, "cross-coordinates", "latitude", text, values)


def _same_address(first: str, second: str) -> bool:
    """One of them may lack the prefecture, the county or the building."""
    one, other = sorted((_plain_address(first), _plain_address(second)), key=len)
    return one in other


def _plain_address(address: str) -> str:
    return (
        compare_key(address)
        .replace("番地の", "-")
        .replace("番地", "-")
        .replace("番", "-")
        .replace("号", "")
        .replace("丁目", "-")
        .strip("-")
    )


def _ids(files: list[FileOfPublisher]) -> Iterator[tuple[str, Issue]]:
    first: dict[tuple[str, str], _Entry] = {}
    for number, file in enumerate(files):
        if file.definition.change != "replace" or "name" not in file.table.columns:
            continue  # a snapshot or an appended file repeats its ids
        keys = [field.id for field in file.definition.fields if field.key and field.id in file.table.columns]
        if not keys:
            continue
        for row, (key, name) in enumerate(zip(file.table.columns[keys[0]], file.table.columns["name"], strict=True)):
            if not key or not name:
                continue
            entry = _Entry(number, row, name, "", None, None)
            earlier = first.setdefault((file.definition.id, key), entry)
            if earlier.file != number and compare_key(earlier.name) != compare_key(name):
                other = files[earlier.file]
                values = (
                    ("other_file", other.name),
                    ("other_line", str(other.table.lines[earlier.row])),
                    ("expected", earlier.name),
                    ("key", key),
                )
                yield _issue(files, entry, "cross-id", "name", name, values)


def _issue(
    files: list[FileOfPublisher], entry: _Entry, code: str, field: str, value: str, values: tuple[tuple[str, str], ...]
) -> tuple[str, Issue]:
    file = files[entry.file]
    column = file.definition.field(field).name if field in file.definition else field
    return file.name, Issue(
        code,
        "warning",
        entry.row + 1,
        file.table.lines[entry.row],
        field,
        column,
        value,
        values=(("name", entry.name), *values),
    )
