"""Patterns as tables over bytes of UTF-8: what `_cells.match` asks of every cell, one step for each byte.

A pattern is a regular expression of the plain kind: characters, classes, `.` (any character), groups, `|`, `?`, `*`, `+` and
`{m,n}`; it has to match the whole cell. Thompson's construction and the subset construction (Aho, Lam, Sethi, Ullman:
Compilers, 3.7) make its states; a range of code points becomes ranges of bytes by the table of RFC 3629, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from recommended_datasets.automaton_pattern import Choice, Letters, Node, Repeat, Sequence, parsed

ACCEPTS = 0x8000
"""The bit of a state that accepts."""
_NO_STATE = 0xFFFF


@cache
def table(accepts: str, but_not: str = "") -> NDArray[np.uint16]:
    """The table of the texts (UTF-8) that match `accepts` and do not match `but_not`, as `_cells.match` takes it.

    Raises `ValueError` for what is no pattern."""
    states = _States()
    ends = [states.of(parsed(pattern)) for pattern in (accepts, but_not) if pattern]
    return _determined(states, ends)


def utf8(low: int, high: int) -> Iterator[list[tuple[int, int]]]:
    """The characters from `low` to `high` as sequences of ranges of bytes."""
    for last in (0x7F, 0x7FF, 0xD7FF, 0xFFFF, 0x10FFFF):
        if low <= last < high:
            yield from utf8(low, last)
            yield from utf8(0xE000 if last == 0xD7FF else last + 1, high)
            return
    length = len(chr(high).encode())
    for place in range(1, length):
        rest = (1 << 6 * place) - 1  # what the last bytes say: whole blocks of it need one range for each byte
        if low & ~rest != high & ~rest:
            if low & rest:
                yield from utf8(low, low | rest)
                yield from utf8((low | rest) + 1, high)
                return
            if high & rest != rest:
                yield from utf8(low, (high & ~rest) - 1)
                yield from utf8(high & ~rest, high)
                return
    yield list(zip(chr(low).encode(), chr(high).encode(), strict=True))


class _States:
    """Where each state leads: without a byte, and by a byte of a range."""

    def __init__(self) -> None:
        self.free: list[list[int]] = []
        self.steps: list[list[tuple[int, int, int]]] = []

    def new(self) -> int:
        self.free.append([])
        self.steps.append([])
        return len(self.free) - 1

    def of(self, node: Node) -> tuple[int, int]:
        """(first, last state) of a whole pattern."""
        first = self.new()
        return first, self._after(node, first)

    def _after(self, node: Node, begin: int) -> int:
        """The state that `node` leads to from `begin`."""
        if isinstance(node, Sequence):
            for part in node.parts:
                begin = self._after(part, begin)
            return begin
        end = self.new()
        if isinstance(node, Choice):
            for part in node.parts:
                self.free[self._after(part, begin)].append(end)
        elif isinstance(node, Letters):
            for low, high in node.ranges:
                for text in utf8(low, high):
                    now = begin
                    for place, (least, most) in enumerate(text):
                        after = end if place == len(text) - 1 else self.new()
                        self.steps[now].append((least, most, after))
                        now = after
        elif isinstance(node, Repeat):
            self._repeat(node, begin, end)
        else:
            self.free[begin].append(end)
            self.steps[end].append((0, 255, end))
        return end

    def _repeat(self, node: Repeat, begin: int, end: int) -> None:
        for _ in range(node.least):
            begin = self._after(node.part, begin)
        if node.most is None:
            loop = self.new()
            self.free[begin].append(loop)
            self.free[self._after(node.part, loop)].append(loop)
            begin = loop
        for _ in range((node.most or 0) - node.least):
            self.free[begin].append(end)
            begin = self._after(node.part, begin)
        self.free[begin].append(end)

    def reach(self, states: set[int]) -> frozenset[int]:
        """These and all that they lead to without a byte."""
        asked = list(states)
        while asked:
            for other in self.free[asked.pop()]:
                if other not in states:
                    states.add(other)
                    asked.append(other)
        return frozenset(states)


def _determined(states: _States, ends: list[tuple[int, int]]) -> NDArray[np.uint16]:
    """`ends`: first and last state of what is accepted and, where there is one, of what is not."""
    wanted, unwanted = ends[0][1], ends[1][1] if len(ends) > 1 else -1
    first = states.reach({begin for begin, _ in ends})
    numbers: dict[frozenset[int], int] = {frozenset(): 0, first: 1}
    rows: list[NDArray[np.uint16]] = []

    def number(found: frozenset[int]) -> int:
        if found not in numbers:
            numbers[found] = len(numbers)
            if len(numbers) > ACCEPTS:
                raise ValueError("a pattern of too many states")
        return numbers[found] | (ACCEPTS if wanted in found and unwanted not in found else 0)

    reached: dict[frozenset[int], int] = {}
    asked = [frozenset[int](), first]
    for now in asked:
        steps = [step for state in now for step in states.steps[state]]
        row = np.zeros(256, np.uint16)
        bounds = sorted({low for low, _, _ in steps} | {high + 1 for _, high, _ in steps})
        for low, stop in zip(bounds, bounds[1:], strict=False):
            to = frozenset(after for least, most, after in steps if least <= low <= most)
            if to not in reached:
                found = states.reach(set(to))
                if found not in numbers:
                    asked.append(found)
                reached[to] = number(found)
            row[low:stop] = reached[to]
        rows.append(row)
    same = [int(row[0]) for row in rows[1:] if (row == row[0]).all()]
    stays = [state for state in same if (rows[state % ACCEPTS] == state).all()]
    return np.concatenate([*rows, np.array([number(first), stays[0] if stays else _NO_STATE], np.uint16)])
