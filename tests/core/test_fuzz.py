"""Any bytes at all: a report or a `ReadError`, within time and memory; bombs are refused with a clear message."""

from __future__ import annotations

import io
import random
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommended_datasets.checking import check_bytes
from recommended_datasets.messages import read_error
from recommended_datasets.reader import read_table
from recommended_datasets.repair import propose_repairs
from recommended_datasets.sensitive import scan
from recommended_datasets.table import ReadError

SEEDS = [
    "全国地方公共団体コード,ID,名称,緯度,経度\r\n462012,1,見本館,31.5,130.5\r\n".encode("cp932"),
    "\ufeff名称,住所\n\"見本\n館\",山下町\n".encode(),
    "名称\t住所\r\n見本館\t山下町\r\n".encode("utf-16"),
    "名称,住所\n見本館,山下町\n".encode("iso2022_jp"),
    "名称,住所\n見本館,山下町\n".encode("euc_jp"),
    b"a;b;c\n1;2;3\n", b'"', b"\x00" * 40, b"\xff\xfe", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"<html>",
]  # fmt: skip
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(data: bytes) -> None:
    """What every route does with a file: nothing but a `ReadError` comes out of the reader, nothing at all out of the check."""
    begin = time.process_time()
    report = check_bytes(data, name="a.csv").report
    assert report.status in ("success", "failure", "error")
    if report.status == "error":
        assert report.issues[0].code
    try:
        table = read_table(data)
        assert all(len(column) == table.row_count for column in table.columns)
    except ReadError as error:
        assert read_error(error, "ja") and read_error(error, "en")
    try:
        scan(data)
    except ReadError:
        pass
    # Three readings and a scan: the promise is ten seconds for each megabyte and reading.
    assert time.process_time() - begin < 10 + 40 * len(data) / 1e6


@QUICK
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    judge(data)


@QUICK
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6)), max_size=12))
def test_damaged_files(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    for at, text in changes:
        at %= len(data) + 1
        data = data[:at] + text + data[at + len(text) // 2 :]
    judge(data)


@QUICK
@given(st.text(st.sampled_from(list("\",\r\n\t;あ1 　﻿\x00#計※【】-")), max_size=300), st.sampled_from(["utf-8", "cp932", "utf-16", "euc_jp"]))
def test_any_layout(text: str, encoding: str) -> None:
    judge(text.encode(encoding, "replace"))


@settings(QUICK, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 25))
def test_damaged_workbooks(seed: int, changes: int) -> None:
    rng = random.Random(seed)
    data = bytearray(WORKBOOK)
    for _ in range(changes):
        data[rng.randrange(len(data))] = rng.randrange(256)
    judge(bytes(data))


def _workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["名称", "住所", "緯度"], ["見本館", "山下町", 31.5], ["見本園", "荒田", 31.6]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WORKBOOK = _workbook()


def _sheet(xml: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return out.getvalue()


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
FAR = f'<worksheet {MAIN}><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + FAR.replace("<v>1</v>", "<v>&b;</v>", 1)
WIDE = ",".join(["列"] * 1_000_000).encode() + b"\r\n" + b"," * 999_999


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_sheet(FAR), "too-many-cells"),
        (_sheet(LAUGHS), "suspicious-workbook"),
        (_sheet(f"<worksheet {MAIN}><sheetData><row r='1'><c r='A1'><v>{'0' * 60_000_000}</v></c></row></sheetData></worksheet>"), "suspicious-workbook"),
        (WIDE, "too-many-columns"),
        (b'"' + b"a," * 2_000_000, None),
        (b'"a\n' * 200_000, None),
        (b'a,"b\n' * 100_000, None),
        (b"\r" * 1_000_000, "empty-file"),
        (b",\n" * 500_000, None),
        (bytes(range(256)) * 4000, None),
    ],
    ids=["far cell", "billion laughs", "zip bomb", "million columns", "open quote", "quotes", "open quotes", "line ends", "commas", "all bytes"],
)  # fmt: skip
def test_bombs_end_in_time_with_a_clear_message(data: bytes, code: str | None) -> None:
    begin = time.process_time()
    report = check_bytes(data, name="bomb.csv").report
    # Against hanging, with room for a busy machine; how long it takes is for the benchmarks to say.
    assert time.process_time() - begin < 60 * max(1, len(data) / 1e6)
    if code:
        assert report.status == "error"
        assert report.issues[0].code == code


def test_repairs_of_any_table_are_proposed_without_an_exception(shared: Path) -> None:
    for path in sorted((shared / "samples").rglob("*.csv")):
        checked = check_bytes(path)
        if checked.table is not None and checked.definition is not None:
            propose_repairs(checked.table, checked.definition, checked.columns)
