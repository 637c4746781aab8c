"""Wall time of named steps."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass
class Clock:
    """Wall time of named steps."""

    seconds: dict[str, float] = dataclasses.field(default_factory=dict[str, float])

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        return result
