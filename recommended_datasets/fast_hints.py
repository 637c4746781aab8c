"""What the masks know of a block: the few rows that `validation.Validation` still has to look at, rule by rule.

Every rule over rows is stateless, so a rule that reads few different texts is asked once for each combination; order, sum,
box, place and address have masks of their own. A rule that is not known here is asked about every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from recommended_datasets import municipality, rules_keys, rules_place
from recommended_datasets.fast_repeats import Repeats, compare_keys
from recommended_datasets.masks import Accepts
from recommended_datasets.validation import BOTH, Hints
from recommended_datasets.values_coordinates import JAPAN_LATITUDE, JAPAN_LONGITUDE

if TYPE_CHECKING:
    from recommended_datasets.table import Table
    from recommended_datasets.validation import Validation

_FEW = 4_000
"""Combinations of texts up to which a rule is asked about each of them."""


@dataclass(slots=True)
class _Cells:
    """One field's cells in a block: `fine` where the canonical text is the text."""

    texts: pl.Series
    blank: pl.Series
    fine: pl.Series
    broken: list[int]
    """Rows whose cell holds broken bytes: unknown, whatever the text looks like."""


class Hinting:
    """Makes the hints of one file, block by block. Begin with the `Validation` that was started."""

    def __init__(self, validation: Validation) -> None:
        self._validation = validation
        self._definition = validation.definition
        self._accepts = Accepts(statistical=validation.definition.statistical)
        self._repeats = Repeats()
        self._places = [(m.index, m.field) for m in validation.columns if m.field is not None and m.field in validation.definition]
        self._checks = validation.rule_checks
        self._bounds = rules_place.home(validation.publisher)
        self._prefixes: dict[str, str] | None = None

    def hints(self, table: Table) -> Hints:
        """The hints of this block, which has polars columns."""
        cells = {field: self._cells(table, index, field) for index, field in self._places}
        rows = {field: self._field_rows(field, cell) for field, cell in cells.items()}
        firsts: dict[str, dict[int, rules_keys.First]] = {}
        for key, fields in self._validation.rule_keys.items():
            if key == rules_keys.Duplicates.KEY or not set(fields) <= cells.keys():
                continue
            here = [cells[field] for field in fields]
            if key in (rules_keys.Keys.KEY, rules_keys.Names.KEY):
                continue
            found = self._rule_rows(key, fields, here, cells)
            if found is not None:
                rows[key] = found.arg_true().to_list()
        self._repeated(table, cells, rows, firsts)
        filled = {field: table.row_count - int(cell.blank.sum()) for field, cell in cells.items()}
        if {"latitude", "longitude"} <= cells.keys():
            filled[BOTH] = table.row_count - int((cells["latitude"].blank | cells["longitude"].blank).sum())
        return Hints(rows, firsts, filled)

    # ---- cells ----

    def _cells(self, table: Table, index: int, field: str) -> _Cells:
        texts = table.columns[index]
        assert isinstance(texts, pl.Series)
        fine = self._accepts.mask(self._definition.field(field), texts)
        broken = [row for column, row in table.unreadable if column == index]
        if broken:
            fine = fine.clone().scatter(broken, False)
        return _Cells(texts, texts == "", fine, broken)

    def _field_rows(self, field_id: str, cell: _Cells) -> list[int]:
        field = self._definition.field(field_id)
        asked = field.mark == "◎" and field.type != "flag" and field.blank == "unknown"
        rows = ~cell.fine | cell.blank if asked else ~cell.fine
        return rows.arg_true().to_list()

    # ---- rules over the cells of one row ----

    def _rule_rows(self, key: str, fields: tuple[str, ...], here: list[_Cells], cells: dict[str, _Cells]) -> pl.Series | None:
        """Rows in which the rule might find something; None = all."""
        kind = key.partition(":")[0]
        masks: dict[str, Callable[[], pl.Series | None]] = {
            "usable": lambda: self._usable(fields, cells),
            "order": lambda: _order(here),
            "together": lambda: _together(here),
            "sum": lambda: _sum(here),
            "box": lambda: self._box(here),
            "place": lambda: self._place(fields, here),
            "code-address": lambda: self._code_address(here),
        }
        odd = _any(~cell.fine for cell in here)
        wrong = masks[kind]() if kind in masks else self._combinations(key, here, odd)
        return None if wrong is None else odd | wrong

    def _combinations(self, key: str, here: list[_Cells], odd: pl.Series) -> pl.Series | None:
        check = self._checks.get(key)
        if check is None:
            return None
        frame = pl.DataFrame([cell.texts.alias(f"c{i}") for i, cell in enumerate(here)])
        different = frame.filter(~odd).unique()
        if different.height > _FEW:
            return None
        wrong = [texts for texts in different.rows() if check(*texts)]
        if not wrong:
            return pl.repeat(False, frame.height, eager=True)
        bad = pl.DataFrame(wrong, schema=frame.schema, orient="row").with_columns(pl.lit(True).alias("_wrong"))
        return frame.join(bad, on=frame.columns, how="left", maintain_order="left")["_wrong"].fill_null(False)

    def _usable(self, fields: tuple[str, ...], cells: dict[str, _Cells]) -> pl.Series:
        clauses: list[pl.Series] = []
        for clause in self._definition.usable:
            groups = [group.split("+") for group in clause]
            there = [group for group in groups if set(group) <= set(fields)]
            if not there:
                return pl.repeat(True, len(next(iter(cells.values())).blank), eager=True)
            clauses.append(_any(~_any(cells[field].blank for field in group) for group in there))
        if not clauses:
            return pl.repeat(False, len(next(iter(cells.values())).blank), eager=True)
        return _any(~clause for clause in clauses)

    def _box(self, here: list[_Cells]) -> pl.Series:
        west, south, east, north = self._bounds or (
            JAPAN_LONGITUDE[0], JAPAN_LATITUDE[0], JAPAN_LONGITUDE[1], JAPAN_LATITUDE[1],
        )  # fmt: skip
        latitude, longitude = (cell.texts.cast(pl.Float64, strict=False) for cell in here)
        inside = latitude.is_between(south, north) | here[0].blank
        inside &= longitude.is_between(west, east) | here[1].blank
        return ~inside.fill_null(False)

    def _place(self, fields: tuple[str, ...], here: list[_Cells]) -> pl.Series | None:
        """Rows whose code or address is not plainly inside the publisher's area."""
        check = self._checks.get("place")
        if check is None:
            return None
        told = pl.repeat(False, len(here[0].blank), eager=True)
        if fields[0] == "location_code":
            codes = here[0].texts.unique()
            if len(codes) <= _FEW:
                blanks = [""] * (len(fields) - 1)
                told = here[0].texts.is_in([code for code in codes if code and not check(code, *blanks)])
        if "address" in fields:
            at = fields.index("address")
            before = [""] * at
            after = [""] * (len(fields) - at - 1)
            inside = [prefix for prefix in self._safe_prefixes().values() if not check(*before, prefix, *after)]
            if inside and not told.all():
                pattern = _begins(inside)
                blank_code = here[0].blank if at else pl.repeat(True, len(told), eager=True)
                told |= blank_code & here[at].texts.str.contains(pattern)
        return ~told

    def _code_address(self, here: list[_Cells]) -> pl.Series | None:
        code, address = here
        told = code.blank | address.blank
        codes = code.texts.unique()
        if len(codes) > _FEW:
            return None
        names = self._safe_prefixes()
        known = {c: names[c] for c in codes if c in names}
        unknown = [c for c in codes if c and municipality.by_code(c) is None]
        told |= code.texts.is_in(unknown)
        if known:
            name = code.texts.replace_strict(list(known), list(known.values()), default="\uffff", return_dtype=pl.String)
            told |= address.texts.str.starts_with(name)
            for prefecture in _prefectures():
                told |= address.texts.str.starts_with(prefecture + name)
        return ~told

    def _safe_prefixes(self) -> dict[str, str]:
        """Code → name, for names that no other municipality's name begins with: an address that begins with it is there."""
        if self._prefixes is None:
            bodies = [body for body in municipality.load() if body.kind == "municipality"]
            every = [name for body in bodies for name in (body.name, *(former for former, _ in body.former))]
            self._prefixes = {
                body.code: body.name
                for body in bodies
                if body.name[-1] in "市町村"
                and not any(other != body.name and other.startswith(body.name) for other in every)
                and all(rules_place.address_code(start + body.name) == body.code for start in ("", *_prefectures()))
            }
        return self._prefixes

    # ---- rules that remember rows ----

    def _repeated(
        self, table: Table, cells: dict[str, _Cells], rows: dict[str, list[int]], firsts: dict[str, dict[int, rules_keys.First]]
    ) -> None:
        self._repeats.begin(table.first_record, list(table.lines))
        wanted: list[tuple[str, pl.DataFrame, pl.Series | None]] = []
        whole = pl.DataFrame([pl.Series(f"c{i}", column) for i, column in enumerate(table.columns)])
        wanted.append((rules_keys.Duplicates.KEY, whole, None))
        keys = self._validation.rule_keys
        key = keys.get(rules_keys.Keys.KEY)
        if key and set(key) <= cells.keys():
            texts = [self._canonical(field, cells[field]) for field in key]
            wanted.append((rules_keys.Keys.KEY, _frame(texts), _there(texts)))
        name = keys.get(rules_keys.Names.KEY)
        if name and set(name) <= cells.keys():
            texts = [self._canonical(field, cells[field]) for field in name]
            wanted.append((rules_keys.Names.KEY, _frame([compare_keys(text) for text in texts]), _there(texts[:2])))
        for rule, frame, valid in wanted:
            found = self._repeats.find(rule, frame, valid, table.first_record)
            firsts[rule] = found
            rows[rule] = list(found)

    def _canonical(self, field_id: str, cell: _Cells) -> pl.Series:
        odd = (~cell.fine).arg_true()
        if not len(odd):
            return cell.texts
        read = self._validation.canonical(field_id, list(cell.texts.gather(odd)))
        texts = cell.texts.clone().scatter(odd, pl.Series(read, dtype=pl.String))
        return texts.clone().scatter(cell.broken, None) if cell.broken else texts


