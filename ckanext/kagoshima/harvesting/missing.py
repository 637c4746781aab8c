"""Rows of safety data that the newest file lacks: said at once, whether or not the file was few enough rows short to be held.

A shelter that is missing from a list may be closed or may be forgotten; who looks for it must know that the question is open:
「市町村の最新版にありません（確認中）」.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import jobs as consolidation
from ckanext.kagoshima.harvesting import archive, decisions, differences
from ckanext.kagoshima.harvesting.confirmed import row_key
from ckanext.kagoshima.harvesting.model import MissingRow, SourceFile
from recommended_datasets.normalisation import normalise_checked


def note(row: SourceFile, before: str, after: str, *, held: bool = False) -> int:
    """Compare two versions of a file by their sha256; mark what the later one lacks and take the mark off what it has again.

    Returns how many rows are marked. Only for datasets whose definition says `safety`. The caller commits.
    """
    if not row.dataset or not before or before == after or not catalogue.load().standard(row.dataset).safety:
        return 0
    try:
        earlier, later = _keys(row, before), _keys(row, after)
    except archive.NotArchived:
        return 0
    marks = {mark.key: mark for mark in model.Session.query(MissingRow).filter(MissingRow.file_id == row.id)}
    for key, mark in marks.items():
        if key in later:
            model.Session.delete(mark)
    gone = [key for key in earlier if key not in later]
    for key in gone:
        line, name, address = earlier[key]
        values = {
            "file_id": row.id,
            "key": key,
            "dataset": row.dataset,
            "municipality_code": row.municipality_code,
            "package_name": row.package_name,
            "resource_id": row.resource_id,
            "name": name,
            "address": address,
            "sha256": before,
            "line": line,
            "held": held,
        }
        statement = insert(MissingRow).values(**values)
        model.Session.execute(statement.on_conflict_do_update(index_elements=["file_id", "key"], set_={"held": held}))
    if gone or marks:
        consolidation.enqueue(row.dataset)
    return len(gone)


def forget_held(file_id: str) -> None:
    """The held file was rejected, or replaced by what is public: what it lacked is not in question."""
    for mark in model.Session.query(MissingRow).filter(MissingRow.file_id == file_id, MissingRow.held.is_(True)):
        model.Session.delete(mark)
        consolidation.enqueue(mark.dataset)


def waiting(file_id: str) -> list[str]:
    """Keys of the rows that the held version of the file lacks."""
    query = model.Session.query(MissingRow.key).filter(MissingRow.file_id == file_id, MissingRow.held.is_(True))
    return [key for (key,) in query]


def confirm(file_id: str, keys: Iterable[str], actor: str, reason: str) -> int:
    """A person knows that the rows are gone: their marks end. Returns how many there were."""
    wanted = list(keys)
    marks = model.Session.query(MissingRow).filter(MissingRow.file_id == file_id, MissingRow.key.in_(wanted)).all()
    for mark in marks:
        decisions.record(
            "confirm",
            file_id,
            actor=actor,
            code=mark.municipality_code,
            dataset=mark.dataset,
            cause=mark.key,
            reason=reason,
            detail={"name": mark.name, "sha256": mark.sha256, "line": mark.line},
        )
        model.Session.delete(mark)
    datasets = {mark.dataset for mark in marks}
    model.Session.commit()
    for dataset in sorted(datasets):
        consolidation.enqueue(dataset)
    return len(marks)


def rows(*, dataset: str = "", package: str = "") -> list[dict[str, Any]]:
    """The marked rows of a standard dataset or of a catalogue dataset, by publisher and name."""
    query = model.Session.query(MissingRow)
    if dataset:
        query = query.filter(MissingRow.dataset == dataset)
    if package:
        query = query.filter(MissingRow.package_name == package)
    found = query.order_by(MissingRow.municipality_code, MissingRow.name).limit(1000)
    keys = (
        "file_id",
        "key",
        "dataset",
        "municipality_code",
        "package_name",
        "resource_id",
        "name",
        "address",
        "sha256",
        "line",
        "held",
    )
    return [{**{key: getattr(one, key) for key in keys}, "since": one.since.isoformat()} for one in found]


def _keys(row: SourceFile, sha256: str) -> dict[str, tuple[int, str, str]]:
    checked = differences.judged(row, sha256).checked
    if checked.table is None or checked.definition is None:
        return {}
    normalised = normalise_checked(checked, row.municipality_code)
    names = normalised.columns.get("name") or [""] * checked.table.row_count
    addresses = normalised.columns.get("address") or [""] * checked.table.row_count
    found: dict[str, tuple[int, str, str]] = {}
    for line, name, address in zip(checked.table.lines, names, addresses, strict=True):
        if name:
            found.setdefault(row_key(name, address), (int(line), name, address or ""))
    return found
