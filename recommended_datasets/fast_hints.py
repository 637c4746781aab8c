"""What the masks know of a block: the few rows that `validation.Validation` still has to look at, rule by rule.

All masks of a block are one polars query. Every rule over rows is stateless, so a rule that reads few different texts is asked
once for each combination; order, sum, box, place and address have masks of their own. A rule that is not known here is asked
about every row.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from recommended_datasets import fast_repeats, municipality, rules_keys, rules_place
from recommended_datasets.fast_repeats import Repeats
from recommended_datasets.masks import Accepts
from recommended_datasets.validation_block import BOTH, Hints
from recommended_datasets.values_columns import short_rows
from recommended_datasets.values_coordinates import JAPAN_LATITUDE, JAPAN_LONGITUDE

if TYPE_CHECKING:
    from recommended_datasets.table import Table
    from recommended_datasets.validation import Validation

_FEW = 4_000
"""Combinations of texts up to which a rule is asked about each of them."""
_NEW_VALUES = 100
"""Rows of one block with values not known yet from which on a column's values are learnt."""
_FALSE, _TRUE = pl.lit(False), pl.lit(True)
_REPEATED = (rules_keys.Duplicates.KEY, rules_keys.Keys.KEY, rules_keys.Names.KEY)


class Hinting:
    """Makes the hints of one file, block by block. Begin with the `Validation` that was started."""

    def __init__(self, validation: Validation) -> None:
        self._validation = validation
        self._definition = validation.definition
        self._accepts = Accepts(statistical=validation.definition.statistical)
        self._repeats = Repeats()
        known = [match for match in validation.columns if match.field and match.field in validation.definition]
        self._index = {str(match.field): match.index for match in known}
        self._checks = validation.rule_checks
        there = self._index.keys()
        self._rules = {key: fields for key, fields in validation.rule_keys.items() if set(fields) <= there and fields}
        self._bounds = rules_place.home(validation.publisher)
        self._prefixes: dict[str, str] | None = None
        self._combined: dict[str, dict[tuple[str, ...], bool]] = {}
        self._memo: dict[str, str] = {}
        self._broken: frozenset[tuple[int, int]] = frozenset()

    def hints(self, table: Table) -> Hints:
        """The hints of this block, which has polars columns."""
        frame = pl.DataFrame([pl.Series(f"c{i}", column) for i, column in enumerate(table.columns)])
        self._broken = table.unreadable
        self._learn(frame)
        told = self._query(frame)
        rows: dict[str, list[int]] = {field: told[field][0].to_list() for field in self._index}
        for key in self._rules:
            if key in told.columns:
                rows[key] = told[key][0].to_list()
        for column, row in table.unreadable:
            self._doubt(rows, column, row)
        for row, width in short_rows(table).items():
            for index in range(width, len(table.columns)):
                self._doubt(rows, index, row)
        filled = {field: table.row_count - told[f"blank:{field}"][0] for field in self._index}
        if {"latitude", "longitude"} <= self._index.keys():
            filled[BOTH] = table.row_count - told[f"blank:{BOTH}"][0]
        firsts = self._repeated(table, frame, rows)
        self._learn_more(frame, rows)
        return Hints({key: found for key, found in rows.items() if not key.startswith("fine:")}, firsts, filled)

    # ---- the query ----

    def _query(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One row: for each field and rule the list of its rows, for each field the number of blanks."""
        cells: list[pl.Expr] = []
        answers: list[pl.Expr] = []
        for field_id, index in self._index.items():
            field = self._definition.field(field_id)
            texts = pl.col(f"c{index}")
            cells.append((texts == "").alias(f"b:{field_id}"))
            cells.append((~self._accepts.expression(field, texts)).alias(f"o:{field_id}"))
            asked = field.mark == "◎" and field.type != "flag" and field.blank == "unknown"
            odd = _odd(field_id) | _blank(field_id) if asked else _odd(field_id)
            answers.append(_rows(odd).alias(field_id))
            answers.append(_blank(field_id).sum().alias(f"blank:{field_id}"))
            if self._accepts.asks(field):
                answers.append(_rows(_odd(field_id)).alias(f"fine:{field_id}"))
        if {"latitude", "longitude"} <= self._index.keys():
            answers.append((_blank("latitude") | _blank("longitude")).sum().alias(f"blank:{BOTH}"))
        for key, fields in self._rules.items():
            wrong = None if key in _REPEATED else self._wrong(key, fields, frame)
            if wrong is not None:
                answers.append(_rows(reduce(lambda one, other: one | other, map(_odd, fields), wrong)).alias(key))
        return frame.lazy().with_columns(cells).select(answers).collect()

    def _texts(self, field: str) -> pl.Expr:
        return pl.col(f"c{self._index[field]}")

    def _learn(self, frame: pl.DataFrame) -> None:
        """The first block's different values of the columns that no pattern says."""
        fields = [self._definition.field(field) for field in self._index]
        new = [field for field in fields if self._accepts.asks(field) and not self._accepts.knows(field)]
        if not new:
            return
        lists = frame.select(self._texts(field.id).unique().head(_FEW).implode().alias(field.id) for field in new)
        for field in new:
            self._accepts.learn(field, lists[field.id][0].to_list())

    def _learn_more(self, frame: pl.DataFrame, rows: dict[str, list[int]]) -> None:
        """Values that came up in this block are known in the next one."""
        for key in [key for key in rows if key.startswith("fine:")]:
            if len(rows[key]) > _NEW_VALUES:
                field = self._definition.field(key.removeprefix("fine:"))
                self._accepts.learn(field, frame[f"c{self._index[field.id]}"].gather(rows[key]).unique().to_list())

    def _doubt(self, rows: dict[str, list[int]], column: int, row: int) -> None:
        """A cell with broken bytes is unknown, whatever its text looks like: its rules have to look."""
        fields = {field for field, index in self._index.items() if index == column}
        for key, found in rows.items():
            if (key in fields or fields & set(self._rules.get(key, ()))) and row not in found:
                found.append(row)
                found.sort()

    # ---- rules over the cells of one row ----

    def _wrong(self, key: str, fields: tuple[str, ...], frame: pl.DataFrame) -> pl.Expr | None:
        """Rows of good cells in which the rule might find something; None = any row."""
        kind = key.partition(":")[0]
        if kind == "usable":
            return self._usable(fields)
        if kind == "order":
            return self._order(*fields)
        if kind == "together":
            blanks = [_blank(field) for field in fields]
            return pl.any_horizontal(blanks) & ~pl.all_horizontal(blanks)
        if kind == "sum":
            return self._sum(fields)
        if kind == "box":
            return self._box(*fields)
        if kind == "place":
            return self._place(fields, frame)
        if kind == "code-address":
            code, address = fields
            return self._code_address(code, address, frame)
        return self._combinations(key, fields, frame)

    def _combinations(self, key: str, fields: tuple[str, ...], frame: pl.DataFrame) -> pl.Expr | None:
        """By asking the rule about each different combination of texts once. Texts that are not canonical are odd anyway."""
        check = self._checks.get(key)
        if check is None:
            return None
        known = self._combined.setdefault(key, {})
        different = frame.select(self._texts(field) for field in fields).unique()
        if different.height > _FEW or len(known) > 4 * _FEW:
            return None
        wrong: list[tuple[str, ...]] = []
        for texts in different.rows():
            if texts not in known:
                known[texts] = self._found(key, fields, texts)
            if known[texts]:
                wrong.append(texts)
        if not wrong:
            return _FALSE
        if len(wrong) > 200:
            return None
        return pl.any_horizontal(
            pl.all_horizontal(self._texts(field) == text for field, text in zip(fields, texts, strict=True)) for texts in wrong
        )

    def _found(self, key: str, fields: tuple[str, ...], texts: tuple[str, ...]) -> bool:
        canonical = [self._validation.canonical(field, [text])[0] for field, text in zip(fields, texts, strict=True)]
        return bool(self._checks[key](*canonical))

    def _usable(self, fields: tuple[str, ...]) -> pl.Expr:
        wrong = _FALSE
        for clause in self._definition.usable:
            groups = [group.split("+") for group in clause]
            there = [group for group in groups if set(group) <= set(fields)]
            lacking = [pl.any_horizontal(_blank(field) for field in group) for group in there]
            wrong = wrong | (pl.all_horizontal(lacking) if lacking else _TRUE)
        return wrong

    def _order(self, first: str, last: str) -> pl.Expr:
        start, end = self._texts(first), self._texts(last)
        same = start.str.len_bytes() == end.str.len_bytes()
        return ~(_blank(first) | _blank(last) | (same & (start <= end)))

    def _sum(self, fields: tuple[str, ...]) -> pl.Expr:
        whole, *parts = (self._texts(field).cast(pl.Float64, strict=False) for field in fields)
        total = reduce(lambda one, other: one + other, parts)
        nothing = _blank(fields[0]) | pl.all_horizontal(_blank(field) for field in fields[1:])
        return ~((total == whole).fill_null(False) | nothing)

    def _box(self, latitude: str, longitude: str) -> pl.Expr:
        west, south, east, north = self._bounds or (
            JAPAN_LONGITUDE[0], JAPAN_LATITUDE[0], JAPAN_LONGITUDE[1], JAPAN_LATITUDE[1],
        )  # fmt: skip
        inside = _blank(latitude) | self._texts(latitude).cast(pl.Float64, strict=False).is_between(south, north)
        inside &= _blank(longitude) | self._texts(longitude).cast(pl.Float64, strict=False).is_between(west, east)
        return ~inside.fill_null(False)

    def _place(self, fields: tuple[str, ...], frame: pl.DataFrame) -> pl.Expr | None:
        """Rows whose code or address is not plainly inside the publisher's area."""
        check = self._checks["place"]
        told = _FALSE
        if fields[0] == "location_code":
            codes = frame[f"c{self._index['location_code']}"].unique()
            if len(codes) <= _FEW:
                blanks = [""] * (len(fields) - 1)
                told = self._texts("location_code").is_in([code for code in codes if code and not check(code, *blanks)])
        if "address" in fields:
            at = fields.index("address")
            before, after = [""] * at, [""] * (len(fields) - at - 1)
            inside = [name for name in self._safe_names().values() if not check(*before, name, *after)]
            if inside:
                pattern = rf"^(?:{'|'.join(_prefectures())})?(?:{'|'.join(inside)})"
                told = told | ((_blank("location_code") if at else _TRUE) & self._texts("address").str.contains(pattern))
        return ~told

    def _code_address(self, code: str, address: str, frame: pl.DataFrame) -> pl.Expr | None:
        told = _blank(code) | _blank(address)
        codes = frame[f"c{self._index[code]}"].unique()
        if len(codes) > _FEW:
            return None
        names = self._safe_names()
        foreign = [c for c in codes if c and municipality.by_code(c) is None]
        told = told | self._texts(code).is_in(foreign)
        known = {c: names[c] for c in codes if c in names}
        if known:
            old, new = list(known), list(known.values())
            name = self._texts(code).replace_strict(old, new, default="\uffff", return_dtype=pl.String)
            for start in ("", *_prefectures()):
                told = told | self._texts(address).str.starts_with(pl.lit(start) + name)
        return ~told

    def _safe_names(self) -> dict[str, str]:
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
        self, table: Table, frame: pl.DataFrame, rows: dict[str, list[int]]
    ) -> dict[str, dict[int, rules_keys.First]]:
        self._repeats.begin(table.first_record, table.lines)
        firsts: dict[str, dict[int, rules_keys.First]] = {}
        if not frame.height:
            whole = np.empty(0, np.uint64)
        else:
            whole = frame.hash_rows(seed=1).to_numpy()
        firsts[rules_keys.Duplicates.KEY] = self._repeats.find(rules_keys.Duplicates.KEY, whole, None)
        for key, asked in ((rules_keys.Keys.KEY, None), (rules_keys.Names.KEY, 2)):
            fields = self._rules.get(key)
            if fields and frame.height:
                firsts[key] = self._repeats.find(key, *self._keys(fields, frame, rows, asked))
        for key, found in firsts.items():
            rows[key] = list(found)
        return firsts

    def _keys(
        self, fields: tuple[str, ...], frame: pl.DataFrame, rows: dict[str, list[int]], asked: int | None
    ) -> tuple[fast_repeats.Hashes, np.ndarray]:
        """(hash of each row's key, which rows count). `asked`: only the first so many texts must be there, and the key is
        `compare_key`; None: all of them, as they are."""
        columns = [frame[f"c{self._index[field]}"] for field in fields]
        valid = np.ones(frame.height, bool)
        for column in columns[:asked]:
            valid &= (column != "").to_numpy()
        hashes = [self._hashes(column, asked) for column in columns]
        odd = sorted({row for field in fields for row in rows.get(field, ())})
        if odd:
            read = [self._read(field, frame, odd) for field in fields]
            valid[odd] = [all(row[:asked]) for row in zip(*read, strict=True)]
            for texts, of_column in zip(read, hashes, strict=True):
                known = pl.Series([text or "" for text in texts], dtype=pl.String)
                of_column[odd] = self._hashes(known, asked)
        return fast_repeats.combined(hashes), valid

    def _hashes(self, texts: pl.Series, asked: int | None) -> fast_repeats.Hashes:
        return fast_repeats.compared(texts, self._memo) if asked else fast_repeats.hash_texts(texts)

    def _read(self, field: str, frame: pl.DataFrame, rows: list[int]) -> list[str | None]:
        """The canonical texts of these rows."""
        texts = frame[f"c{self._index[field]}"].gather(rows).to_list()
        read = self._validation.canonical(field, texts)
        index = self._index[field]
        return [None if (index, row) in self._broken else text for row, text in zip(rows, read, strict=True)]


def _blank(field: str) -> pl.Expr:
    return pl.col(f"b:{field}")


def _odd(field: str) -> pl.Expr:
    return pl.col(f"o:{field}")


def _rows(mask: pl.Expr) -> pl.Expr:
    return mask.arg_true().implode()


def _prefectures() -> list[str]:
    return [body.name for body in municipality.load() if body.kind == "prefecture"]
