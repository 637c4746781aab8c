"""The fast lane: a large CSV file checked piece by piece in bounded memory, with the report of the exact lane.

Threads share the pieces: most of the time goes into the compiled loops, which let other threads run. Each piece is judged by
itself (`fast_outcome`); what depends on the pieces before it (record numbers, repeated rows, counts) is settled here, in the
order of the file.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from recommended_datasets.blocks import Blocks
from recommended_datasets.definition import Definition
from recommended_datasets.fast_outcome import CODE, Judge, Outcome
from recommended_datasets.fast_repeats import Repeats
from recommended_datasets.fast_source import Piece, Unsuitable
from recommended_datasets.report import ColumnMatch, Report
from recommended_datasets.rules_place import Polygon
from recommended_datasets.table import Table
from recommended_datasets.validation import Validation

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog

TOGETHER = 12_000_000
"""Bytes of a file from which several threads pay."""
_THREADS = 4
"""At most: each needs memory for a piece or two."""

__all__ = ["Job", "Opened", "Unsuitable", "check_large"]


class Opened:
    """A file whose first block was read, for matching its header; the others come from `tables`, once. Use it as a context:
    the file is closed with it. Raises `Unsuitable`."""

    def __init__(self, path: Path, catalog: Catalog, header_line: int = 0) -> None:
        self.path = path
        self.threads = min(processors(), _THREADS) if path.stat().st_size >= TOGETHER else 1
        self.blocks = Blocks(path, catalog.knows, header_line)

    @property
    def first(self) -> Table:
        return self.blocks.first.table

    def tables(self) -> Iterator[Table]:
        """All blocks. Nothing is judged."""
        return self.blocks.tables()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.blocks.source.file.close()


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be checked: the file and all that was found out on its first block."""

    opened: Opened
    definition: Definition
    columns: tuple[ColumnMatch, ...]
    catalog: Catalog
    municipality_code: str | None = None
    constants: dict[str, str] | None = None
    polygon: Polygon | None = None
    header_line: int = 0
    progress: Callable[[int], None] | None = None
    """Called with the number of rows of each block that was judged."""

    def validation(self, catalog: Catalog | None = None) -> Validation:
        return Validation(
            self.definition,
            municipality_code=self.municipality_code,
            columns=self.columns,
            catalog=catalog,
            constants=self.constants,
            polygon=self.polygon,
        )


def check_large(job: Job) -> tuple[Report, str | None]:
    """The report and the publisher. Raises `Unsuitable` where the exact reader has to read the file."""
    report, publisher, majority = _run(job, job.opened, None)
    if job.municipality_code is None and majority != publisher:
        # The first block's publisher is not the one that most rows of the whole file name.
        with Opened(job.opened.path, job.catalog, job.header_line) as again:
            report, publisher, _ = _run(job, again, majority)
    return report, publisher


def _run(job: Job, opened: Opened, majority: str | None) -> tuple[Report, str | None, str | None]:
    """(report, publisher, the code that most rows name). `majority` given: the publisher to infer."""
    validation = job.validation(job.catalog)
    blocks, first = opened.blocks, opened.first
    place = next((match.index for match in job.columns if match.field == CODE), None)
    validation.start(first if majority is None or place is None else _with_code(first, place, majority))
    codes: Counter[str] = Counter()
    repeats, records = Repeats(), 0
    outcome: Outcome | None = None
    for outcome in _outcomes(job, blocks, validation, opened.threads):
        outcome.numbered(records + 1)
        rows = outcome.verdict.rows
        blocks.took(outcome.counts, rows)
        codes.update(outcome.codes)
        validation.take(outcome.verdict)
        firsts = repeats.find(outcome.first_record, outcome.lines, outcome.keyed)
        validation.take_repeats(outcome.verdict.lost, firsts, outcome.issue)
        records += rows
        if job.progress:
            job.progress(rows)
    assert outcome
    end = blocks.end(outcome.rest, outcome.blanks)
    validation.feed(end)
    report = replace(validation.finish(), sha256=end.sha256)
    most = max(codes, key=lambda code: codes[code]) if codes else validation.publisher
    return report, validation.publisher, most


def _outcomes(job: Job, blocks: Blocks, validation: Validation, threads: int) -> Iterator[Outcome]:
    """The outcome of every piece, in order. Raises `Unsuitable`."""
    judge = Judge(blocks.source, blocks.head, validation)
    before = judge.read(blocks.first)
    records = before.verdict.rows
    yield before
    if threads < 2 or not records:  # what is above the first record is told by the pieces before
        for piece in blocks.pieces:
            before = judge.piece(piece, records, before.rest, before.blanks)
            records += before.verdict.rows
            yield before
        return
    judges = _Judges(job, blocks, validation.publisher)
    with ThreadPoolExecutor(threads, "fast") as pool:
        waiting: deque[tuple[Piece, Future[Outcome]]] = deque()
        try:
            for piece in chain(blocks.pieces, repeat(None)):
                if piece:
                    waiting.append((piece, pool.submit(judges.piece, piece, records)))
                while waiting and (not piece or len(waiting) > threads or waiting[0][1].done()):
                    asked, found = waiting.popleft()
                    if before.rest or before.blanks:  # it was thought that nothing is open before it
                        before = judge.piece(asked, records, before.rest, before.blanks)
                    else:
                        before = found.result()
                    records += before.verdict.rows
                    yield before
                if not piece:
                    return
        finally:
            pool.shutdown(cancel_futures=True)


class _Judges:
    """Judges a piece beside others: each has a judge of its own while it lasts."""

    def __init__(self, job: Job, blocks: Blocks, publisher: str | None) -> None:
        self._job, self._blocks, self._publisher = job, blocks, publisher
        self._free: list[Judge] = []

    def piece(self, piece: Piece, records: int) -> Outcome:
        """The outcome of a piece before which nothing is open, as far as is known; `records` are thought to be before it."""
        judge = self._free.pop() if self._free else self._new()
        try:
            return judge.piece(piece, records)
        finally:
            self._free.append(judge)

    def _new(self) -> Judge:
        validation = self._job.validation()
        validation.start_as(self._publisher)
        head = self._blocks.head
        return Judge(self._blocks.source, replace(head, sorter=copy(head.sorter)), validation)


def _with_code(table: Table, place: int, code: str) -> Table:
    """A table for `Validation.start` in which all rows name this publisher."""
    columns = list(table.columns)
    columns[place] = [code] * table.row_count
    return replace(table, columns=tuple(columns))
