"""The rules of one edition over one block of a file: nothing of it is remembered for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from recommended_datasets import rules, rules_file, rules_place
from recommended_datasets.definition import Definition
from recommended_datasets.report import ColumnMatch, Issue
from recommended_datasets.validation_block import BOTH, Block, Verdict
from recommended_datasets.values_columns import UNKNOWN, TableReader, swapped_rows
from recommended_datasets.values_parsed import Parsed, fold, trim

Add = Callable[[Issue], None]


class Publisher(NamedTuple):
    """Whose file it is."""

    code: str | None
    inferred: bool
    """Whether only the file says so."""


class BlockRules:
    """`judge` says what a block by itself says."""

    def __init__(
        self,
        definition: Definition,
        reader: TableReader,
        columns: Sequence[ColumnMatch],
        publisher: Publisher,
        polygon: rules_place.Polygon | None,
    ) -> None:
        self.reader = reader
        self._definition, self._columns, self._publisher = definition, columns, publisher
        there = reader.fields
        self._over_rows = rules.build(definition, there)
        self._over_rows += rules_place.rules(definition, there, publisher.code, polygon)
        self._usable = rules.usable_rule(definition, there)
        # A definition may say that a row elsewhere is an error: then the merge does not take it either.
        place = [rule for rule in self._over_rows if rule.key == "place" and definition.place == "error"]
        self._deciding = [(rule.key, rule.check, rule.fields) for rule in place]

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """Key → fields of every rule."""
        return {rule.key: rule.fields for rule in self._over_rows} | {"usable": self._usable.fields}

    @property
    def checks(self) -> dict[str, rules.Check]:
        """Key → check of every rule whose findings are issues."""
        return {rule.key: rule.check for rule in self._over_rows}

    def judge(self, block: Block, add: Add) -> Verdict:
        """What a block by itself says; its issues are given to `add` in the order in which they are found."""
        table = block.table
        verdict = Verdict(table.row_count, table.notes)
        for issue in table.issues:
            add(self._with_field(issue))
        verdict.filled = _filled(block)
        swaps = swapped_rows(block.columns)
        verdict.swaps = self._swap(block, swaps)
        verdict.lost, verdict.waiting = self._usability(block, set(swaps), add)
        self._cells(block, verdict.lost, add)
        self._row_rules(block, add)
        return verdict

    def _with_field(self, issue: Issue) -> Issue:
        if issue.field or not issue.column:
            return issue
        field = next((match.field for match in self._columns if match.column == issue.column and match.field), None)
        return replace(issue, field=field) if field else issue

    def _swap(self, block: Block, swaps: Sequence[int]) -> list[Issue]:
        """Set the cells of swapped rows aside; what they are is known only when the whole column was seen."""
        found: list[Issue] = []
        for row in swaps:
            latitude, longitude = block.columns["latitude"], block.columns["longitude"]
            values = (("expected", trim(fold(longitude.texts[row]))), ("longitude", longitude.texts[row]))
            found.append(block.issue(row, latitude, Parsed(None, "coordinate-swapped", "error", values)))
            latitude.changed[row] = longitude.changed[row] = UNKNOWN
        return found

    def _cells(self, block: Block, lost: Mapping[int, str], add: Add) -> None:
        for column in block.columns.values():
            if column.index < 0:
                continue
            asked = column.field.mark == "◎" and column.field.type != "flag" and column.field.blank == "unknown"
            missing = rules_file.missing(column.field, self._definition) if asked else None
            rows: Iterable[int] = column.changed
            if asked:
                rows = {*column.changed, *block.rows(column.field.id, blank=column)}
            for row in sorted(rows):
                parsed = column.changed.get(row)
                if parsed and parsed.code:
                    add(block.issue(row, column, rules_file.weighed(column.field, self._definition, parsed)))
                # A blank that makes the row unusable was said already.
                if missing and column.text(row) == "" and lost.get(row) != column.field.id:
                    add(block.issue(row, column, missing))

    def _row_rules(self, block: Block, add: Add) -> None:
        for rule in self._over_rows:
            check = rule.check
            for row, texts in block.texts(rule.fields, rule.key):
                for found in check(*texts) or ():
                    if self._publisher.inferred and found.code == "publisher-code":
                        # A publisher only inferred from the file cannot make the file's other codes wrong.
                        found = found._replace(severity="warning", code="publisher-codes-mixed")
                    add(block.issue(row, block.columns[found.field], found))

    def _usability(self, block: Block, swaps: set[int], add: Add) -> tuple[dict[int, str], int]:
        """(`Verdict.lost`, `Verdict.waiting`): swapped rows wait for the verdict on the column."""
        rule = self._usable
        lost: dict[int, str] = {}
        waiting = 0
        for row, texts in block.texts(rule.fields, rule.key):
            problems = list(rule.check(*texts) or ())
            if not problems:
                continue
            if row in swaps and not rule.check(*rules.as_if_placed(rule.fields, texts)):
                waiting += 1
                continue
            found = problems[0]
            lost[row] = found.field
            add(block.issue(row, block.columns.get(found.field), found, found.field))
        for key, check, fields in self._deciding:
            for row, texts in block.texts(fields, key):
                if row not in lost and any(found.severity == "error" for found in check(*texts) or ()):
                    lost[row] = ""
        return lost, waiting


def _filled(block: Block) -> dict[str, int]:
    """`Hints.filled` of all columns."""
    found: dict[str, int] = {}
    known = block.hints.filled
    for field_id, column in block.columns.items():
        number = known.get(field_id)
        found[field_id] = block.table.row_count - list(column.texts).count("") if number is None else number
    if {"latitude", "longitude"} <= block.columns.keys():
        number = known.get(BOTH)
        if number is None:
            pairs = zip(block.columns["latitude"].texts, block.columns["longitude"].texts, strict=True)
            number = sum(1 for latitude, longitude in pairs if latitude and longitude)
        found[BOTH] = number
    return found
