"""When to ask again."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that say nothing about the file: the server is busy or broken now."""


def retry_after(text: str, now: float | None = None) -> float:
    """Seconds of a ``Retry-After`` header (RFC 9110, 10.2.3: seconds or a date); 0 where it says nothing readable."""
    text = text.strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, moment - (time.time() if now is None else now))
