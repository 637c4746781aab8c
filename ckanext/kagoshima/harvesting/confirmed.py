"""What the merge takes from persons and from the harvest beside a file's own bytes: how it is to be read, and the marks of
safety rows that the publisher's newest file lacks."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence

from ckan import model

from ckanext.kagoshima.harvesting import readings
from ckanext.kagoshima.harvesting.model import MissingRow
from recommended_datasets.consolidation import Contribution
from recommended_datasets.definition import Definition
from recommended_datasets.merged_columns import STATUS
from recommended_datasets.row_identity import fold

NOT_IN_LATEST = "市町村の最新版にありません（確認中）"


def mark(resource_id: str, code: str, definition: Definition) -> str:
    """Changes whenever the rows that the resource gives may be others although its bytes are the same."""
    said = [readings.of_resource(resource_id, code).mark]
    if definition.safety:
        said += sorted(f"{one.key}{one.held}{one.sha256}" for one in _marks(resource_id))
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


def row_key(name: str | None, address: str | None) -> str:
    """By what a row is known again in the publisher's next file: its folded name and address."""
    return hashlib.sha256(f"{fold(name or '')}\x1f{fold(address or '')}".encode()).hexdigest()[:32]


def with_marks(
    contribution: Contribution, resource_id: str, definition: Definition, earlier: Callable[[str], Contribution | None]
) -> Contribution:
    """The contribution with the status of its rows, and with the rows that the newest file lacks until somebody confirms
    that they are gone. Its balance stays that of the file.

    :param earlier: what the archived file of a sha256 gives; None where it is not kept any more
    """
    marks = _marks(resource_id) if definition.safety and contribution.columns else []
    if not marks:
        return contribution
    columns = {name: list(cells) for name, cells in contribution.columns.items()}
    here = _keys(columns)
    waiting = {one.key for one in marks if one.held}
    columns[STATUS.id] = [NOT_IN_LATEST if key in waiting else "" for key in here]
    gone: dict[str, set[str]] = {}
    for one in marks:
        if not one.held and one.key not in here:
            gone.setdefault(one.sha256, set()).add(one.key)
    for sha256, keys in gone.items():
        before = earlier(sha256)
        if before is None:
            continue
        for row, key in enumerate(_keys(before.columns)):
            if key in keys:
                keys.discard(key)
                for name, cells in columns.items():
                    cells.append(NOT_IN_LATEST if name == STATUS.id else before.columns[name][row])
    return dataclasses.replace(contribution, columns=columns)


def _marks(resource_id: str) -> list[MissingRow]:
    return model.Session.query(MissingRow).filter(MissingRow.resource_id == resource_id).order_by(MissingRow.key).all()


def _keys(columns: Mapping[str, Sequence[str | None]]) -> list[str]:
    names = columns.get("name", ())
    addresses = columns.get("address", [""] * len(names))
    return [row_key(name, address) for name, address in zip(names, addresses, strict=True)]
