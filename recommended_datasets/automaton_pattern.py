"""Patterns as trees: regular expressions of the plain kind (characters, classes, `.`, groups, `|`, `?`, `*`, `+`, `{m,n}`)."""

from __future__ import annotations

from typing import NamedTuple

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


def parsed(pattern: str) -> Node:
    """The tree of a pattern. Raises `ValueError` for what is none."""
    return _Parser(pattern).whole()


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
