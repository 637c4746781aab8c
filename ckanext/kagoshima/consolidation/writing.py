"""What a run does beside reading and judging files, which is Python's own work: parts and changes are written, and a table
that was empty is filled, while the next file is read. Both leave Python's lock to polars, numpy and PostgreSQL.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from types import TracebackType
from typing import TypeVar

from ckanext.kagoshima.consolidation import loading
from recommended_datasets.definition import Definition

T = TypeVar("T")


@contextmanager
def quick_turns() -> Iterator[None]:
    """Python's threads take turns every millisecond instead of every five: most of them want its lock for a moment only, and
    leave it to polars and PostgreSQL again."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.001)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Stopped(Exception):
    """The run failed: what was copied is rolled back."""


class Writer:
    """Does one piece of work at a time in a thread of its own; the next is taken when the last is done, so that no more than
    two publishers' rows are in memory."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "merge-writer")
        self._last: Future[object] | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._thread.shutdown(wait=True)

    def do(self, work: Callable[[], T]) -> Future[T]:
        """
        :raises Exception: what the work before raised
        """
        self.wait()
        coming = self._thread.submit(work)
        self._last = coming  # type: ignore[assignment]
        return coming

    def wait(self) -> None:
        """Until the last piece is done; raises what it raised."""
        if self._last is not None:
            self._last.result()
            self._last = None


class Filling:
    """Fills the DataStore table with parts in the order in which they are told, in one transaction; then makes its indexes."""

    def __init__(self, definition: Definition) -> None:
        self._locations: SimpleQueue[str | None | _Stopped] = SimpleQueue()
        self._filled = Future[None]()
        self._thread = ThreadPoolExecutor(1, "merge-filling")
        self._done = self._thread.submit(self._fill, definition)

    def _fill(self, definition: Definition) -> None:
        try:
            loading.fill(definition, self._coming(), lambda: self._filled.set_result(None))
        except BaseException as error:
            if not self._filled.done():
                self._filled.set_exception(error)
            raise

    def __enter__(self) -> Filling:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._locations.put(_Stopped())  # nobody reads it where all went well
        self._thread.shutdown(wait=True)

    def add(self, location: str) -> None:
        self._locations.put(location)

    def end(self) -> None:
        """No more parts come."""
        self._locations.put(None)

    def filled(self) -> None:
        """Until all rows are in the table and committed, after `end`; raises what went wrong."""
        self._filled.result()

    def wait(self) -> None:
        """Until the table has its indexes too; raises what went wrong."""
        self._done.result()

    def _coming(self) -> Iterator[str]:
        while (location := self._locations.get()) is not None:
            if isinstance(location, _Stopped):
                raise location
            yield location
