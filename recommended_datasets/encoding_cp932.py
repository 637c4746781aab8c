"""CP932 as UTF-8 by a table of Python's own codec: beside other threads, and without a text in between."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import _cells
from recommended_datasets.encoding import strict

_NONE, _LEAD = 0xFFFF, 0xFFFE


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Code points of single bytes, and of two bytes together; see `_cells.recode`."""
    single, double = np.full(256, _NONE, np.uint16), np.full(1 << 16, _NONE, np.uint16)
    for byte in range(256):
        text = strict(bytes((byte,)), "cp932")
        if text is not None:
            single[byte] = ord(text)
        elif byte in range(0x81, 0xA0) or byte in range(0xE0, 0xFD):
            single[byte] = _LEAD
            for second in range(0x40, 0xFD):
                pair = strict(bytes((byte, second)), "cp932")
                if pair is not None and len(pair) == 1:
                    double[byte << 8 | second] = ord(pair)
    return single, double


def from_cp932(data: bytes) -> bytes | None:
    """`data`, whole characters of CP932, as UTF-8; None where a byte is none (`encoding.strict` then is None too)."""
    return _cells.recode(data, *_tables())
