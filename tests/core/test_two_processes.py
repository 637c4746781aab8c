"""A large file judged by two processes: the same report, whatever becomes of the second one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from core.test_lanes import HEADER, check, file, record

from recommended_datasets import fast, fast_worker
from recommended_datasets.report_text import as_json

ENDS_LATER = """
import os
from recommended_datasets import fast_outcome as f
piece, asked = f.Judge.piece, []
f.Judge.piece = lambda *a, **k: (asked.append(1), len(asked) > 1 and os._exit(9), piece(*a, **k))[2]
"""
"""Of the second process: it judges one piece."""


@pytest.fixture(autouse=True)
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files use the second process too."""
    monkeypatch.setattr(fast, "TOGETHER", 0)
    monkeypatch.setattr(fast, "processors", lambda: 2)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the second process answered."""
    given: list[object] = []
    answer = fast_worker.Worker.answer

    def kept(self: fast_worker.Worker) -> object:
        given.append(answer(self))
        return given[-1]

    monkeypatch.setattr(fast_worker.Worker, "answer", kept)
    return given


def children() -> set[str]:
    """Processes of this one."""
    found = set[str]()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            found |= set((task / "children").read_text().split())
    return found


def write(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *rows]).encode(encoding))
    return path


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 6, 8, 11])
def test_the_report_is_that_of_the_exact_lane(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[object]) -> None:
    path = tmp_path / "aed.csv"
    path.write_bytes(file(seed, 4000))
    before = children()
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 110_000 + 30_000 * (seed % 3))
    assert repr(exact) == repr(quick) and as_json(exact, "ja") == as_json(quick, "ja")
    assert children() <= before, "the second process ends with the check"
    if was_quick:
        assert any(not isinstance(answer, fast_worker.Failed) for answer in answers), "the second process judged nothing"


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "iso2022_jp"])
def test_pieces_of_every_encoding_are_given_to_it(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[object]
) -> None:
    rows = [record(number) for number in range(4000)]
    rows[3500][3], rows[3900][11] = "", "朝から"
    path = write(tmp_path / "aed.csv", rows, encoding)
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 200_000)
    assert was_quick and repr(exact) == repr(quick)
    assert any(not isinstance(answer, fast_worker.Failed) for answer in answers)


@pytest.mark.parametrize("misfortune", ["cannot start", "ends at once", "ends later", "cannot be told"])
def test_a_check_survives_its_second_process(misfortune: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record(number) for number in range(4000)]
    rows[3500], rows[3900][11] = rows[20], "朝から"
    path = write(tmp_path / "aed.csv", rows)
    exact, _ = check(path, 1 << 60, monkeypatch)
    if misfortune == "cannot start":
        monkeypatch.setattr(fast_worker.sys, "executable", "/nonexistent/python")
    elif misfortune == "ends at once":
        monkeypatch.setattr(fast_worker, "_MAIN", "raise SystemExit(3)")
    elif misfortune == "ends later":
        monkeypatch.setattr(fast_worker, "_MAIN", ENDS_LATER + fast_worker._MAIN)
    else:
        monkeypatch.setattr(fast, "_setup", lambda *_: lambda: None)
    quick, was_quick = check(path, 0, monkeypatch, 100_000)
    assert was_quick and repr(exact) == repr(quick)
    assert quick.issue_counts["duplicate-row"] == 1


def test_a_file_that_is_changed_while_it_is_read_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "aed.csv", [record(number) for number in range(4000)])
    setup = fast._setup

    def touched(*arguments: object) -> object:
        os.utime(path, ns=(1, 1))
        return setup(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fast, "_setup", touched)
    before = children()
    report, was_quick = check(path, 0, monkeypatch, 100_000)
    assert not was_quick and report.row_count == 4000
    assert children() <= before


def test_constants_of_a_mapping_count_in_rows_that_are_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recommended_datasets import checking, fast_source
    from recommended_datasets.mapping import Mapping

    rows = [record(number) for number in range(4000)]
    rows[3900][1] = rows[10][1]
    path = tmp_path / "aed.csv"
    path.write_bytes("\r\n".join(",".join(row[1:]) for row in [HEADER, *rows]).encode())
    mapping = Mapping(dataset="aed", columns={}, constants={"municipality_code": "462012"})
    monkeypatch.setattr(fast_source, "PIECE", 100_000)
    reports = []
    for large in (1 << 60, 0):
        monkeypatch.setattr(checking, "LARGE", large)
        reports.append(checking.check_bytes(path, mapping=mapping, report_only=True).report)
    assert repr(reports[0]) == repr(reports[1])
    assert reports[1].issue_counts["duplicate-key"] == 1


@pytest.mark.parametrize("ends", [False, True])
def test_the_examples_kept_of_many_faults_are_those_of_the_exact_lane(ends: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever judged a piece, in whatever order, and however often: records of several lines are over the pieces' ends."""
    from recommended_datasets import report_tally

    monkeypatch.setattr(report_tally, "EXAMPLES", 40)
    monkeypatch.setattr(report_tally, "TOTAL", 60)
    rows = [record(number) for number in range(4000)]
    for number, row in enumerate(rows):
        if number > 1000 and number % 4 == 0:
            row[15] = '"' + "一行目\n" * 100 + '"'
        if number % 3 == 0:
            row[11] = f"朝から{number}"
        if number % 50 == 1:
            row[7] = f"北{number}"
        if number % 7 == 2:
            row[10] = "代表"
    rows[5] = rows[4]
    path = write(tmp_path / "aed.csv", rows)
    exact, _ = check(path, 1 << 60, monkeypatch)
    if ends:
        monkeypatch.setattr(fast_worker, "_MAIN", ENDS_LATER + fast_worker._MAIN)
    quick, was_quick = check(path, 0, monkeypatch, 150_000)
    assert was_quick and repr(exact) == repr(quick)
    assert exact.issue_counts["type-error"] > 40 and exact.cut
    assert 20 < len(exact.issues) <= 60
