"""Memory that a merge frees goes back to the system, so that a long one needs no more than its largest file.

Left to itself the C library keeps an arena for each thread and, after the first large block was freed, large blocks in them
too; polars' own allocator keeps what it freed for ten seconds. Over a merge of many files that doubled what was needed.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 1 << 20


def settle() -> None:
    """Set up polars' allocator, and how many row groups it reads ahead of a Parquet file: of a table of a million rows it held
    some 100 MB more, and was no faster for it. Takes effect before polars is imported; what the operator has set stays."""
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")
    os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")


def spare() -> None:
    """Few arenas, and large blocks given back when they are freed, for the rest of this process. Does nothing where the C
    library has no such settings."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for setting, value in ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE)):
            mallopt(setting, value)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Python looks for garbage seldom, and not in what is there already: a merge makes many objects, hardly any of them in
    cycles, and beside them stands all of CKAN."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
