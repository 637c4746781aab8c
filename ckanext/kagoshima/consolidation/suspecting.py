"""Suspected duplicates of a merged table: looked for after each run around what changed, shown, and decided by people."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.datastore.backend.postgres import get_read_engine, identifier  # type: ignore
from ckanext.kagoshima.checking import catalogue
from ckanext.kagoshima.consolidation import decisions
from ckanext.kagoshima.consolidation.model import MergeChange, MergeRun, MergeSuspect, now
from ckanext.kagoshima.consolidation.naming import table_id
from recommended_datasets import outputs, row_identity, suspects
from recommended_datasets.definition import Definition

_FEW = 20_000
"""Rows up to which the whole table is looked through."""
_AT_ONCE = 5_000
"""Rows that are compared at a time."""
_OPEN = ("open", "gone")
_TOLD = 200
"""Pairs of a table that are told at a time."""


def _columns(definition: Definition) -> list[str]:
    key, names = row_identity.identity_fields(definition)
    wanted = ["row_id", "publisher_code", "publisher_name", "source_resource", key, *names, "address", "latitude", "longitude"]
    fixed = ("row_id", "publisher_code", "publisher_name", "source_resource")
    return list(dict.fromkeys(name for name in wanted if name in fixed or name in definition))


def _folded(column: str) -> str:
    """A text column as `row_identity.fold` compares it."""
    old, new = "".join(row_identity.VARIANTS), "".join(row_identity.VARIANTS.values())
    return f"lower(translate(regexp_replace(normalize({column}, NFKC), '\\s', '', 'g'), '{old}', '{new}'))"


def _around(definition: Definition, changed: Collection[str]) -> Iterator[suspects.Suspect]:
    """The pairs of changed rows with what stands within some 20 metres or under the same id."""
    table = identifier(table_id(definition.id))
    selected = ", ".join(f"t.{identifier(name)}" for name in _columns(definition))
    key, _ = row_identity.identity_fields(definition)
    statement = f"SELECT {selected} FROM {table} t WHERE t.row_id = ANY(:changed)"
    if outputs.point_columns(definition):
        statement += (
            f" UNION SELECT {selected} FROM {table} c JOIN {table} t ON point(t.longitude, t.latitude) <@ "
            "box(point(c.longitude - 0.0003, c.latitude - 0.0003), point(c.longitude + 0.0003, c.latitude + 0.0003)) "
            "WHERE c.row_id = ANY(:changed)"
        )
    if key:
        statement += (
            f" UNION SELECT {selected} FROM {table} c JOIN {table} t ON t.{identifier(key)} = c.{identifier(key)} "
            "AND t.source_resource = c.source_resource WHERE c.row_id = ANY(:changed)"
        )
    with get_read_engine().connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.text(statement), {"changed": list(changed)}).mappings()]
    yield from (one for one in suspects.pairs(definition, rows) if one.row_id in changed or one.other_row_id in changed)


Pairs = dict[tuple[str, str], suspects.Suspect]
"""By the ids of their two rows."""


def everywhere(definition: Definition) -> Pairs:
    """All pairs of the whole table as it is in the DataStore. Does without the session."""
    return _by_rows(_everywhere(definition)) if suspects.comparable(definition) else {}


def _by_rows(pairs: Iterable[suspects.Suspect]) -> Pairs:
    return {(one.row_id, one.other_row_id): one for one in pairs}


def _everywhere(definition: Definition) -> Iterator[suspects.Suspect]:
    """Of one id, then of one name (whose reason counts more)."""
    key, names = row_identity.identity_fields(definition)
    ways = [(True, ["source_resource", identifier(key)])] if key else []
    ways.append((False, [_folded(identifier(name)) for name in names]))
    for by_id, same in ways:
        for rows in _several(definition, same):
            yield from (one for one in suspects.pairs(definition, rows) if (one.reason == "same-id") == by_id)


def _several(definition: Definition, same: list[str]) -> Iterator[list[dict[str, Any]]]:
    """The rows that share `same` (SQL expressions) with another, some at a time; rows that share it are never parted."""
    table, both = identifier(table_id(definition.id)), ", ".join(same)
    groups = [f"{one} AS _group{number}" for number, one in enumerate(same)]
    selected = ", ".join([*groups, *map(identifier, _columns(definition))])
    several = f"SELECT {both} FROM {table} GROUP BY {both} HAVING count(*) > 1"
    statement = f"SELECT {selected} FROM {table} WHERE ({both}) IN ({several}) ORDER BY {both}"
    with get_read_engine().connect() as connection:
        # A cursor is planned for its first tenth, and then each row may be compared with each group; for all of it, by hash.
        connection.execute(sa.text("SET LOCAL cursor_tuple_fraction = 1"))
        rows = connection.execute(sa.text(statement), execution_options={"yield_per": _AT_ONCE}).mappings()
        gathered: list[dict[str, Any]] = []
        for _, group in itertools.groupby(rows, lambda row: [row[f"_group{number}"] for number in range(len(same))]):
            gathered += map(dict, group)
            if len(gathered) >= _AT_ONCE:
                yield gathered
                gathered = []
        yield gathered


def update(definition: Definition, run: MergeRun, found: Pairs | None = None) -> None:
    """Bring the suspected pairs up to date after a run. Commits. Decided pairs stay. `found`: those of the whole table, where
    they were looked for already."""
    if not suspects.comparable(definition):
        return
    touched_rows = run.added + run.removed + run.changed
    partly = found is None and run.accepted > _FEW and touched_rows < run.accepted / 20
    changed: Collection[str] = changed_rows(run) if partly else ()
    if found is None:
        found = _by_rows(_around(definition, changed)) if partly else everywhere(definition)
    for stored in model.Session.query(MergeSuspect).filter(MergeSuspect.dataset == definition.id):
        touched = not partly or stored.row_id in changed or stored.other_row_id in changed
        one = found.pop((stored.row_id, stored.other_row_id), None)
        if touched and stored.state in _OPEN:
            stored.state = "gone" if one is None else "open"
            stored.reason = one.reason if one is not None else stored.reason
    for one in found.values():
        model.Session.add(
            MergeSuspect(dataset=definition.id, row_id=one.row_id, other_row_id=one.other_row_id, reason=one.reason, at=now())
        )
    model.Session.commit()


def changed_rows(run: MergeRun) -> set[str]:
    """The row ids that a run changed in any way."""
    query = model.Session.query(MergeChange.row_id).filter(MergeChange.dataset == run.dataset, MergeChange.run_id == run.id)
    return {row_id for (row_id,) in query}


def listed(definition: Definition, limit: int = 100, offset: int = 0) -> tuple[int, list[dict[str, Any]]]:
    """How many pairs are open, and a page of them with what the two rows say."""
    query = model.Session.query(MergeSuspect).filter(MergeSuspect.dataset == definition.id, MergeSuspect.state == "open")
    page = query.order_by(MergeSuspect.row_id, MergeSuspect.other_row_id).offset(offset).limit(limit).all()
    ids = {row_id for one in page for row_id in (one.row_id, one.other_row_id)}
    known = {row["row_id"]: row for row in _of(definition, ids)}
    return query.count(), [
        {
            "reason": one.reason,
            "since": one.at.isoformat(),
            "rows": [known.get(row_id, {"row_id": row_id}) for row_id in (one.row_id, one.other_row_id)],
        }
        for one in page
    ]


def _of(definition: Definition, ids: Collection[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    selected = ", ".join(identifier(name) for name in _columns(definition))
    statement = f"SELECT {selected} FROM {identifier(table_id(definition.id))} WHERE row_id = ANY(:ids)"
    with get_read_engine().connect() as connection:
        return [dict(row) for row in connection.execute(sa.text(statement), {"ids": list(ids)}).mappings()]


def decided(definition: Definition, most: int = 50) -> list[dict[str, Any]]:
    """The newest decisions: when, about what, which of the two states, why. Who decided is not public."""
    query = model.Session.query(MergeSuspect).filter(MergeSuspect.dataset == definition.id, MergeSuspect.decided.isnot(None))
    found = query.order_by(MergeSuspect.decided.desc()).limit(most).all()
    names = {row["row_id"]: row.get("name") for row in _of(definition, {id_ for one in found for id_ in _ids(one)})}
    return [
        {
            "state": one.state,
            "decided": one.decided,
            "why": one.why,
            "name": next(filter(None, map(names.get, _ids(one))), one.row_id),
        }
        for one in found
    ]


def _ids(suspect: MergeSuspect) -> tuple[str, str]:
    return suspect.row_id, suspect.other_row_id


def to_tell() -> Iterator[tuple[str, str, str]]:
    """(publisher's code, what it is about, words) of every open pair, for each publisher that it concerns."""
    for (dataset,) in model.Session.query(MergeSuspect.dataset).filter(MergeSuspect.state == "open").distinct().all():
        definition = catalogue.load().standard(dataset)
        _, pairs = listed(definition, limit=_TOLD)
        for pair in pairs:
            names = [f"{row.get('name') or row['row_id']}（{row.get('address') or '住所なし'}）" for row in pair["rows"]]
            subject = f"{dataset}:" + ":".join(row["row_id"] for row in pair["rows"])
            words = (
                f"・{definition.title['ja']}: {' と '.join(names)} は同じものではありませんか。統合データには両方あります。\n"
                "　→ 同じなら元のファイルから一方を除くか、県の担当者に知らせてください。別なら何もしなくて構いません。\n"
                "　(Are these two rows one thing? Both are in the merged table.)"
            )
            for code in dict.fromkeys(row["row_id"].split("-")[0] for row in pair["rows"]):
                yield code, subject, words


def decide(definition: Definition, row_id: str, other: str, *, drop: str | None, why: str, user: str) -> MergeSuspect:
    """A person's decision about a pair: `drop` one of the two rows, or None: they are two things. The caller commits.

    :raises KeyError: there is no such pair
    """
    one, two = sorted((row_id, other))
    suspect = model.Session.get(MergeSuspect, (definition.id, one, two))
    if suspect is None:
        raise KeyError(row_id)
    if drop is not None:
        (row,) = _of(definition, {drop})
        texts = {key: value if value is None or isinstance(value, str) else str(value) for key, value in row.items()}
        (known,) = row_identity.facts(definition, [texts])
        suspect.facts = {
            "dropped": drop,
            "resource": row["source_resource"],
            "fingerprint": decisions.fingerprint(known),
        }
    suspect.state = decisions.CONFIRMED if drop is not None else "different"
    suspect.decided_by, suspect.decided, suspect.why = user, now(), why
    return suspect
