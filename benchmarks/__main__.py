"""`python -m benchmarks`: the figures of the checker, each beside its peer in the same run.

Rounds are interleaved (ours, peer, ours, peer …), each in a process of its own, and the median of the ratios of each round is
printed: on a busy machine seconds drift, ratios less.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import generator, runs
from benchmarks.runs import Run


@dataclass(slots=True)
class Figure:
    """One line of the table. `ratios`: of each round, as the table states it (bigger is better unless `smaller`)."""

    name: str
    gate: str
    goal: str
    passed: float
    ratios: list[float] = field(default_factory=list[float])
    note: str = ""
    smaller: bool = False
    unit: str = "×"

    @property
    def value(self) -> float:
        return statistics.median(self.ratios)

    @property
    def ok(self) -> bool:
        return self.value <= self.passed if self.smaller else self.value >= self.passed

    def line(self) -> str:
        spread = f"{min(self.ratios):.2f}–{max(self.ratios):.2f}" if len(self.ratios) > 1 else ""
        shown = f"{self.value:.0f}" if self.unit in ("MB", "%") and self.value >= 1 else f"{self.value:.2f}"
        verdict = "ok" if self.ok else "MISSED"
        return f"| {self.name} | {self.gate} | {self.goal} | **{shown} {self.unit}** {spread} | {verdict} | {self.note} |"


SMALL = 1_000


def main() -> int:
    options = _options()
    if options.quick:
        options.rows, options.sheet_rows, options.rounds = 60_000, 5_000, min(options.rounds, 2)
        options.peer_rows, options.sheet_peer_rows = 5_000, 5_000
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        figures = measure(Path(name), options)
    print(report(figures, options.rows, options.rounds))
    return 0 if all(figure.ok for figure in figures) or options.quick else 1


def measure(folder: Path, options: argparse.Namespace) -> list[Figure]:
    """The six figures. The slow peers get fewer rows, in two sizes, so that their start-up is not multiplied."""
    rows, seed = options.rows, options.seed
    big, cp932, tiny = (folder / f"{part}_aed.csv" for part in ("big", "cp932", "tiny"))
    _say(f"writing {rows:,} rows")
    faults = generator.write(big, rows, seed=seed)
    cp932_faults = generator.write(cp932, rows, seed=seed, encoding="cp932")
    generator.write(tiny, SMALL, seed=seed)
    schema = runs.write_schema(folder / "schema.json")
    peer = _Peer(folder, "aed.csv", rows, options.peer_rows, seed, lambda path: runs.frictionless(path, schema))
    fast = Figure("UTF-8, every rule on, exact record, line, column, value", "≥ 15 × frictionless 5.21", "≥ 25 ×", 15)
    slow = Figure("CP932", "≥ 9 × frictionless on UTF-8", "≥ 14 ×", 9)
    memory = Figure("peak memory, any CSV size", "≤ 400 MB", "≤ 250 MB", 400, smaller=True, unit="MB")
    quick = Figure(f"{SMALL:,} rows, CLI start to finish", "≤ 0.6 × frictionless validate", "≤ 0.2 ×", 0.6, smaller=True)
    for number in range(1, options.rounds + 1):
        _say(f"round {number} of {options.rounds}")
        ours = runs.check(big)
        theirs = peer.seconds()
        ours_cp932 = runs.check(cp932)
        fast.ratios.append(theirs / ours.seconds)
        slow.ratios.append(theirs / ours_cp932.seconds)
        memory.ratios.append(max(ours.megabytes, ours_cp932.megabytes))
        quick.ratios.append(_small(tiny, schema))
        fast.note = f"{ours.seconds:.1f} s; frictionless {theirs:.0f} s ({peer.said})"
        slow.note = f"{ours_cp932.seconds:.1f} s"
        memory.note = f"UTF-8 {ours.megabytes:.0f} MB, CP932 {ours_cp932.megabytes:.0f} MB"
    exact = _exactness({"UTF-8": (big, faults), "CP932": (cp932, cp932_faults)})
    return [fast, slow, memory, quick, exact, _sheet(folder, options)]


class _Peer:
    """A slow peer that reads row by row, whatever the number of rows: measured on few rows and a tenth of them, so that what
    one row costs is known without its start-up, and told for all rows."""

    def __init__(self, folder: Path, name: str, rows: int, measured: int, seed: int, run: Callable[[Path], Run]) -> None:
        self._rows, self._many, self._few = rows, min(rows, measured), max(1, min(rows, measured) // 10)
        self._run = run
        self._paths = [folder / f"peer{count}_{name}" for count in (self._many, self._few)]
        for path, count in zip(self._paths, (self._many, self._few), strict=True):
            if path.suffix == ".xlsx":
                runs.write_workbook(path, count, seed)
            else:
                generator.write(path, count, seed=seed)
        self.said = f"from {self._many:,} and {self._few:,} rows" if self._many < rows else "measured"

    def seconds(self) -> float:
        many = self._run(self._paths[0]).seconds
        if self._many == self._rows:
            return many
        few = self._run(self._paths[1]).seconds
        return many + (many - few) / (self._many - self._few) * (self._rows - self._many)


def _small(path: Path, schema: Path) -> float:
    ours = min(runs.check(path).seconds for _ in range(2))
    theirs = min(runs.frictionless(path, schema, command=True).seconds for _ in range(2))
    return ours / theirs


def _exactness(files: dict[str, tuple[Path, list[generator.Fault]]]) -> Figure:
    """Recall of the seeded faults at their cells; a false finding is a miss as well."""
    figure = Figure("seeded faults found at the exact cell, no false ones", "100 %", "100 %", 100, unit="%")
    notes: list[str] = []
    for name, (path, faults) in files.items():
        found = runs.issues(path)
        seeded = {(fault.record, fault.field) for fault in faults}
        hit = sum((fault.record, fault.field, fault.code, fault.value) in found for fault in faults)
        false = sum(1 for record, of, _, _ in found if record and (record, of) not in seeded)
        figure.ratios.append(100 * hit / (len(faults) + false))
        notes.append(f"{name}: {hit} of {len(faults)}, {false} false")
    figure.ratios = [min(figure.ratios)]
    figure.note = "; ".join(notes)
    return figure


def _sheet(folder: Path, options: argparse.Namespace) -> Figure:
    rows = options.sheet_rows
    path = folder / "sheet.xlsx"
    _say(f"writing a workbook of {rows:,} rows")
    runs.write_workbook(path, rows, options.seed)
    peer = _Peer(folder, "sheet.xlsx", rows, options.sheet_peer_rows, options.seed, runs.openpyxl)
    figure = Figure(f".xlsx {rows:,} rows", "≥ 5 × openpyxl read-only", "≥ 7 ×", 5)
    for _ in range(options.rounds):
        ours, theirs = runs.read_workbook(path), peer.seconds()
        figure.ratios.append(theirs / ours.seconds)
        figure.note = f"{ours.seconds:.1f} s, {ours.megabytes:.0f} MB; openpyxl {theirs:.0f} s ({peer.said})"
    return figure


def report(figures: list[Figure], rows: int, rounds: int) -> str:
    """The table, with what it was measured on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, load {load:.1f}, Python {platform.python_version()}"
    lines = [
        f"AED設置箇所一覧, standard edition, {rows:,} rows, 1 % seeded faults; {rounds} interleaved rounds, median (min–max)",
        f"{dt.date.today().isoformat()}, {machine}",
        "",
        "| what | gate | goal | measured | | last round |",
        "|---|---|---|---|---|---|",
        *(figure.line() for figure in figures),
    ]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="60,000 rows: start-up weighs more than it should")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--peer-rows", type=int, default=50_000, help="rows for frictionless; told for all rows")
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    parser.add_argument("--sheet-peer-rows", type=int, default=10_000, help="rows for openpyxl; told for all rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
