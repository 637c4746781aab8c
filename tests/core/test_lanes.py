"""Both lanes give the same report, byte for byte, whatever is wrong with the file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommended_datasets import checking, fast_source
from recommended_datasets.report import Report
from recommended_datasets.report_text import as_json

HEADER = (
    "全国地方公共団体コード,ID,地方公共団体名,名称,名称_カナ,所在地_全国地方公共団体コード,所在地_連結表記,緯度,経度,設置位置,電話番号,"
    "開始時間,終了時間,小児対応設備の有無,URL,備考"
).split(",")
BAD = {
    "緯度": ["３１.５", "131.5", "35.6", "0.0", "x"], "経度": ["139.7", "31.5", ""], "名称": ["", "　見本", "見\ufffd本", "見?本"],
    "開始時間": ["9:00", "23:00", "朝"], "終了時間": ["08:00", "", "25:99"], "小児対応設備の有無": ["○", "たぶん", "-"],
    "全国地方公共団体コード": ["462039", "46201", "462013", ""], "所在地_全国地方公共団体コード": ["462039", "131016", "x"],
    "所在地_連結表記": ["鹿屋市共栄町1", "東京都千代田区1", "", "鹿児島県鹿児島市 山下町"], "電話番号": ["0992862111", "代表"],
    "名称_カナ": ["ﾐﾎﾝ", "みほん"], "URL": ["www.example.lg.jp"], "ID": ["M00003", "Ｍ００００３", "m00003", ""], "備考": [" 注", "計"],
}  # fmt: skip


def record(number: int) -> list[str]:
    return [
        "462012", f"M{number:05}", "鹿児島県鹿児島市", f"見本{number % 700}館", "ミホンカン", "462012", f"鹿児島県鹿児島市山下町{number % 60}番",
        f"31.{number:06}", f"130.{number:06}", "1階", "(099)286-2111", "09:00", "17:00", "有", "https://example.lg.jp/", "",
    ]  # fmt: skip


def odd_lines(rng: random.Random, cells: list[str]) -> list[str]:
    """One record as it should not be written."""
    last = len(cells) - 1
    choice = rng.randrange(16)
    if choice == 0:
        cells = [f'"{cell}"' for cell in cells]
    elif choice == 1:
        cells[last] = '"一行目\n二行目\r\n三行目"'
    elif choice == 2:
        cells[9] = '5" の所'
    elif choice == 3:
        cells[3] = '"' + cells[3]
    elif choice == 4:
        cells = cells[: rng.randrange(1, last)]
    elif choice == 5:
        cells += [rng.choice(["", "余り"])] * rng.randrange(1, 4)
    elif choice == 6:
        return ["", ",".join(cells)]
    elif choice == 7:
        return ["," * last] * rng.randrange(1, 4)
    elif choice == 8:
        cells = ["【国分地区】", *[""] * last]
    elif choice == 9:
        cells = ["合計", *[""] * last]
    elif choice == 10:
        cells = ["※注意", *[""] * last]
    elif choice == 11:
        cells[6] = '"ab"c'
    elif choice == 12:
        cells[0] = " " + cells[0]
    elif choice == 13:
        return [",".join(cells)] * 2
    elif choice == 14:
        cells[last] = '"彼は""はい""と, 言った"'
    else:
        cells = ["", "", "", "名前だけ", *[""] * (last - 3)]
    return [",".join(cells)]


def file(seed: int, records: int = 2500) -> bytes:
    rng = random.Random(seed)
    lines = [",".join(HEADER)]
    if rng.random() < 0.3:
        lines.insert(0, "AED設置箇所一覧" + "," * 15)
    wrong, odd = rng.choice([0, 0.01, 0.1]), rng.choice([0, 0.002, 0.02])
    for number in range(records):
        cells = record(number)
        if rng.random() < wrong:
            name = rng.choice(list(BAD))
            cells[HEADER.index(name)] = rng.choice(BAD[name])
        lines += odd_lines(rng, cells) if rng.random() < odd else [",".join(cells)]
    newline = rng.choice(["\r\n", "\n"])
    text = newline.join(lines) + rng.choice(["", newline])
    data = text.encode(rng.choice(["utf-8", "utf-8-sig", "cp932"]), "replace")
    if rng.random() < 0.3:
        broken = bytearray(data)
        for _ in range(rng.randrange(1, 5)):
            broken[rng.randrange(2000, len(broken))] = rng.choice([0x80, 0xFF, 0, 0x22, 0x0A, 0xFD])
        data = bytes(broken)
    return data


def check(path: Path, large: int, monkeypatch: pytest.MonkeyPatch, piece: int = 300_000) -> tuple[Report, bool]:
    """The report, and whether the fast lane gave it."""
    monkeypatch.setattr(checking, "LARGE", large)
    monkeypatch.setattr(fast_source, "PIECE", piece)
    checked = checking.check_bytes(path, report_only=True)
    return checked.report, checked.table is None


@pytest.mark.parametrize("seed", range(14))
def test_reports_are_equal_on_seeded_files(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "aed.csv"
    path.write_bytes(file(seed))
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 150_000 + 60_000 * (seed % 4))
    assert repr(exact) == repr(quick)
    assert as_json(exact, "ja") == as_json(quick, "ja")
    assert exact.dataset == "aed"
    if seed in (0, 1, 2, 4, 6, 8):
        assert was_quick, "these files are for the fast lane"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    places=st.lists(
        st.tuples(st.integers(600, 1100), st.integers(0, 15), st.text(st.sampled_from(list('",\n\r 　計【】※-1９あ有○\t?=#')), max_size=6)),
        max_size=25,
    ),
    newline=st.sampled_from(["\r\n", "\n"]),
)  # fmt: skip
def test_reports_are_equal_whatever_stands_in_the_cells(
    places: list[tuple[int, int, str]], newline: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [record(number) for number in range(1200)]
    for row, column, text in places:
        rows[row][column] = text
    path = tmp_path / "aed.csv"
    path.write_bytes(newline.join(",".join(row) for row in [HEADER, *rows]).encode())
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, _ = check(path, 0, monkeypatch, 130_000)
    assert repr(exact) == repr(quick)


def test_the_publisher_is_the_one_that_most_rows_of_the_whole_file_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record(number) for number in range(4000)]
    for row in rows[1500:]:
        row[0] = "462039"
    path = tmp_path / "aed.csv"
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *rows]).encode())
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 150_000)
    assert was_quick and repr(exact) == repr(quick)
    assert exact.issue_counts["publisher-codes-mixed"] == 1500


def test_duplicates_far_apart_name_the_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record(number) for number in range(4000)]
    rows[3900] = rows[10]
    rows[3950][1] = "ｍ00011"
    rows[3951][1] = "M00012"
    path = tmp_path / "aed.csv"
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *rows]).encode())
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 150_000)
    assert was_quick and repr(exact) == repr(quick)
    again = next(issue for issue in quick.issues if issue.code == "duplicate-row")
    assert (again.record, again.line, dict(again.values)["first_line"]) == (3901, 3902, "12")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "euc_jp", "iso2022_jp"])
def test_every_encoding_is_read_piece_by_piece_with_the_report_of_the_exact_lane(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [record(number) for number in range(3000)]
    rows[1700][11], rows[2900][3], rows[2500][15] = "朝から", "　見本", '"一行目\n二行目"'
    path = tmp_path / "aed.csv"
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *rows]).encode(encoding))
    exact, _ = check(path, 1 << 60, monkeypatch)
    quick, was_quick = check(path, 0, monkeypatch, 150_001)
    assert was_quick and repr(exact) == repr(quick)
    assert quick.encoding == encoding[:6].rstrip("-") if encoding.startswith("utf") else quick.encoding == encoding
    assert any((issue.record, issue.code) == (1701, "type-error") for issue in quick.issues)


def test_what_cannot_be_read_piece_by_piece_is_refused_above_a_size_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "EXACT", 1000)
    path = tmp_path / "aed.csv"
    path.write_bytes("\r".join(",".join(row) for row in [HEADER, *map(record, range(2000))]).encode())
    report, _ = check(path, 0, monkeypatch)
    assert (report.status, list(report.issue_counts)) == ("error", ["too-large-for-layout"])
    assert "UTF-8" in as_json(report, "ja")
    path.write_bytes(b"%PDF-1.4\n" + b"x" * 5000)
    assert list(check(path, 0, monkeypatch)[0].issue_counts) == ["pdf-instead-of-table"]
    path.write_bytes("\n".join(["種類,量,単位", *(f"{n},りんご,個" for n in range(3000))]).encode())
    report, _ = check(path, 0, monkeypatch)
    assert (report.status, report.dataset, report.row_count) == ("failure", None, 3000)


def test_small_files_never_load_polars(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "aed.csv"
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *map(record, range(20))]).encode())
    code = (
        "import sys; from recommended_datasets.cli import cli\n"
        f"try: cli.main(['check', {str(path)!r}], standalone_mode=False)\n"
        "finally: print(sorted({'polars','numpy','jinja2','openpyxl','stdnum','phonenumbers'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_without_the_compiled_part_large_files_are_read_exactly_and_too_large_ones_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "aed.csv"
    path.write_bytes("\r\n".join(",".join(row) for row in [HEADER, *map(record, range(2000))]).encode())
    quick, was_quick = check(path, 0, monkeypatch)
    monkeypatch.setattr(checking, "compiled", lambda: False)
    exact, still_quick = check(path, 0, monkeypatch)
    assert was_quick and not still_quick and repr(exact) == repr(quick)
    monkeypatch.setattr(checking, "EXACT", 1000)
    refused, _ = check(path, 0, monkeypatch)
    assert list(refused.issue_counts) == ["too-large-uncompiled"]
    assert "gcc" in as_json(refused, "ja") and "C compiler" in as_json(refused, "en")
