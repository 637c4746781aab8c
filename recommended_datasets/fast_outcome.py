"""What one piece of a large file by itself says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommended_datasets.fast_columns import Columns, usual
from recommended_datasets.fast_head import Head
from recommended_datasets.fast_hints import Hinting
from recommended_datasets.fast_layout import Blanks
from recommended_datasets.fast_piece import Counts, PieceReader, Read
from recommended_datasets.fast_repeats import Keyed
from recommended_datasets.fast_source import Piece, Source
from recommended_datasets.report import Issue
from recommended_datasets.rules import Found
from recommended_datasets.validation import Validation
from recommended_datasets.validation_block import Verdict

CODE = "municipality_code"
_CODES = 60
"""Different codes of a block that are counted together, the others one by one."""


@dataclass(frozen=True, slots=True)
class Where:
    """What an issue says of a column: its place, heading and cells."""

    index: int
    header: str
    texts: Sequence[str]


@dataclass(slots=True)
class Outcome:
    """The verdict on one piece, and what is asked of it when the pieces before it are known."""

    verdict: Verdict
    counts: Counts
    rest: bytes
    blanks: Blanks | None
    first_record: int
    """Number of the first record as it was thought to be."""
    lines: NDArray[np.int32]
    keyed: dict[str, Keyed]
    codes: Counter[str]
    """Canonical municipality codes, each in the order of its first row, as the exact lane counts them."""
    columns: dict[str, Where]
    """Of the fields that an issue on a repeated row shows."""
    cell_lines: dict[tuple[int, int], int]

    def numbered(self, first_record: int) -> None:
        """Set the number of the first record right."""
        shift = first_record - self.first_record
        if shift:
            verdict = self.verdict
            verdict.issues = [_moved(issue, shift) for issue in verdict.issues]
            verdict.swaps = [_moved(issue, shift) for issue in verdict.swaps]
            self.first_record = first_record

    def issue(self, row: int, found: Found) -> Issue:
        """The issue on a repeated row."""
        record, line = self.first_record + row, int(self.lines[row])
        shown = self.columns.get(found.field)
        if shown is None:
            return Issue(str(found.code), found.severity, record, line, values=found.values)
        cell_line = self.cell_lines.get((shown.index, row), 0)
        where = (record, line, found.field, shown.header, shown.texts[row])
        return Issue(str(found.code), found.severity, *where, cell_line=cell_line, values=found.values)


def _moved(issue: Issue, shift: int) -> Issue:
    return replace(issue, record=issue.record + shift) if issue.record else issue


class Judge:
    """Judges pieces of one file, in any order. Begin with a `Validation` that was started."""

    def __init__(self, source: Source, head: Head, validation: Validation) -> None:
        self._source, self._reader, self._validation = source, PieceReader(head), validation
        self._hinting = Hinting(validation)
        self._places = {match.field: match for match in validation.columns if match.field}
        self._count_codes = validation.inferred and CODE in self._places
        keys = validation.rule_keys
        self._shown = {keys["duplicate-key"][-1]} if "duplicate-key" in keys else set[str]()
        self._shown |= {"name"} if "duplicate-name" in keys else set()
        self._shown &= self._places.keys()

    def piece(self, piece: Piece, records: int, rest: bytes = b"", blanks: Blanks | None = None) -> Outcome:
        """`records`: before this piece, as far as is known; `rest`, `blanks`: see `PieceReader.read`. Raises `Unsuitable`."""
        text, broken = self._source.utf8(piece)
        read = self._reader.read(text, piece.line, records, last=piece.last, broken=broken, rest=rest, blanks=blanks)
        return self.read(read)

    def read(self, read: Read) -> Outcome:
        """The outcome of a piece that was read already."""
        table, validation = read.table, self._validation
        look = self._hinting.look(table)
        verdict = validation.judge(table, self._hinting.hints(look))
        columns = {field: self._places[field] for field in self._shown}
        return Outcome(
            verdict,
            read.counts,
            read.rest,
            read.blanks,
            table.first_record,
            np.array(table.lines, np.int32),
            self._hinting.keyed(look),
            _codes(look.columns, validation) if self._count_codes and table.row_count else Counter(),
            {field: Where(of.index, of.column, look.columns.texts(field)) for field, of in columns.items()},
            table.cell_lines,
        )


def _codes(columns: Columns, validation: Validation) -> Counter[str]:
    codes = Counter[str]()
    texts = columns.texts(CODE)
    found, rest = usual(texts, columns.hashes(CODE), _CODES)
    for code, (_, rows) in zip(validation.canonical(CODE, [text for text, _ in found]), found, strict=True):
        if code:
            codes[code] += int(rows.sum())
    for code in validation.canonical(CODE, texts.gather(rest)):
        if code:
            codes[code] += 1
    return codes