def _frame(columns: Sequence[pl.Series]) -> pl.DataFrame:
    return pl.DataFrame([column.alias(f"c{i}") for i, column in enumerate(columns)])


def _there(columns: Iterable[pl.Series]) -> pl.Series:
    """Rows in which all these texts are known and not blank."""
    return ~_any((column == "").fill_null(True) for column in columns)


def _any(masks: Iterable[pl.Series]) -> pl.Series:
    return reduce(lambda one, other: one | other, masks)


def _begins(names: Sequence[str]) -> str:
    prefectures = "|".join(_prefectures())
    return rf"^(?:{prefectures})?(?:{'|'.join(names)})"


def _prefectures() -> list[str]:
    return [body.name for body in municipality.load() if body.kind == "prefecture"]


def _order(here: list[_Cells]) -> pl.Series:
    first, last = here
    same = first.texts.str.len_bytes() == last.texts.str.len_bytes()
    return ~(first.blank | last.blank | (same & (first.texts <= last.texts)))


def _together(here: list[_Cells]) -> pl.Series:
    blank = reduce(lambda one, other: one & other, (cell.blank for cell in here))
    return _any(cell.blank for cell in here) & ~blank


def _sum(here: list[_Cells]) -> pl.Series:
    whole, parts = here[0], here[1:]
    numbers = [cell.texts.cast(pl.Float64, strict=False) for cell in here]
    total = reduce(lambda one, other: one + other, numbers[1:])
    right = (total == numbers[0]).fill_null(False)
    nothing = reduce(lambda one, other: one & other, (cell.blank for cell in parts))
    return ~(right | whole.blank | nothing)
