"""マイナンバー in a column of cells: 12 digits whose last is the check digit (行政手続番号法 総務省令85号 第5条).

One in ten 12-digit numbers passes by chance, so a column of 12-digit numbers is judged as a whole: where about 10 % pass
it is a management number, where nearly all pass it is マイナンバー. In free text a single hit counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import comb

from recommended_datasets.report import Severity

HYPHENS = "\\-\u00ad\u2010-\u2015\u2212\uff0d\u30fc\uff70"
SEPARATOR = HYPHENS + " \u00a0\u3000\t\u200b"
"""What people write between groups of digits: hyphens of all kinds, the long vowel mark, blanks."""

RUN = re.compile(rf"\d(?:[{SEPARATOR}]{{0,2}}\d){{11,}}")
"""Twelve digits or more with at most two separators between any two; full-width digits are digits."""

URL = re.compile(r"(?:https?|ftp)://[^\s\"'<>（）()「」、。]+", re.IGNORECASE)
HEADING = re.compile(r"個人番号|マイ\s*ナンバー|my\s*-?number|individual\s*number", re.IGNORECASE)

_GROUP = re.compile(rf"(\d+)([{SEPARATOR}]*)")
_WHOLE = re.compile(rf"\s*\d(?:[{SEPARATOR}]{{0,2}}\d){{11}}\s*")
_BEFORE = re.compile(r"(?:[A-Za-z_＿Ａ-Ｚａ-ｚ#=/%&][-－]?|\d[.．,，])$")
_TIME = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d")


_MANY = 2_000
"""Cells from which polars' expressions look through a column in an eighth of the time, its import counted."""


def anywhere(pattern: re.Pattern[str], cells: Sequence[str], joined: str) -> bool:
    """Whether the pattern may be found in any of these cells, which `joined` holds in one string. What it wants not to follow
    is left to the caller, who looks closely."""
    if len(cells) < _MANY:
        return pattern.search(joined) is not None
    import polars as pl

    return bool(pl.Series(cells, dtype=pl.String).str.contains(pattern.pattern.removesuffix(NO_DIGIT)).any())


NO_DIGIT = r"(?!\d)"
"""The only thing in these patterns that polars' expressions, which never go back, do not know."""


def digits_of(text: str) -> str:
    """The ASCII digits of a text, full-width ones folded, all else dropped."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c in "0123456789")


def passes(digits: str) -> bool:
    """Whether these 12 ASCII digits carry the check digit of a マイナンバー (python-stdnum)."""
    from stdnum.jp import in_

    return in_.is_valid(digits)


def twelve(text: str) -> Iterator[str]:
    """The 12-digit numbers of a free text, as ASCII: 12 in a row, or 4-4-4 with equal separators; longer numbers,
    decimals, parts of a web address, points in time (202604011230) and lists of years are none."""
    addresses = [m.span() for m in URL.finditer(text)] if "://" in text else []
    for run in RUN.finditer(text):
        if any(start <= run.start() < end for start, end in addresses) or _BEFORE.search(text[: run.start()][-3:]):
            continue
        after = text[run.end():][:2]
        if re.match(r"[A-Za-z_Ａ-Ｚａ-ｚ]|[.．]\d", after):
            continue
        groups = [(m[1], m[2]) for m in _GROUP.finditer(run[0])]
        for i, (group, separator) in enumerate(groups):
            before = groups[i - 1] if i else ("", "")
            number = ""
            if len(group) == 12 and not _hyphen(before[1]) and not _hyphen(separator):
                number = digits_of(group)
                if _TIME.fullmatch(number):
                    continue
            elif len(group) == 4 and i + 2 < len(groups) and separator and separator == groups[i + 1][1]:
                three = groups[i: i + 3]
                following = groups[i + 3][0] if i + 3 < len(groups) else ""
                if [len(g) for g, _ in three] != [4, 4, 4] or _hyphen(before[1]) or len(before[0]) == 4:
                    continue
                if len(following) == 4 or (following and _hyphen(three[2][1])):
                    continue
                number = digits_of("".join(g for g, _ in three))
                if all(1868 <= int(number[k: k + 4]) <= 2100 for k in (0, 4, 8)):
                    continue
            if number:
                yield number


def _hyphen(separator: str) -> bool:
    return bool(separator.strip())


_ENOUGH = 50_000
"""So many numbers decide what a column is; a management number's later ones need not be remembered."""

