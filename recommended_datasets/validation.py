"""`validate(table, definition)`: one file against one edition. Bad data is an issue, never an exception.

`Validation` takes a file block by block with bounded state, so that a file of any size has the same verdict as a small one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from recommended_datasets import report_tally, rules, rules_file, rules_keys, rules_place
from recommended_datasets.definition import Definition
from recommended_datasets.report import ColumnMatch, Issue, Report
from recommended_datasets.report_tally import Tally, kind
from recommended_datasets.table import Note, Table
from recommended_datasets.validation_block import BOTH, Block, Hints, Verdict
from recommended_datasets.validation_rules import BlockRules, Publisher
from recommended_datasets.values_columns import Column, TableReader

if TYPE_CHECKING:
    from recommended_datasets.catalog import Catalog

_NO_HINTS = Hints()

Firsts = Mapping[str, Mapping[int, rules_keys.First]]


class Validation:
    """The verdict on one file. `feed` its blocks in order, then `finish` once."""

    def __init__(
        self,
        definition: Definition,
        *,
        municipality_code: str | None = None,
        columns: Sequence[ColumnMatch] | None = None,
        catalog: Catalog | None = None,
        constants: Mapping[str, str] | None = None,
        polygon: rules_place.Polygon | None = None,
        examples: int | None = None,
    ) -> None:
        """`municipality_code`: the publisher, who stands whatever the file says; left out, the code most rows name.
        `constants`: field → value for every row (a mapping's). `polygon`: see `rules_place.Polygon`. `examples`: how many
        issues are kept of each code and column (`report_tally.EXAMPLES`); all are counted."""
        self.definition = definition
        self.publisher = municipality_code
        self.columns: tuple[ColumnMatch, ...] = tuple(columns) if columns is not None else ()
        self._given = columns is not None
        self.inferred = municipality_code is None
        """Whether the publisher is only found in the file."""
        self._known_catalog, self._constants, self._polygon = catalog, dict(constants or {}), polygon
        self._examples = report_tally.EXAMPLES if examples is None else examples
        self._tally, self._swaps = Tally(self._examples), Tally(self._examples)
        self._head: Table | None = None
        self._notes: list[Note] = []
        self._rows = self._usable = self._swapped = self._waiting = 0
        self.read: Mapping[str, Column] | None = None
        """The columns as they were read, where the whole file was one block and no coordinates were swapped."""
        self._filled: dict[str, int] = {}
        self._errors = False

    @property
    def _catalog(self) -> Catalog:
        if self._known_catalog is None:
            from recommended_datasets.catalog import load

            self._known_catalog = load()
        return self._known_catalog

    def start(self, table: Table) -> None:
        """Match the columns and build the rules from the first block; `feed` does so by itself."""
        from recommended_datasets.matching import match_columns

        self._head = table
        if not self._given:
            self.columns = match_columns(table, self.definition, catalog=self._catalog)
        reader = TableReader(self.definition, self.columns, self._constants)
        if self.inferred:
            self.publisher = rules_place.majority(reader.column(table, "municipality_code"))
        self._build(reader)
        for issue in rules_file.issues(table, self.definition, self.columns, self._constants):
            self._add(issue)

    def start_as(self, publisher: str | None) -> None:
        """Build the rules to `judge` blocks of a file that another validation started, which found this publisher."""
        self.publisher = publisher
        self._build(TableReader(self.definition, self.columns, self._constants))

    def _build(self, reader: TableReader) -> None:
        publisher = Publisher(self.publisher, inferred=self.inferred)
        self._rules = BlockRules(self.definition, reader, self.columns, publisher, self._polygon)
        self._duplicates = rules_keys.Duplicates()
        self._keys = rules_keys.Keys(self.definition, reader.fields)
        self._names = rules_keys.Names(self.definition, reader.fields)

    @property
    def rule_keys(self) -> dict[str, tuple[str, ...]]:
        """Key → fields of every rule over rows, after `start`. ``duplicate-row`` is over all columns of the file."""
        keys = {**self._rules.fields, self._duplicates.KEY: ()}
        return keys | {rule.KEY: rule.fields for rule in (self._keys, self._names) if rule.fields}

    @property
    def rule_checks(self) -> dict[str, rules.Check]:
        """Key → check of the stateless rules, after `start`: for the fast lane, which asks once for equal rows."""
        return self._rules.checks

    def canonical(self, field: str, texts: Sequence[str]) -> list[str | None]:
        """The canonical texts of some cells of one field, after `start`; None = unknown."""
        return self._rules.reader.canonical(field, texts)

    def constant(self, field: str) -> str | None:
        """The canonical text of a field that the mapping gives for every row, after `start`; None = unknown."""
        return self._rules.reader.constant(field)

    def feed(self, table: Table) -> None:
        """Judge one block."""
        if self._head is None:
            self.start(table)
        block = Block(table, self._rules.reader.read(table), _NO_HINTS)
        verdict = self._rules.judge(block, self._add)
        self.read = block.columns if not (verdict.swaps or self._rows) else None
        self.take(verdict)
        self._repeats(block, verdict.lost)

    def judge(self, table: Table, hints: Hints) -> Verdict:
        """What a block by itself says, after `start` or `start_as`, in any order; `hints` spare cells that are known to be
        fine. Issues of a kind of which the block alone has more than are kept of the file are only counted."""
        issues: list[Issue] = []
        said = Counter[tuple[str, str]]()
        errors = False

        def add(issue: Issue) -> None:
            nonlocal errors
            errors = errors or issue.severity == "error"
            of_kind = kind(issue)
            said[of_kind] += 1
            if said[of_kind] <= self._examples:
                issues.append(issue)

        verdict = self._rules.judge(Block(table, self._rules.reader.read(table, hints.rows), hints), add)
        verdict.issues, verdict.errors = issues, errors
        verdict.more = Counter({key: number - self._examples for key, number in said.items() if number > self._examples})
        return verdict

    def take(self, verdict: Verdict) -> None:
        """Count the verdict on the next block in order."""
        self._notes += verdict.notes
        for issue in verdict.issues:
            self._add(issue)
        self._errors = self._errors or verdict.errors
        for of_kind, number in verdict.more.items():
            self._tally.count(of_kind, number)
        for issue in verdict.swaps:
            self._swaps.add(issue)
        self._swapped += len(verdict.swaps)
        for field_id, number in verdict.filled.items():
            self._filled[field_id] = self._filled.get(field_id, 0) + number
        self._waiting += verdict.waiting
        self._usable += verdict.rows - len(verdict.lost) - verdict.waiting
        self._rows += verdict.rows

    def take_repeats(
        self, lost: Mapping[int, str], firsts: Firsts, issue: Callable[[int, rules.Found], Issue]
    ) -> None:
        """Rows of the block just taken that were there before. `lost`: its verdict's. `firsts`: key of a rule that remembers
        rows → row → where the same was first. `issue` makes the issue of a row."""
        copies = set[int]()
        for row, first in firsts.get(self._duplicates.KEY, {}).items():
            if row not in lost:
                copies.add(row)
                self._add(issue(row, self._duplicates.found(first)))
        self._usable -= len(copies)
        for rule in (self._keys, self._names):
            for row, first in firsts.get(rule.KEY, {}).items():
                if row not in copies:
                    self._add(issue(row, rule.found(first)))

    def finish(self) -> Report:
        """The report. A file without any block has no rows."""
        self._settle_swaps()
        for issue in [
            *rules_file.layout(self._notes),
            *rules_file.blanks(self.definition, self._filled, self.columns, self._rows),
        ]:
            self._add(issue)
        newest = self._catalog.editions(self.definition.id)
        if newest and newest[0] != self.definition.edition:
            self._add(Issue("newer-edition", "info", value=self.definition.edition, values=(("newest", newest[0]),)))
        order = {match.field or match.column: match.index for match in self.columns}
        tallied = self._tally.finish(self._rows, self._filled, order)
        head = self._head
        return Report(
            status="failure" if self._errors else "success",
            rule_set=self._catalog.rule_set,
            dataset=self.definition.id,
            edition=self.definition.edition,
            encoding=head.encoding if head else "",
            header_line=head.header_line if head else 0,
            row_count=self._rows,
            accepted_count=self._usable,
            issues=tallied.issues,
            issue_counts=tallied.counts,
            columns=self.columns,
            notes=tuple(self._notes),
            sha256=head.sha256 if head else "",
            cut=tallied.cut,
        )

    def _add(self, issue: Issue) -> None:
        self._errors = self._errors or issue.severity == "error"
        self._tally.add(issue)

    def _settle_swaps(self) -> None:
        whole = self._swapped > 1 and self._swapped == self._filled.get(BOTH)
        if whole:
            self._usable += self._waiting
        issues = self._swaps.finish(0, {}, {}).issues
        for number, issue in enumerate(issues):
            if whole and number:
                break
            if whole:
                values = (*issue.values, ("count", str(self._swapped)))
                issue = replace(
                    issue, code="coordinates-swapped", severity="warning", record=0, line=0, cell_line=0, values=values
                )
            self._add(issue)
        if not whole:
            more = self._swapped - len(issues)
            if more:
                self._tally.count(kind(issues[-1]), more)

    def _repeats(self, block: Block, lost: Mapping[int, str]) -> None:
        """Rows of the block that were there before; all rows are remembered."""
        table, copies = block.table, set[int]()
        for row, cells in enumerate(zip(*table.columns, strict=True)):
            if row not in lost:
                twice = self._duplicates.check(cells, table.record(row), table.lines[row])
                if twice:
                    copies.add(row)
                    self._add(block.issue(row, None, twice))
        self._usable -= len(copies)
        for rule in (self._keys, self._names):
            for row, texts in block.texts(rule.fields, rule.KEY) if rule.fields else ():
                found = rule.check(texts, table.record(row), table.lines[row])
                if found and row not in copies:
                    self._add(block.issue(row, block.columns[found.field], found))


def validate(
    table: Table,
    definition: Definition,
    *,
    municipality_code: str | None = None,
    columns: Sequence[ColumnMatch] | None = None,
    catalog: Catalog | None = None,
    constants: Mapping[str, str] | None = None,
    polygon: rules_place.Polygon | None = None,
) -> Report:
    """The report on `table` by `definition`; see `Validation` for the arguments. Never raises for bad data."""
    validation = Validation(
        definition,
        municipality_code=municipality_code,
        columns=columns,
        catalog=catalog,
        constants=constants,
        polygon=polygon,
    )
    validation.feed(table)
    return validation.finish()
