"""`scan`: what in a file may say something about a person, cell by cell, before anything of it becomes readable.

Numbers: マイナンバー by check digit and by column. Free text: mobile phones, personal mail addresses, a name with a date of
birth. Tables: names beside dates of birth, small counts by area and age. Workbooks: also what nobody sees (`hidden`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from recommended_datasets import sensitive_contacts as contacts
from recommended_datasets import sensitive_counts as counts
from recommended_datasets import sensitive_people as people
from recommended_datasets.definition import Definition
from recommended_datasets.report import Severity
from recommended_datasets.sensitive_finding import Finding, cell_name, mask_number, mask_text
from recommended_datasets.sensitive_numbers import NumberColumn, Place, anywhere, passes, twelve
from recommended_datasets.table import ReadError, Table

_JOIN = "\x1f"
_BLOCKS_FROM = 20_000_000
"""Bytes from which a CSV file is scanned in blocks."""


def scan(
    source: Table | bytes | Path, definition: Definition | None = None, *, name: str = "", small_count: int = 3
) -> list[Finding]:
    """All findings of a table, of a file's bytes or of a file, in the order of the file.

    `definition` adds what is known of the columns (types, statistics); headings alone decide otherwise. `small_count`:
    counts from 1 to below it are reported. Never raises for CSV bytes: what is no table is scanned as text; a workbook
    that cannot be opened raises `ReadError`.
    """
    if isinstance(source, Table):
        return _scan_table(source, definition, small_count)
    if isinstance(source, Path):
        if source.stat().st_size >= _BLOCKS_FROM and not _is_workbook(source.open("rb").read(8)):
            return _scan_blocks(source, definition, small_count)
        source = source.read_bytes()
    if _is_workbook(source):
        from recommended_datasets import hidden

        return hidden.scan_workbook(source, definition, small_count=small_count)
    from recommended_datasets.reader import read_table

    try:
        table = read_table(source, name=name)
    except ReadError:
        return _scan_lines(_decode(source))
    return _scan_table(table, definition, small_count)


def _is_workbook(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def _scan_table(table: Table, definition: Definition | None, small_count: int) -> list[Finding]:
    work = Scan(definition, small_count=small_count, sheet=table.sheet)
    work.feed(table)
    return work.finish()


def _scan_blocks(path: Path, definition: Definition | None, small_count: int) -> list[Finding]:
    from recommended_datasets.blocks import Blocks, Unsuitable

    work = Scan(definition, small_count=small_count)
    try:
        for table in Blocks(path).tables():
            work.feed(table)
    except Unsuitable:
        return scan(path.read_bytes(), definition, name=path.name, small_count=small_count)
    return work.finish()


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932", "euc_jp", "utf-16"):
        try:
            return data.decode(encoding)
        except UnicodeError:
            continue
    return data.decode("cp932", errors="replace")


def _scan_lines(text: str) -> list[Finding]:
    return [
        Finding(code, severity, value, line=number)
        for number, line in enumerate(text.split("\n"), 1)
        for code, severity, value in scan_text(line)
    ]


def scan_text(text: str) -> Iterator[tuple[str, Severity, str]]:
    """(code, severity, masked value) of all a free text gives away. A single valid マイナンバー counts."""
    if len(text) < 8:
        return
    for number in twelve(text):
        if passes(number):
            yield "my-number", "error", mask_number()
    yield from _scan_contacts(text, False)
    for sentence in people.sentences(text):
        yield "name-and-birth-date", "error", mask_text(sentence)


def _scan_contacts(text: str, persons: bool) -> Iterator[tuple[str, Severity, str]]:
    """In a list of persons every one of them is the person's own."""
    for phone, severity in contacts.mobiles(text):
        yield "mobile-phone", "error" if persons else severity, phone
    if "@" in text or "＠" in text:
        for mail, severity in contacts.mails(text):
            yield "personal-mail", "error" if persons else severity, mail


