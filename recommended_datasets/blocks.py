"""`Blocks`: a large CSV file as `Table`s in bounded memory, with the cells, lines and issues of the exact reader.

Each block's columns are `fast_cells.Texts`. What cannot be read exactly this way raises `Unsuitable`, before or during
the reading; then the file is for `reader.read_table`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from recommended_datasets.csv_records import Flaw
from recommended_datasets.fast_cells import Texts
from recommended_datasets.fast_head import read_head
from recommended_datasets.fast_layout import Blanks
from recommended_datasets.fast_piece import Counts, PieceReader, Read
from recommended_datasets.fast_source import Piece, Source, Unsuitable
from recommended_datasets.layout_rows import Known
from recommended_datasets.report import Issue
from recommended_datasets.table import Note, Table

_BOMS = re.compile(rb"^(?:\xef\xbb\xbf)+")


class Blocks:
    """One file, whose first piece is read at once: `first`. The others come from `tables`, or are read by somebody who asks
    for `pieces`, tells `took` of each and asks for the `end` after the last. Raises `Unsuitable`."""

    def __init__(self, path: Path, known: Known | None = None, header_line: int = 0) -> None:
        """`known` and `header_line` as for `reader.read_table`."""
        self.source = Source(path)
        self.pieces: Iterator[Piece] = self.source.pieces()
        self._counts, self._records = Counts(), 0
        try:
            piece = next(self.pieces)
            text, broken = self.source.utf8(piece)
            text = _BOMS.sub(b"", text)
            self.head = read_head(text.replace(b"\x00", b""), self.source.encoding, known, header_line)
            self.reader = PieceReader(self.head)
            self.first = self.reader.read(text, 0, 0, last=piece.last, broken=broken)
        except BaseException:
            self.source.file.close()
            raise

    def took(self, counts: Counts, records: int) -> None:
        """A piece was used: so many records were in it."""
        self._counts.add(counts)
        self._records += records

    def tables(self) -> Iterator[Table]:
        """The tables of all pieces in order; the last one, without rows, carries what only the end tells."""
        read = self.first
        self.took(read.counts, read.table.row_count)
        yield read.table
        for piece in self.pieces:
            read = self._next(piece, read)
            self.took(read.counts, read.table.row_count)
            yield read.table
        yield self.end(read.rest, read.blanks)

    def _next(self, piece: Piece, before: Read) -> Read:
        text, broken = self.source.utf8(piece)
        return self.reader.read(
            text, piece.line, self._records, last=piece.last, broken=broken, rest=before.rest, blanks=before.blanks
        )

    def end(self, rest: bytes, blanks: Blanks | None) -> Table:
        """The table without rows; ``sha256`` is set on it only. `rest`, `blanks`: what the last piece left."""
        if rest:
            raise Unsuitable("the end is inside a record")
        counts, sorter = self._counts, self.head.sorter
        self.source.close(counts.broken)
        sorter.resume(blanks)
        sorter.close_blanks(self._records > 0, at_end=True)
        if not self._records or counts.longer * 2 >= self._records:
            raise Unsuitable("records wider than the header")
        flaws: list[Flaw] = []
        if counts.nuls:
            flaws.append(Flaw("nul-byte", "warning", -1, -1, counts.nul_line, values=(("count", str(counts.nuls)),)))
        if counts.crlf and counts.lf and not counts.many_lined:
            flaws.append(Flaw("mixed-newlines", "info", -1, -1, 0))
        issues = [Issue(flaw.code, flaw.severity, 0, flaw.line, values=flaw.values) for flaw in flaws]
        notes: list[Note] = sorter.notes
        return replace(
            self.head.table,
            columns=tuple(Texts.of([]) for _ in self.head.kept),
            lines=[],
            first_record=self._records + 1,
            notes=tuple(notes),
            issues=tuple(issues),
            sha256=self.source.sha256,
            newline="\r\n" if counts.crlf >= counts.lf else "\n",
        )


__all__ = ["Blocks", "Unsuitable"]
