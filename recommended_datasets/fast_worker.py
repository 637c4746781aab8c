"""A second process that judges pieces of a large file: Python runs on one processor only.

It is started as a program of its own, never by a fork: the process that asks may have threads, as polars and web servers do.
Questions and answers are pickles in pipes. Whatever goes wrong in it or with it, the process that asked judges the piece.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from recommended_datasets.fast_source import Piece, Source, Unsuitable

if TYPE_CHECKING:
    from recommended_datasets.fast_head import Head
    from recommended_datasets.fast_outcome import Outcome
    from recommended_datasets.validation import Validation

AHEAD = 4
"""Pieces that the worker is given before it has answered, so that it never waits."""
_MAIN = "from recommended_datasets.fast_worker import main; main()"


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a worker has to know of a file."""

    path: Path
    stamp: tuple[int, int, int, int]
    encoding: str
    head: Head
    validation: Validation
    """Before its start."""
    publisher: str | None
    """As the first block says."""


class Task(NamedTuple):
    """A piece to be judged; `records` are thought to be before it."""

    piece: Piece
    records: int


class Failed(NamedTuple):
    """An answer: why the piece was not judged."""

    reason: str
    unsuitable: bool


class Worker:
    """The other process as this one sees it, until `close`."""

    def __init__(self) -> None:
        """Starts it; it gets ready while this process goes on. Raises `OSError`."""
        modules = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, modules))}
        command, pipe = [sys.executable, "-c", _MAIN], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
        self._answers = SimpleQueue[Any]()
        self.asked = 0
        """Pieces that it has and did not answer yet."""
        self.well = True
        Thread(target=self._listen, daemon=True, name="fast-worker").start()

    def close(self) -> None:
        """Ends it, whatever it is at."""
        self.well = False
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        self._process.wait()

    def _listen(self) -> None:
        """Puts the answers by, so that a long one does not keep the worker from its next piece."""
        assert self._process.stdout
        try:
            while True:
                self._answers.put(pickle.load(self._process.stdout))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self._answers.put(None)

    def set_up(self, setup: Setup) -> None:
        """Say what the file is. A file that cannot be told to another process is judged by this one alone."""
        try:
            self._send(pickle.dumps(setup, protocol=5))
        except (pickle.PicklingError, AttributeError, TypeError):
            self.well = False

    def _send(self, message: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(message)
            self._process.stdin.flush()
        except OSError:
            self.well = False

    def free(self, piece: Piece) -> bool:
        """Whether it can take this piece. One that has to be sent is sent to a worker that waits for it only."""
        return self.well and self.asked < (AHEAD if piece.start >= 0 else 1)

    def ask(self, piece: Piece, records: int) -> None:
        """Give it a piece."""
        self._send(pickle.dumps(Task(piece.light(), records), protocol=5))
        self.asked += 1

    def has_answered(self) -> bool:
        """Whether `answer` need not wait."""
        return not self._answers.empty()

    def answer(self) -> Outcome | Failed:
        """Of the piece that it was given first. Waits for it."""
        found = self._answers.get() if self.well or not self._answers.empty() else None
        self.asked -= 1
        if found is None:
            self.well = False
            return Failed("the worker ended", unsuitable=False)
        return found


def main() -> None:
    """The worker's side: a `Setup`, then a `Task` at a time, each answered by an `Outcome` or `Failed`."""
    from recommended_datasets.fast_outcome import Judge

    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    with suppress(KeyboardInterrupt, EOFError, OSError):
        setup: Setup = pickle.load(questions)
        source = Source(setup.path, setup.encoding)
        if source.stamp() != setup.stamp:
            return
        setup.validation.start_as(setup.publisher)
        judge = Judge(source, setup.head, setup.validation)
        while True:
            task: Task = pickle.load(questions)
            try:
                answer: Outcome | Failed = judge.piece(task.piece, task.records)
            except Unsuitable as error:
                answer = Failed(str(error), unsuitable=True)
            except Exception as error:  # the process that asked judges the piece and meets it again
                answer = Failed(repr(error), unsuitable=False)
            answers.write(pickle.dumps(answer, protocol=5))
            answers.flush()
