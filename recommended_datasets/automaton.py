"""Patterns as tables over bytes of UTF-8: what `_cells.match` asks of every cell, one step for each byte.

A pattern is a regular expression of the plain kind: characters, classes, `.` (any character), groups, `|`, `?`, `*`, `+` and
`{m,n}`; it has to match the whole cell. Thompson's construction and the subset construction (Aho, Lam, Sethi, Ullman:
Compilers, 3.7) make its states; a range of code points becomes ranges of bytes by the table of RFC 3629, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ranges = tuple[tuple[int, int], ...]
"""Code points, both ends included."""


class Letters(NamedTuple):
    """One character of these."""

    ranges: Ranges


class Sequence(NamedTuple):
    """One after another."""

    parts: tuple[Node, ...]


class Choice(NamedTuple):
    """Any of these."""

    parts: tuple[Node, ...]


class Repeat(NamedTuple):
    """Some times; `most` None: any number of times."""

    part: Node
    least: int
    most: int | None


class Rest(NamedTuple):
    """Whatever follows: the cells are UTF-8, so that nobody need look."""


Node = Letters | Sequence | Choice | Repeat | Rest

_LAST = 0x10FFFF
_ANY: Ranges = ((0, 0xD7FF), (0xE000, _LAST))
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "s": _SPACES}
r"""`\s`: Unicode's White_Space."""
ACCEPTS = 0x8000
"""The bit of a state that accepts."""
_NO_STATE = 0xFFFF


@cache
def table(accepts: str, but_not: str = "") -> NDArray[np.uint16]:
    """The table of the texts (UTF-8) that match `accepts` and do not match `but_not`, as `_cells.match` takes it.

    Raises `ValueError` for what is no pattern."""
    states = _States()
    ends = [states.of(_Parser(pattern).whole()) for pattern in (accepts, but_not) if pattern]
    return _determined(states, ends)


class _Parser:
    """Reads one pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0

    def whole(self) -> Node:
        node = self._choice()
        if self._at < len(self._pattern):
            raise self._error()
        return Choice(tuple(map(_with_rest, node.parts))) if isinstance(node, Choice) else _with_rest(node)

    def _error(self) -> ValueError:
        return ValueError(f"{self._pattern!r} is not understood from {self._pattern[self._at :]!r} on")

    def _take(self, text: str) -> bool:
        found = self._pattern.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _next(self) -> str:
        if self._at == len(self._pattern):
            raise self._error()
        self._at += 1
        return self._pattern[self._at - 1]

    def _choice(self) -> Node:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            parts.append(self._times(self._atom()))
        return Sequence(tuple(parts))

    def _times(self, part: Node) -> Node:
        for sign, least, most in (("?", 0, 1), ("*", 0, None), ("+", 1, None)):
            if self._take(sign):
                return Repeat(part, least, most)
        if self._take("{"):
            inside = self._pattern[self._at : self._pattern.index("}", self._at)]
            self._at += len(inside) + 1
            low, comma, high = inside.partition(",")
            return Repeat(part, int(low), int(high) if high else None if comma else int(low))
        return part

    def _atom(self) -> Node:
        if self._take("("):
            self._take("?:")
            node = self._choice()
            if not self._take(")"):
                raise self._error()
            return node
        if self._take("."):
            return Letters(_ANY)
        if self._take("["):
            return Letters(self._class())
        if self._pattern[self._at] in "^$?*+{":
            raise self._error()
        return Letters(_ranges(self._letters()))

    def _class(self) -> Ranges:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        while not self._take("]"):
            letters = self._letters()
            if self._pattern[self._at : self._at + 1] == "-" and self._pattern[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                found.append((ord(letters), ord(self._letters())))
            else:
                found += _ranges(letters)
        return _without(found) if negated else tuple(found)

    def _letters(self) -> str:
        r"""One character, or those of `\s`."""
        letter = self._next()
        if letter != "\\":
            return letter
        letter = self._next()
        if letter.isalnum() and letter not in _ESCAPES:
            raise self._error()
        return _ESCAPES.get(letter, letter)


def _with_rest(node: Node) -> Node:
    """`.*` at a pattern's end is `Rest`."""
    if isinstance(node, Sequence) and node.parts and node.parts[-1] == Repeat(Letters(_ANY), 0, None):
        return Sequence((*node.parts[:-1], Rest()))
    return node


def _ranges(letters: str) -> Ranges:
    return tuple((ord(letter), ord(letter)) for letter in letters)


def _without(ranges: list[tuple[int, int]]) -> Ranges:
    """All characters but these."""
    found: list[tuple[int, int]] = []
    for begin, end in _ANY:
        for low, high in sorted(ranges):
            if begin < low <= end:
                found.append((begin, low - 1))
            begin = max(begin, high + 1)
        if begin <= end:
            found.append((begin, end))
    return tuple(found)


def utf8(low: int, high: int) -> Iterator[list[tuple[int, int]]]:
    """The characters from `low` to `high` as sequences of ranges of bytes."""
    for last in (0x7F, 0x7FF, 0xD7FF, 0xFFFF, _LAST):
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