Place = tuple[int, int]
"""(record, line) of a row."""


@dataclass(slots=True)
class NumberColumn:
    """What one column, fed block by block, holds of 12-digit numbers. Numbers are kept as hashes only."""

    header: str
    filled: int = 0
    whole: list[tuple[Place, bool, int]] = field(default_factory=list[tuple[Place, bool, int]])
    """(place, passes, hash) of cells that are one 12-digit number and nothing else."""
    within: list[Place] = field(default_factory=list[Place])
    """Where a passing number stands among other words."""
    management: bool = False
    """Decided early: a management number."""

    def feed(self, cells: Sequence[str], joined: str, first_record: int, lines: Sequence[int]) -> None:
        """`joined` is the column in one string, for one quick search; `lines` the physical line of each cell's row."""
        # In a list of short cells there is no run of twelve; the search itself tries every digit of the column.
        short = isinstance(cells, (list, tuple)) and max(map(len, cells), default=0) < 12
        if short or not anywhere(RUN, cells, joined):
            self.filled += len(cells)
            return
        for row, cell in enumerate(cells):
            if not cell or cell.isspace():
                continue
            self.filled += 1
            if len(cell) < 12 or RUN.search(cell) is None:
                continue
            place = (first_record + row, int(lines[row]))
            if _WHOLE.fullmatch(cell):
                if not self.management:
                    digits = digits_of(cell)
                    self.whole.append((place, passes(digits), hash(digits)))
            elif any(passes(number) for number in twelve(cell)):
                self.within.append(place)
        if len(self.whole) > _ENOUGH and not self.management and not self._headed and self._verdict() is None:
            self.management = True
            self.whole.clear()

    @property
    def _headed(self) -> bool:
        return HEADING.search(unicodedata.normalize("NFKC", self.header)) is not None

    def judge(self) -> Iterator[tuple[Place, Severity]]:
        """(place, severity) of each cell that is taken for a マイナンバー."""
        for place in self.within:
            yield place, "error"
        hits = [place for place, good, _ in self.whole if good]
        if self._headed:
            # 12 digits under this heading are meant as such: a wrong check digit is a slip of the pen, not another number.
            for place, good, _ in self.whole:
                yield place, "error" if good else "warning"
            return
        if not hits:
            return
        if len(self.whole) * 2 < self.filled or self.filled == 1:
            for place in hits:
                yield place, "error"
            return
        severity = self._verdict()
        if severity:
            for place in hits:
                yield place, severity

    def _verdict(self) -> Severity | None:
        """Of a column of 12-digit numbers, by its distinct numbers: can chance alone explain how many pass?"""
        distinct = {number: good for _, good, number in self.whole}
        n, p = len(distinct), sum(distinct.values())
        if n == 1 and len(self.whole) >= 3:
            return None  # one number for all rows is nobody's own
        if p >= 0.8 * n:
            return "error"
        if n >= 40 and p < 0.25 * n:
            return None
        chance = _tail(n, p)
        return "error" if chance < 1e-4 else "warning" if chance < 1e-2 else None


def _tail(n: int, p: int) -> float:
    """P(at least p of n pass) when each passes with probability 0.1."""
    if n > 400:
        return 0.0 if p > 0.2 * n else 1.0
    return sum(comb(n, k) * 0.1**k * 0.9 ** (n - k) for k in range(p, n + 1))
