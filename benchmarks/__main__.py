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


def main() -> int:
    if sys.argv[1:2] == ["harvest"]:
        from benchmarks import harvest

        del sys.argv[1]
        return harvest.main()
    options = _options()
    rows, small, sheet_rows = (60_000, 1000, 5_000) if options.quick else (options.rows, 1000, options.sheet_rows)
    peer_rows = min(rows, 5_000 if options.quick else options.peer_rows)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        figures = list(measure(folder, rows, peer_rows, small, sheet_rows, options.rounds, options.seed))
    print(report(figures, rows, peer_rows, sheet_rows, options.rounds))
    return 0 if all(figure.ok for figure in figures) or options.quick else 1


def measure(folder: Path, rows: int, peer_rows: int, small: int, sheet_rows: int, rounds: int, seed: int) -> list[Figure]:
    """All figures. `peer_rows`: rows that the slow peer gets; its seconds are scaled to `rows` (it is linear)."""
    big, cp932, peer, tiny = (folder / f"{part}_aed.csv" for part in ("big", "cp932", "peer", "tiny"))
    _say(f"writing {rows:,} rows")
    faults = generator.write(big, rows, seed=seed)
    cp932_faults = generator.write(cp932, rows, seed=seed, encoding="cp932")
    if peer_rows != rows:
        generator.write(peer, peer_rows, seed=seed)
    else:
        peer = big
    generator.write(tiny, small, seed=seed)
    schema = runs.write_schema(folder / "schema.json")
    scale = rows / peer_rows
    figures = [
        Figure("UTF-8, every rule on, exact cell", "≥ 15 × frictionless 5.21", "≥ 25 ×", 15),
        Figure("CP932", "≥ 9 × frictionless on UTF-8", "≥ 14 ×", 9),
        Figure(f"{small:,} rows, CLI start to finish", "≤ 0.6 × frictionless validate", "≤ 0.2 ×", 0.6, smaller=True),
        Figure("peak memory, UTF-8", "≤ 400 MB", "≤ 250 MB", 400, smaller=True, unit="MB"),
        Figure("peak memory, CP932", "≤ 400 MB", "≤ 250 MB", 400, smaller=True, unit="MB"),
    ]
    fast, slow, quick, memory, memory_cp932 = figures
    for number in range(1, rounds + 1):
        _say(f"round {number} of {rounds}")
        ours = runs.check(big)
        theirs = runs.frictionless(peer, schema)
        ours_cp932 = runs.check(cp932)
        fast.ratios.append(theirs.seconds * scale / ours.seconds)
        slow.ratios.append(theirs.seconds * scale / ours_cp932.seconds)
        memory.ratios.append(ours.megabytes)
        memory_cp932.ratios.append(ours_cp932.megabytes)
        quick.ratios.append(_small(tiny, schema))
        fast.note = _seconds(ours, rows, theirs, peer_rows)
        slow.note = f"{ours_cp932.seconds:.1f} s"
    figures += _exactness(big, faults, "UTF-8") + _exactness(cp932, cp932_faults, "CP932")
    figures.append(_sheet(folder, sheet_rows, rounds, seed))
    return figures


def _small(path: Path, schema: Path) -> float:
    ours = min(runs.check(path).seconds for _ in range(2))
    theirs = min(runs.frictionless(path, schema, command=True).seconds for _ in range(2))
    return ours / theirs


def _exactness(path: Path, faults: list[generator.Fault], name: str) -> list[Figure]:
    """Recall and false findings of the seeded faults, cell by cell."""
    found = runs.issues(path)
    seeded = {(fault.record, fault.field): fault for fault in faults}
    hit = sum((fault.record, fault.field, fault.code, fault.value) in found for fault in faults)
    share = 100 * hit / len(faults)
    false = sum(1 for record, of, _, _ in found if record and (record, of) not in seeded)
    return [
        Figure(f"seeded faults found, {name}", "100 %", "100 %", 100, [share], f"{hit} of {len(faults)}", unit="%"),
        Figure(f"false findings, {name}", "0", "0", 0, [float(false)], smaller=True, unit=""),
    ]


def _sheet(folder: Path, rows: int, rounds: int, seed: int) -> Figure:
    path = folder / "sheet.xlsx"
    _say(f"writing a workbook of {rows:,} rows")
    runs.write_workbook(path, rows, seed)
    figure = Figure(f".xlsx, {rows:,} rows, read into a table", "≥ 5 × openpyxl read-only", "≥ 7 ×", 5)
    for _ in range(rounds):
        ours, theirs = runs.read_workbook(path), runs.openpyxl(path)
        figure.ratios.append(theirs.seconds / ours.seconds)
        figure.note = f"{ours.seconds:.1f} s, openpyxl {theirs.seconds:.1f} s, {ours.megabytes:.0f} MB"
    return figure


def _seconds(ours: Run, rows: int, theirs: Run, peer_rows: int) -> str:
    scaled = f" on {peer_rows:,} rows, scaled" if peer_rows != rows else ""
    return f"{ours.seconds:.1f} s; frictionless {theirs.seconds:.1f} s{scaled}"


def report(figures: list[Figure], rows: int, peer_rows: int, sheet_rows: int, rounds: int) -> str:
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
    parser.add_argument("--peer-rows", type=int, default=1_000_000, help="rows for frictionless; fewer are scaled up")
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
