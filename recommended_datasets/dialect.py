"""Delimiter, usual record width and line ends of a text, found on its beginning."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass

DELIMITERS = (",", "\t", ";")
SAMPLE = 1 << 16
"""Characters looked at: enough for some hundred records."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`width` is the number of cells that most records of the sample have (at least 1)."""

    delimiter: str
    width: int


def sniff(text: str) -> Dialect:
    """The delimiter that cuts most lines into the same number of cells; a comma where nothing decides.

    Of two that do, the one that does so from an earlier line on: the header has no list such as 月;火;水, the rows may.
    """
    sample = text[:SAMPLE]
    if len(text) > SAMPLE:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    lines = [line for line in sample.splitlines() if line.strip()][:400]
    best, best_rank = Dialect(",", 1), (1, 0, 0)
    for delimiter in DELIMITERS:
        widths = widths_of(lines, delimiter)
        counts = Counter(width for width in widths if width > 1)
        if not counts:
            continue
        width, count = max(counts.items(), key=lambda item: (item[0] - 1) * item[1])
        rank = (int(count * 3 < len(lines)), widths.index(width), -(width - 1) * count)
        if rank < best_rank or best.width == 1:
            best, best_rank = Dialect(delimiter, width), rank
    return best


def widths_of(lines: list[str], delimiter: str) -> list[int]:
    """Cells in each line on its own; a quote that a line does not close ends with the line."""
    widths: list[int] = []
    for line in lines:
        try:
            widths.append(sum(len(row) for row in csv.reader([line], delimiter=delimiter)))
        except csv.Error:
            widths.append(line.count(delimiter) + 1)
    return widths


def newline_of(text: str) -> tuple[str, bool]:
    """The commonest line end and whether there are others as well (line breaks inside cells counted too)."""
    crlf = text.count("\r\n")
    counts = {"\r\n": crlf, "\n": text.count("\n") - crlf, "\r": text.count("\r") - crlf}
    newline = max(counts, key=lambda key: counts[key])
    if not counts[newline]:
        return "\r\n", False
    return newline, sum(1 for count in counts.values() if count) > 1
