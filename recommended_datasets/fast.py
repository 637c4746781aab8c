"""The fast lane: a large CSV file checked piece by piece in bounded memory, with the report of the exact lane.

Two processes share the pieces. Each piece is judged by itself (`fast_outcome`); what depends on the pieces before it (record
numbers, repeated rows, counts) is settled here, in the order of the file.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from recommended_datasets.blocks import Blocks
from recommended_datasets.definition import Definition
from recommended_datasets.fast_outcome import CODE, Judge, Outcome
from recommended_datasets.fast_repeats import Repeats
from recommended_datasets.fast_source import Piece, Unsuitable
from recommended_datasets.fast_worker import Failed, Setup, Worker
from recommended_datasets.report import ColumnMatch, Report
from recommended_datasets.rules_place import Polygon
from recommended_datasets.table import Table
from recommended_datasets.validation import Validation

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog

TOGETHER = 80_000_000
"""Bytes of a file from which a second process pays: it takes half a second to get ready."""
_WAITING = 6
"""Judged pieces that wait for one before them."""

__all__ = ["Job", "Opened", "Unsuitable", "check_large"]


class Opened:
    """A file whose first block was read, for matching its header; the others come from `tables`, once. Use it as a context:
    the file is closed and the worker ends with it. Raises `Unsuitable`."""

    def __init__(self, path: Path, catalog: Catalog, header_line: int = 0) -> None:
        self.path = path
        self.worker: Worker | None = None
        if path.stat().st_size >= TOGETHER and processors() > 1:
            with suppress(OSError):
                self.worker = Worker()
        try:
            self.blocks = Blocks(path, catalog.knows, header_line)
        except BaseException:
            self._end_worker()
            raise

    @property
    def first(self) -> Table:
        return self.blocks.first.table

    def tables(self) -> Iterator[Table]:
        """All blocks. Nothing is judged."""
        return self.blocks.tables()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_worker()
        self.blocks.source.file.close()

    def _end_worker(self) -> None:
        if self.worker:
            self.worker.close()


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
    blocks, worker, first = opened.blocks, opened.worker, opened.first
    place = next((match.index for match in job.columns if match.field == CODE), None)
    validation.start(first if majority is None or place is None else _with_code(first, place, majority))
    judge = Judge(blocks.source, blocks.head, validation)
    stamp = blocks.source.stamp()
    if worker:
        worker.set_up(_setup(job, opened, validation.publisher))
    codes: Counter[str] = Counter()
    repeats, records = Repeats(), 0
    outcome: Outcome | None = None
    for outcome in _outcomes(blocks, judge, worker):
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
    if worker and blocks.source.stamp() != stamp:
        raise Unsuitable("the file was changed while it was read")
    end = blocks.end(outcome.rest, outcome.blanks)
    validation.feed(end)
    report = replace(validation.finish(), sha256=end.sha256)
    most = max(codes, key=lambda code: codes[code]) if codes else validation.publisher
    return report, validation.publisher, most


def _setup(job: Job, opened: Opened, publisher: str | None) -> Setup:
    source = opened.blocks.source
    return Setup(opened.path, source.stamp(), source.encoding, opened.blocks.head, job.validation(), publisher)


def _outcomes(blocks: Blocks, judge: Judge, worker: Worker | None) -> Iterator[Outcome]:
    """The outcome of every piece, in order. Raises `Unsuitable`."""
    before = judge.read(blocks.first)
    yield before
    if not before.verdict.rows:
        worker = None  # what is above the first record is told by the pieces before
    waiting: deque[tuple[Piece, Outcome | Failed | None]] = deque()
    records = before.verdict.rows
    for piece in blocks.pieces:
        if worker and worker.free(piece):
            worker.ask(piece, records)
            waiting.append((piece.light(), None))
        elif waiting:
            waiting.append((piece.light(), _tried(judge, piece, records)))
        else:
            waiting.append((piece, Failed("", unsuitable=False)))
        while waiting and (waiting[0][1] or len(waiting) > _WAITING or (worker and worker.has_answered())):
            before = _settled(judge, worker, waiting.popleft(), before, records)
            records += before.verdict.rows
            yield before
    while waiting:
        before = _settled(judge, worker, waiting.popleft(), before, records)
        records += before.verdict.rows
        yield before


def _tried(judge: Judge, piece: Piece, records: int) -> Outcome | Failed:
    """The outcome of a piece of which it is only thought that nothing is open before it."""
    try:
        return judge.piece(piece, records)
    except Unsuitable as error:
        return Failed(str(error), unsuitable=True)


def _settled(
    judge: Judge, worker: Worker | None, asked: tuple[Piece, Outcome | Failed | None], before: Outcome, records: int
) -> Outcome:
    """The outcome of a piece, now that the one before it is known. It is judged anew if something was open there."""
    piece, found = asked
    if found is None:
        assert worker
        found = worker.answer()
    if before.rest or before.blanks or (isinstance(found, Failed) and not found.unsuitable):
        return judge.piece(piece, records, before.rest, before.blanks)
    if isinstance(found, Failed):
        raise Unsuitable(found.reason)
    return found


def _with_code(table: Table, place: int, code: str) -> Table:
    """A table for `Validation.start` in which all rows name this publisher."""
    columns = list(table.columns)
    columns[place] = [code] * table.row_count
    return replace(table, columns=tuple(columns))
