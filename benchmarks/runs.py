"""Each measured run: a process of its own, its wall time from start to end and its peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generator

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    megabytes: float


def _run(code: str, *arguments: str) -> Run:
    """Wall time and peak resident memory of ``python -c code`` with these arguments."""
    return _process([sys.executable, "-c", code, *arguments])


def _process(command: list[str], *, said: bytes = b"") -> Run:
    """`said`: what its output must hold: a command that did nothing would be quick. Memory is the process's own peak, or the
    sum over it and the processes it started, seen every 20 ms, where that is more."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"}
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, env=environment, cwd=PROJECT)
        assert process.stderr is not None
        peak = _Peak(process.pid)
        errors = process.stderr.read()
        peak.stop()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        output.seek(0)
        printed = output.read() if said else b""
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1) or said not in printed:
        raise RuntimeError(f"{command[:4]} failed: {errors.decode(errors='replace')[-2000:]}")
    return Run(seconds, max(usage.ru_maxrss / 1024, peak.megabytes))


class _Peak:
    """The most resident memory of a process and its children together. Pages that they share count for each."""

    def __init__(self, process: int) -> None:
        self.megabytes = 0.0
        self._process, self._ended = process, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        while not self._ended.wait(0.02):
            pages = 0
            for process in [self._process, *_children(self._process)]:
                try:
                    pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
                except (OSError, IndexError):
                    continue
            self.megabytes = max(self.megabytes, pages * page)


def _children(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(OSError):  # a thread that has just ended
                found += map(int, (thread / "children").read_text().split())
    return found


def check(path: Path) -> Run:
    """`recommended-datasets check FILE --format json`, start to finish."""
    command = [sys.executable, "-m", "recommended_datasets", "check", str(path), "--format", "json"]
    return _process(command, said=b'"row_count"')


_FRICTIONLESS = """
import sys
from frictionless import Checklist, Resource, Schema, system
with system.use_context(trusted=True):
    resource = Resource(path=sys.argv[1], schema=Schema.from_descriptor(sys.argv[2]), encoding="utf-8-sig")
    report = resource.validate(Checklist(), limit_errors=10**9)
assert report.tasks[0].errors, "the seeded faults were not seen"
"""


def frictionless(path: Path, schema: Path, *, command: bool = False) -> Run:
    """frictionless on the same file with our exported Table Schema, error limit lifted; `command`: its own command line."""
    if command:
        return _process(
            [sys.executable, "-m", "frictionless", "validate", str(path), "--schema", str(schema)]
            + ["--trusted", "--encoding", "utf-8-sig"],
            said=b"INVALID",
        )
    return _run(_FRICTIONLESS, str(path), str(schema))


def issues(path: Path) -> set[tuple[int, str, str, str]]:
    """(record, field, code, value) of every issue of our report."""
    from recommended_datasets.checking import check_bytes

    report = check_bytes(path, report_only=True).report
    return {(issue.record, issue.field, issue.code, issue.value) for issue in report.issues}


def write_schema(path: Path) -> Path:
    from recommended_datasets.table_schema import table_schema

    path.write_text(json.dumps(table_schema(generator.definition()), ensure_ascii=False), encoding="utf-8")
    return path


def write_workbook(path: Path, rows: int, seed: int) -> None:
    """The same rows as a workbook."""
    import csv

    import xlsxwriter

    source = path.with_suffix(".csv")
    generator.write(source, rows, seed=seed)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet("AED")
    with source.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file)):
            sheet.write_row(number, 0, row)
    book.close()


def read_workbook(path: Path) -> Run:
    """Our reader, from the file to a `Table`."""
    code = "import sys, pathlib, recommended_datasets.reader as reader; reader.read_table(pathlib.Path(sys.argv[1]))"
    return _run(code, str(path))


def openpyxl(path: Path) -> Run:
    """openpyxl, read-only: every row as values."""
    code = """
import sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
for sheet in book.worksheets:
    for row in sheet.iter_rows(values_only=True):
        pass
"""
    return _run(code, str(path))
