"""The fast lane: a large CSV file checked block by block in bounded memory, with the report of the exact lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from recommended_datasets.blocks import open_blocks
from recommended_datasets.definition import Definition
from recommended_datasets.fast_ahead import ahead
from recommended_datasets.fast_columns import Columns, usual
from recommended_datasets.fast_hints import Hinting
from recommended_datasets.fast_source import Unsuitable
from recommended_datasets.report import ColumnMatch, Report
from recommended_datasets.rules_place import Polygon
from recommended_datasets.table import Table
from recommended_datasets.validation import Validation

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog

_CODE = "municipality_code"
_CODES = 60
"""Different codes of a block that are counted together, the others one by one."""

__all__ = ["Job", "Opened", "Unsuitable", "check_large", "open_file"]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be checked: the file and all that was found out on its first block."""

    path: Path
    definition: Definition
    columns: tuple[ColumnMatch, ...]
    catalog: Catalog
    municipality_code: str | None = None
    constants: dict[str, str] | None = None
    polygon: Polygon | None = None
    header_line: int = 0
    progress: Callable[[int], None] | None = None
    """Called with the number of rows of each block that was judged."""
    opened: Opened | None = None
    """The file as it was opened for its first block, to go on from there."""


class Opened:
    """A file whose first block was read, for matching its header; the others come from `blocks`, once. Raises `Unsuitable`."""

    def __init__(self, path: Path, catalog: Catalog, header_line: int = 0) -> None:
        self._blocks = open_blocks(path, known=catalog.knows, header_line=header_line)
        self.first = next(self._blocks)

    def blocks(self) -> Iterator[Table]:
        return chain((self.first,), self._blocks)


def open_file(path: Path, catalog: Catalog, header_line: int = 0) -> Opened:
    """The file with its first block. Raises `Unsuitable`."""
    return Opened(path, catalog, header_line)


def check_large(job: Job) -> tuple[Report, str | None]:
    """The report and the publisher. Raises `Unsuitable` where the exact reader has to read the file."""
    blocks = job.opened.blocks() if job.opened else _blocks(job)
    report, publisher, majority = _run(job, None, blocks)
    if job.municipality_code is None and majority != publisher:
        # The first block's publisher is not the one that most rows of the whole file name.
        report, publisher, _ = _run(job, majority, _blocks(job))
    return report, publisher


def _run(job: Job, majority: str | None, blocks: Iterator[Table]) -> tuple[Report, str | None, str | None]:
    """(report, publisher, the code that most rows name). `majority` given: the publisher to infer."""
    validation = Validation(
        job.definition,
        municipality_code=job.municipality_code,
        columns=job.columns,
        catalog=job.catalog,
        constants=job.constants,
        polygon=job.polygon,
    )
    codes: Counter[str] = Counter()
    sha256 = ""
    place = next((match.index for match in job.columns if match.field == _CODE), None)
    tables = ahead(blocks)
    first = next(tables)
    validation.start(first if majority is None or place is None else _with_code(first, place, majority))
    hinting = Hinting(validation)
    # Read, look, judge: each in a thread of its own, so that two processors always have something to do.
    for look in ahead(hinting.look(table) for table in chain((first,), tables)):
        table, sha256 = look.table, look.table.sha256
        if place is not None and job.municipality_code is None:
            _count_codes(codes, look.columns, validation)
        validation.feed(table, hinting.hints(look))
        if job.progress:
            job.progress(table.row_count)
    report = replace(validation.finish(), sha256=sha256)
    most = max(codes, key=lambda code: codes[code]) if codes else validation.publisher
    return report, validation.publisher, most


def _blocks(job: Job) -> Iterator[Table]:
    return open_blocks(job.path, known=job.catalog.knows, header_line=job.header_line)


def _with_code(table: Table, place: int, code: str) -> Table:
    """A table for `Validation.start` in which all rows name this publisher."""
    columns = list(table.columns)
    columns[place] = [code] * table.row_count
    return replace(table, columns=tuple(columns))


def _count_codes(codes: Counter[str], columns: Columns, validation: Validation) -> None:
    """Adds the canonical codes of a block, each in the order of its first row, as the exact lane counts them."""
    texts = columns.texts(_CODE)
    found, rest = usual(texts, columns.hashes(_CODE), _CODES)
    for code, (_, rows) in zip(validation.canonical(_CODE, [text for text, _ in found]), found, strict=True):
        if code:
            codes[code] += int(rows.sum())
    for code in validation.canonical(_CODE, texts.gather(rest).to_list()):
        if code:
            codes[code] += 1
