"""The rules over the cells of one row, for a whole block: rows of good cells in which a rule might find something.

Every rule over rows is stateless, so one that reads few different texts is asked once for each combination, known again by its
hash; order, sum, box, place and address have masks of their own. A rule that is not known here is asked about every row.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recommended_datasets import automaton, municipality, rules_place
from recommended_datasets.fast_cells import Flags
from recommended_datasets.fast_columns import Columns, Known, either, every, usual
from recommended_datasets.values_coordinates import JAPAN_LATITUDE, JAPAN_LONGITUDE

if TYPE_CHECKING:
    from recommended_datasets.validation import Validation

_FEW = 4_000
"""Combinations of texts up to which a rule is asked about each of them."""
_CODES = 50


class RowRules:
    """The rules of one file. Begin with the `Validation` that was started."""

    def __init__(self, validation: Validation, rules: dict[str, tuple[str, ...]]) -> None:
        """`rules`: key → fields, all of which the file has."""
        self._validation, self._rules = validation, rules
        self._definition = validation.definition
        self._checks = validation.rule_checks
        self._bounds = rules_place.home(validation.publisher)
        self._names: dict[str, str] | None = None
        self._fine: dict[str, Known] = {}
        self._bad: dict[str, Known] = {}

    def wrong(self, key: str, columns: Columns) -> Flags | None:
        """Rows in which the rule might find something, if their cells are good; None = any row."""
        fields = self._rules[key]
        kind = key.partition(":")[0]
        if kind == "usable":
            return self._usable(fields, columns)
        if kind == "order":
            return self._order(fields[0], fields[1], columns)
        if kind == "together":
            blanks = [columns.blank(field) for field in fields]
            return either(blanks) & ~every(blanks)
        if kind == "sum":
            return self._sum(fields, columns)
        if kind == "box":
            return self._box(fields[0], fields[1], columns)
        if kind == "place":
            return self._place(fields, columns)
        if kind == "code-address":
            return self._code_address(fields[0], fields[1], columns)
        return self._combinations(key, fields, columns)

    def _combinations(self, key: str, fields: tuple[str, ...], columns: Columns) -> Flags | None:
        """By asking the rule about each different combination of texts once. Texts that are not canonical are odd anyway."""
        if key not in self._checks:
            return None
        fine, bad = self._fine.setdefault(key, Known()), self._bad.setdefault(key, Known())
        hashes = columns.together(fields)
        rows = fine.lacks(hashes)
        if len(bad) and len(rows):
            rows = rows[bad.lacks(hashes[rows])]
        if len(rows):
            different, firsts = np.unique(hashes[rows], return_index=True)
            if len(different) > _FEW or len(fine) + len(bad) > 4 * _FEW:
                return None
            found = [self._found(key, fields, columns, int(rows[first])) for first in firsts]
            bad.add(different[found])
            fine.add(different[np.logical_not(found)])
        return bad.holds(hashes)

    def _found(self, key: str, fields: tuple[str, ...], columns: Columns, row: int) -> bool:
        canonical = [self._validation.canonical(field, [columns.texts(field)[row]])[0] for field in fields]
        return bool(self._checks[key](*canonical))

    def _usable(self, fields: tuple[str, ...], columns: Columns) -> Flags:
        wrong = np.zeros(columns.height, bool)
        for clause in self._definition.usable:
            lacking = np.ones(columns.height, bool)
            for group in (group.split("+") for group in clause):
                if set(group) <= set(fields):
                    lacking &= either(columns.blank(field) for field in group)
            wrong |= lacking
        return wrong

    def _order(self, first: str, last: str, columns: Columns) -> Flags:
        fine = columns.texts(first).ordered(columns.texts(last))
        return ~(fine | columns.blank(first) | columns.blank(last))

    def _sum(self, fields: tuple[str, ...], columns: Columns) -> Flags:
        whole, *parts = (columns.numbers(field) for field in fields)
        total = reduce(lambda one, other: one + other, parts)
        nothing = columns.blank(fields[0]) | every(columns.blank(field) for field in fields[1:])
        return ~((total == whole) | nothing)

    def _box(self, latitude: str, longitude: str, columns: Columns) -> Flags:
        west, south, east, north = self._bounds or (
            JAPAN_LONGITUDE[0], JAPAN_LATITUDE[0], JAPAN_LONGITUDE[1], JAPAN_LATITUDE[1],
        )  # fmt: skip
        inside = columns.blank(latitude) | _between(columns.numbers(latitude), south, north)
        return ~(inside & (columns.blank(longitude) | _between(columns.numbers(longitude), west, east)))

    def _place(self, fields: tuple[str, ...], columns: Columns) -> Flags:
        """Rows whose code or address is not plainly inside the publisher's area."""
        check = self._checks["place"]
        told = np.zeros(columns.height, bool)
        if fields[0] == "location_code":
            for code, rows in _codes(columns, "location_code"):
                if code and not check(code, *[""] * (len(fields) - 1)):
                    told |= rows
        if "address" in fields and not told.all():
            at = fields.index("address")
            before, after = [""] * at, [""] * (len(fields) - at - 1)
            inside = [name for name in self._safe_names().values() if not check(*before, name, *after)]
            if inside:
                asked = np.flatnonzero(~told & columns.blank("location_code") if at else ~told)
                told[asked] = columns.texts("address").pick(asked).match(_beginning_with(tuple(inside)))
        return ~told

    def _code_address(self, code: str, address: str, columns: Columns) -> Flags:
        told = columns.blank(code) | columns.blank(address)
        names, texts = self._safe_names(), columns.texts(address)
        for text, rows in _codes(columns, code):
            if text and municipality.by_code(text) is None:
                told |= rows
            elif text in names:
                asked = np.flatnonzero(rows & ~told)
                told[asked] = texts.pick(asked).match(_beginning_with((names[text],)))
        return ~told

    def _safe_names(self) -> dict[str, str]:
        """Code → name, for names that no other municipality's name begins with: an address that begins with it is there."""
        if self._names is None:
            bodies = [body for body in municipality.load() if body.kind == "municipality"]
            every = [name for body in bodies for name in (body.name, *(former for former, _ in body.former))]
            self._names = {
                body.code: body.name
                for body in bodies
                if body.name[-1] in "市町村"
                and not any(other != body.name and other.startswith(body.name) for other in every)
                and all(rules_place.address_code(start + body.name) == body.code for start in ("", *_prefectures()))
            }
        return self._names


def _between(numbers: NDArray[np.float64], low: float, high: float) -> Flags:
    with np.errstate(invalid="ignore"):
        return (numbers >= low) & (numbers <= high)


def _codes(columns: Columns, field: str) -> list[tuple[str, Flags]]:
    """Some different texts of a column of codes with their rows."""
    return usual(columns.texts(field), columns.hashes(field), _CODES)[0]


def _beginning_with(names: tuple[str, ...]) -> NDArray[np.uint16]:
    """The table of addresses that begin with one of these names, a prefecture before it or not."""
    return automaton.table(f"(?:{'|'.join(_prefectures())})?(?:{'|'.join(names)}).*")


def _prefectures() -> list[str]:
    return [body.name for body in municipality.load() if body.kind == "prefecture"]
