"""What two versions of a file, or two routes to the same rows, say differently: line, row, column and value, for people who
have nothing but a mail. Read from the archive when it is told; no value is kept anywhere by this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ckanext.harvest.model import HarvestSource
from ckanext.kagoshima.harvesting import archive, readings
from ckanext.kagoshima.harvesting.entries import file_name
from ckanext.kagoshima.harvesting.model import SourceFile
from ckanext.kagoshima.harvesting.sources import Declared
from recommended_datasets.messages import entry
from recommended_datasets.row_identity import fold

SHOWN = 20
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is written, at its line in the file."""

    line: int
    name: str
    cells: dict[str, str] = field(default_factory=dict)


def judged(row: SourceFile, sha256: str) -> readings.Judged:
    """The archived content read as persons said that this source's files are to be read.

    :raises archive.NotArchived: it is not kept
    """
    source = HarvestSource.get(row.source_id)
    reading = readings.of_source(row.source_id, Declared.of(source)) if source is not None else readings.NOTHING
    name, code, dataset = file_name(row.url), row.municipality_code, row.dataset
    body = archive.read(sha256)
    return readings.judged(body, name, reading, dataset=dataset, municipality_code=code, stated=bool(dataset))


def told(before: tuple[SourceFile, str], after: tuple[SourceFile, str]) -> list[str]:
    """Lines of text: the rows that only one of two archived contents has, and the cells that differ in rows of both."""
    try:
        earlier, later = rows(*before), rows(*after)
    except archive.NotArchived:
        return []
    gone = [one for key, one in earlier.items() if key not in later]
    new = [one for key, one in later.items() if key not in earlier]
    cells = [
        f"{one.line} 行目「{_short(one.name)}」列「{column}」: 「{_short(earlier[key].cells[column])}」→「{_short(text)}」"
        for key, one in later.items()
        if key in earlier
        for column, text in one.cells.items()
        if column in earlier[key].cells and earlier[key].cells[column] != text
    ]
    return [
        *_listed("なくなった行（前の版の行番号）", "rows gone", (f"{one.line} 行目「{_short(one.name)}」" for one in gone)),
        *_listed("増えた行", "new rows", (f"{one.line} 行目「{_short(one.name)}」" for one in new)),
        *_listed("変わった値", "changed values", cells),
    ]


def questions(row: SourceFile) -> list[str]:
    """Lines of text: accepted repairs that no longer fit the row they were made for, and what stands there now."""
    try:
        found = judged(row, row.published_sha256 or row.sha256)
    except archive.NotArchived:
        return []
    definition = found.checked.definition
    lines = []
    for conflict in found.conflicts:
        step = conflict.step
        column = definition.field(step.field).name if definition is not None and step.field in definition else step.field
        key = "、".join(text for _field, text in step.key)
        words = entry(conflict.code)["ja"].format(value=_short(conflict.value))
        place = f"{conflict.line} 行目" if conflict.line else "行"
        repair = f"「{_short(step.old)}」→「{_short(step.new)}」"
        lines.append(f"{place}「{_short(key)}」列「{column}」: 採用した修正は{repair}。{words}")
    return list(_listed("当てられない修正", "repairs that no longer fit", lines))


def rows(row: SourceFile, sha256: str) -> dict[str, Row]:
    """The rows of an archived content by what they are known again by: name and address, else all their cells.

    :raises archive.NotArchived: it is not kept
    """
    checked: Any = judged(row, sha256).checked
    table = checked.table
    if table is None:
        return {}
    places = {match.field: match.index for match in checked.columns if match.field in ("name", "address")}
    found: dict[str, Row] = {}
    for number, line in enumerate(table.lines):
        cells = {header: str(column[number]).strip() for header, column in zip(table.header, table.columns, strict=True)}
        named = {name: str(table.columns[place][number]).strip() for name, place in places.items()}
        key = "\x1f".join(fold(text) for text in (named.values() if named.get("name") else cells.values()))
        name = named.get("name") or next((text for text in cells.values() if text), "")
        found.setdefault(key, Row(int(line), name, cells))
    return found


def _listed(ja: str, en: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if not lines:
        return
    yield f"{ja} {len(lines)} 件 / {en}: {len(lines)}"
    yield from (f"　{line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"　ほか {len(lines) - SHOWN} 件 / and {len(lines) - SHOWN} more"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
