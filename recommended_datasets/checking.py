"""`check_bytes`: read → identify → match → validate. The one route of CLI, upload, harvest, API and merge."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from recommended_datasets import catalog as catalogs
from recommended_datasets import matching
from recommended_datasets.definition import Definition
from recommended_datasets.reader import read_table
from recommended_datasets.report import ColumnMatch, Issue, Report
from recommended_datasets.rules_place import Polygon
from recommended_datasets.sniffing import refuse_other_formats
from recommended_datasets.table import ReadError, Table
from recommended_datasets.validation import Validation

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

    from recommended_datasets.catalog import Catalog
    from recommended_datasets.mapping import Mapping
    from recommended_datasets.values_columns import Column

LARGE = 1_500_000
"""Bytes of a CSV file from which the fast lane pays: below, starting it costs more than it saves."""
EXACT = 40_000_000
"""Bytes of a CSV file up to which the exact reader reads it in one go: beyond, it would need more than 400 MB."""
_CODE_IN_NAME = re.compile(r"(?<![0-9])([0-9]{6})_")


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check_bytes` found. `table` and `definition` are None where the file could not be read or is of no standard."""

    report: Report
    table: Table | None = None
    definition: Definition | None = None
    columns: tuple[ColumnMatch, ...] = ()
    municipality_code: str | None = None
    """The publisher: as given, else the code that most rows name, else that of the file name."""
    read: Map[str, Column] | None = None
    """The columns of `table` as the check read them, to spare `normalise` the same work; None where it has to read itself."""
    constants: Map[str, str] = field(default_factory=dict[str, str])
    """What a person's mapping says of fields that the file has no column for."""


