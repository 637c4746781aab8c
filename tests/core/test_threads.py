"""A large file judged by several threads: the same report, whoever judged which piece, and in whatever order."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from core.test_lanes import HEADER, check, file, record

from recommended_datasets import fast, fast_outcome
from recommended_datasets.fast_source import Unsuitable
from recommended_datasets.report_text import as_json


@pytest.fixture(autouse=True)
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are judged by three threads too."""
    monkeypatch.setattr(fast, "TOGETHER", 0)
    monkeypatch.setattr(fast, "processors", lambda: 3)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that judged a piece."""
    names: list[str] = []
    piece = fast_outcome.Judge.piece

    def kept(self: fast_outcome.Judge, *arguments: object) -> object:
        names.append(threading.current_thread().name)
        return piece(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fast_outcome.Judge, "piece", kept)
    return names


def write(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *rows]).encode(encoding))
    return path


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 6, 8, 11])
def test_the_report_is_that_of_the_exact_lane(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: list[str]) -> None:
    path = tmp_path / "aed.csv"
    path.write_bytes(file(seed, 4000))
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 110_000 + 30_000 * (seed % 3))
    assert repr(exact) == repr(quick) and as_json(exact, "ja") == as_json(quick, "ja")
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fast")], "they end with the check"
    if was_quick:
        assert any(name.startswith("fast") for name in judged)


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "iso2022_jp"])
def test_pieces_of_every_encoding_are_judged_beside_each_other(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: list[str]
) -> None:
    rows = [record(number) for number in range(4000)]
    rows[3500][3], rows[3900][11] = "", "朝から"
    path = write(tmp_path / "aed.csv", rows, encoding)
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 200_000)
    assert was_quick and repr(exact) == repr(quick)
    assert any(name.startswith("fast") for name in judged)


@pytest.mark.parametrize("slow", ["the first", "every other"])
def test_pieces_that_are_ready_before_others_wait_for_them(slow: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record(number) for number in range(4000)]
    rows[3500], rows[3900][11] = rows[20], "朝から"
    path = write(tmp_path / "aed.csv", rows)
    exact, _ = check(path, 1 << 60, monkeypatch)
    piece, asked = fast_outcome.Judge.piece, []

    def late(self: fast_outcome.Judge, *arguments: object) -> object:
        asked.append(1)
        if len(asked) == 1 or (slow == "every other" and len(asked) % 2):
            threading.Event().wait(0.1)
        return piece(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fast_outcome.Judge, "piece", late)
    quick, was_quick = check(path, 0, monkeypatch, 100_000)
    assert was_quick and repr(exact) == repr(quick)
    assert quick.issue_counts["duplicate-row"] == 1


def test_a_piece_that_cannot_be_judged_ends_the_others_and_leaves_the_file_to_the_exact_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "aed.csv", [record(number) for number in range(4000)])
    exact, _ = check(path, 1 << 60, monkeypatch)
    piece, asked = fast_outcome.Judge.piece, []

    def refused(self: fast_outcome.Judge, *arguments: object) -> object:
        asked.append(1)
        if len(asked) == 3:
            raise Unsuitable("for this test")
        return piece(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fast_outcome.Judge, "piece", refused)
    report, was_quick = check(path, 0, monkeypatch, 100_000)
    assert not was_quick and repr(report) == repr(exact)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fast")]


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


def test_the_examples_kept_of_many_faults_are_those_of_the_exact_lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    quick, was_quick = check(path, 0, monkeypatch, 150_000)
    assert was_quick and repr(exact) == repr(quick)
    assert exact.issue_counts["type-error"] > 40 and exact.cut
    assert 20 < len(exact.issues) <= 60
