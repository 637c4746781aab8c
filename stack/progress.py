"""One line per step, and failures that say what to do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Failure(Exception):
    """A step that failed. The text says what failed and what to do; no traceback is shown."""


def say(text: str) -> None:
    print(f"── {text}", flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print what is being done, then how long it took if that was long enough to wonder."""
    begin = time.monotonic()
    print(f"── {text}", end="", flush=True)
    try:
        yield
    except BaseException:
        print("  ✗", flush=True)
        raise
    seconds = time.monotonic() - begin
    print(f"  ({seconds:.0f} s)" if seconds >= 1.5 else "", flush=True)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file; empty where there is none."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def fail(text: str) -> None:
    print(f"\n✗ {text}", file=sys.stderr, flush=True)