def check_bytes(
    data: bytes | Path,
    *,
    name: str = "",
    dataset: str | None = None,
    edition: str | None = None,
    municipality_code: str | None = None,
    mapping: Mapping | None = None,
    sheet: str | None = None,
    catalog: Catalog | None = None,
    polygon: Polygon | None = None,
    report_only: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Checked:
    """Read and judge one file. Never raises for bad data: a file that cannot be read has ``status`` error.

    `dataset` and `edition` left out are found by the header; `KeyError` when no such definition exists. `mapping` is a
    person's confirmed column mapping and comes before every name. `report_only`: the caller does not ask for `Checked.table`,
    so that a large CSV file (a path of `LARGE` bytes or more) may be checked in bounded memory, with the same report;
    `progress` is then called with the rows of each block.
    """
    catalog = catalog or catalogs.load()
    if dataset is not None:
        chosen = catalog.get(dataset, edition) if edition else None
    else:
        chosen = None
    if report_only and isinstance(data, Path):
        checked = _check_large(data, name, dataset, chosen, municipality_code, mapping, catalog, polygon, progress)
        if checked:
            return checked
    try:
        table = read_table(data, name=name, mapping=mapping, sheet=sheet, known=catalog.knows)
    except ReadError as error:
        sha256 = hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else ""
        return Checked(_unreadable(error, catalog, sha256), municipality_code=municipality_code)
    definition, columns = _definition(table, catalog, dataset, chosen, mapping)
    if definition is None:
        return Checked(_of_no_standard(table, catalog, name), table, municipality_code=municipality_code)
    constants = dict(mapping.constants) if mapping else {}
    publisher = municipality_code or _named_publisher(name, table, columns)
    validation = Validation(
        definition, municipality_code=publisher, columns=columns, catalog=catalog, constants=constants, polygon=polygon
    )
    validation.feed(table)
    report = validation.finish()
    return Checked(report, table, definition, columns, validation.publisher, validation.read, constants)


def _check_large(
    path: Path,
    name: str,
    dataset: str | None,
    chosen: Definition | None,
    municipality_code: str | None,
    mapping: Mapping | None,
    catalog: Catalog,
    polygon: Polygon | None,
    progress: Callable[[int], None] | None,
) -> Checked | None:
    """The fast lane; None where the exact reader has to read the file. A file that is too large for it is refused."""
    try:
        size = path.stat().st_size
        if size < LARGE:
            return None
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        return None
    if head.startswith((b"PK", b"\xd0\xcf\x11\xe0")) or (mapping and mapping.sheet):
        return None
    if not compiled():
        return _too_large(path, "", catalog) if size > EXACT else None
    from recommended_datasets import fast

    header_line = (mapping.header_line if mapping else None) or 0
    try:
        with fast.Opened(path, catalog, header_line) as opened:
            first = opened.first
            definition, columns = _definition(first, catalog, dataset, chosen, mapping)
            if definition is None:
                return Checked(_of_no_standard(_counted(opened.tables()), catalog, name)) if size > EXACT else None
            code = municipality_code or _named_publisher(name, first, columns)
            constants = dict(mapping.constants) if mapping else {}
            job = fast.Job(opened, definition, columns, catalog, code, constants, polygon, header_line, progress)
            report, publisher = fast.check_large(job)
    except fast.Unsuitable as error:
        return _too_large(path, str(error), catalog) if size > EXACT else None
    return Checked(report, None, definition, columns, publisher)


def _counted(blocks: Iterator[Table]) -> Table:
    """A large file of no standard: its first block, with the rows, issues and hash of the whole file."""
    first = last = next(blocks)
    rows, issues = first.row_count, list(first.issues)
    for last in blocks:
        rows += last.row_count
        issues += last.issues
    return replace(first, lines=range(rows), issues=tuple(issues), sha256=last.sha256)


def compiled() -> bool:
    """Whether the compiled part, which reads large files, is installed."""
    return find_spec("recommended_datasets._cells") is not None


def _too_large(path: Path, reason: str, catalog: Catalog) -> Checked:
    """A large file that cannot be read piece by piece; `reason` "": by nobody here."""
    with path.open("rb") as file:
        head = file.read(5 << 20)
    try:
        refuse_other_formats(head)
        code = "too-large-for-layout" if reason else "too-large-uncompiled"
        error = ReadError(code, megabytes=path.stat().st_size >> 20, limit=EXACT // 1_000_000, reason=reason)
    except ReadError as other:
        error = other
    return Checked(_unreadable(error, catalog))


def _unreadable(error: ReadError, catalog: Catalog, sha256: str = "") -> Report:
    values = tuple((key, str(value)) for key, value in error.values.items())
    issue = Issue(error.code, "error", values=values)
    return Report("error", catalog.rule_set, issues=(issue,), issue_counts={error.code: 1}, sha256=sha256)


def _definition(
    table: Table, catalog: Catalog, dataset: str | None, chosen: Definition | None, mapping: Mapping | None
) -> tuple[Definition | None, tuple[ColumnMatch, ...]]:
    """The edition that the file follows and how its columns are understood."""
    if chosen is None and dataset is not None:
        chosen = _edition(table, catalog, dataset)
    if chosen is None:
        matches = matching.identify(table, catalog)
        if not matches:
            return None, ()
        chosen = matches[0].definition
        if mapping is None:
            return chosen, tuple(matches[0].columns)
    return chosen, matching.match_columns(table, chosen, mapping, catalog)


def _edition(table: Table, catalog: Catalog, dataset: str) -> Definition:
    """Of a dataset that somebody named: the edition that fits the header best, the newest where none does."""
    for match in matching.identify(table, catalog):
        if match.definition.id == dataset:
            return match.definition
    return catalog.standard(dataset)


def _named_publisher(name: str, table: Table, columns: Sequence[ColumnMatch]) -> str | None:
    """The code in an official file name (``462012_aed.csv``), where the file itself has no column that says it."""
    from recommended_datasets import municipality

    if any(match.field == "municipality_code" for match in columns):
        return None
    found = _CODE_IN_NAME.match(Path(name).name)
    return found[1] if found and municipality.valid(found[1]) else None


def _of_no_standard(table: Table, catalog: Catalog, name: str) -> Report:
    """Not a recommended dataset: `failure`, with the nearest ones and what was wrong with the bytes."""
    near = tuple(matching.nearest(table, catalog, name=name))
    values = ()
    if near:
        title = catalog.standard(near[0][0]).title
        values = (
            ("nearest", title.get("ja", near[0][0])),
            ("nearest_en", title.get("en", near[0][0])),
            ("share", f"{near[0][1]:.0%}"),
        )
    issues = (Issue("no-standard-dataset", "error", values=values), *table.issues)
    counts: dict[str, int] = {}
    for issue in issues:
        counts[issue.code] = counts.get(issue.code, 0) + 1
    columns = tuple(ColumnMatch(index, header, None, "none") for index, header in enumerate(table.header))
    return Report(
        "failure",
        catalog.rule_set,
        encoding=table.encoding,
        header_line=table.header_line,
        row_count=table.row_count,
        issues=issues,
        issue_counts=counts,
        columns=columns,
        nearest=near,
        notes=table.notes,
        sha256=table.sha256,
    )
