"""One thread that watches every deadline of a process: a thread for each request would cost as much as the request."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

_NEVER = float("inf")


class Watchdog:
    """Calls what was registered when its time is over, unless it was taken back before."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}
        self._wakes = _NEVER
        self._thread: threading.Thread | None = None
        self._number = 0

    def call_in(self, seconds: float, expire: Callable[[], None]) -> int:
        """Call `expire` after `seconds`, in the watching thread; a number to `cancel` it by."""
        moment = time.monotonic() + seconds
        with self._changed:
            self._number += 1
            self._waiting[self._number] = (moment, expire)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif moment < self._wakes:
                self._changed.notify()
            return self._number

    def cancel(self, number: int) -> None:
        with self._changed:
            self._waiting.pop(number, None)

    def _watch(self) -> None:
        while True:
            with self._changed:
                moment = time.monotonic()
                due = [number for number, (when, _expire) in self._waiting.items() if when <= moment]
                expired = [self._waiting.pop(number)[1] for number in due]
                if not expired:
                    self._wakes = min((when for when, _expire in self._waiting.values()), default=_NEVER)
                    self._changed.wait(None if self._wakes == _NEVER else self._wakes - moment)
            for expire in expired:
                expire()


_current = Watchdog()


def _anew() -> None:
    global _current
    _current = Watchdog()


os.register_at_fork(after_in_child=_anew)  # threads do not come along


def current() -> Watchdog:
    """That of this process."""
    return _current