class Scan:
    """One table's scan, block by block: `feed` each block, then `finish`. Memory does not grow with the file, apart from
    the findings."""

    def __init__(self, definition: Definition | None = None, *, small_count: int = 3, sheet: str = "") -> None:
        self._definition = definition
        self._small_count = small_count
        self._sheet = sheet
        self._header: tuple[str, ...] = ()
        self._found: list[tuple[int, int, Finding]] = []
        self._numbers: list[NumberColumn] = []
        self._free: list[bool] = []
        self._persons = False
        self._names: list[int] = []
        self._births: list[int] = []
        self._counted: list[int] = []

    def feed(self, table: Table) -> None:
        if not self._numbers and not self._header:
            self._begin(table)
        for note in table.notes:
            for code, severity, value in scan_text(note.text):
                self._add(-1, Finding(code, severity, value, line=note.line, sheet=self._sheet))
        for index, column in enumerate(table.columns[: len(self._numbers)]):
            joined = _JOIN.join(column)
            self._numbers[index].feed(column, joined, table.first_record, table.lines)
            if self._free[index]:
                self._feed_text(index, column, joined, table)
        self._feed_people(table)
        for index in self._counted:
            for row, count in counts.small(table.columns[index], self._small_count):
                self._add(index, self._finding("small-count", "warning", str(count), index, self._place(table, row)))

    def finish(self) -> list[Finding]:
        """All findings, by line and column."""
        for index, column in enumerate(self._numbers):
            for place, severity in column.judge():
                self._add(index, self._finding("my-number", severity, mask_number(), index, place))
        self._found.sort(key=lambda entry: entry[:2])
        return [finding for _, _, finding in self._found]

    def _begin(self, table: Table) -> None:
        self._header = table.header
        self._numbers = [NumberColumn(head) for head in table.header]
        self._persons = people.is_person_list(table.header)
        self._free = [self._is_free(i, head, table.columns[i]) for i, head in enumerate(table.header)]
        self._names = people.name_columns(table.header)
        self._births = people.birth_columns(table.header)
        if not (self._names and self._births):
            names, births = people.guessed_columns(table.header, table.columns)
            if self._births:
                self._names = self._names or names
            elif births:
                self._births = births if names or self._names else []
                self._names = self._names or names
        self._names = [i for i in self._names if i not in self._births]
        statistical = self._definition is None or self._definition.statistical
        self._counted = counts.count_columns(table.header) if statistical else []

    def _is_free(self, index: int, head: str, column: Sequence[str]) -> bool:
        """Whether phones and mail in this column are somebody's own: not in a facility's contact column, nor in the
        columns of identifiers and measures; in a list of persons also in its contact columns."""
        kind = self._type(head)
        if contacts.is_contact(head, column) or kind in ("phone", "email"):
            return self._persons
        return not contacts.IDENTIFIER.search(unicodedata.normalize("NFKC", head)) and kind not in (
            "url", "latitude", "longitude", "code", "corporate_number", "time", "date", "flag",
        )

    def _type(self, head: str) -> str:
        if self._definition is None:
            return ""
        return next((f.type for f in self._definition.fields if head == f.name or head in f.synonyms), "")

    def _feed_text(self, index: int, column: Sequence[str], joined: str, table: Table) -> None:
        mail = "@" in joined or "＠" in joined
        if not (mail or anywhere(contacts.MOBILE, column, joined) or any(people.sentences(joined))):
            return
        for row, cell in enumerate(column):
            if len(cell) < 8:
                continue
            for code, severity, value in _scan_contacts(cell, self._persons):
                self._add(index, self._finding(code, severity, value, index, self._place(table, row)))
            for sentence in people.sentences(cell):
                place = self._place(table, row)
                self._add(index, self._finding("name-and-birth-date", "error", mask_text(sentence), index, place))

    def _feed_people(self, table: Table) -> None:
        if not (self._names and self._births):
            return
        for index in self._births:
            for row, cell in enumerate(table.columns[index]):
                if people.is_birth_date(cell) and any(table.columns[n][row].strip() for n in self._names):
                    finding = self._finding("name-and-birth-date", "error", mask_text(cell), index, self._place(table, row))
                    self._add(index, finding)

    def _place(self, table: Table, row: int) -> Place:
        return table.record(row), int(table.lines[row])

    def _finding(self, code: str, severity: Severity, value: str, index: int, place: Place) -> Finding:
        record, line = place
        cell = cell_name(line - 1, index) if self._sheet else ""
        return Finding(code, severity, value, record, line, self._header[index], sheet=self._sheet, cell=cell)

    def _add(self, index: int, finding: Finding) -> None:
        self._found.append((finding.line, index, finding))
