"""Any bytes at all: a table or a `ReadError`, in time, with nothing lost."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recommended_datasets.reader import read_table
from recommended_datasets.table import ReadError, Table

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PIECES = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b";",
        b"\x00",
        b"\xff",
        b"\x81",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\x1b$B",
        b" ",
    ]
    + ["名称".encode(), "住所".encode("cp932"), "備考".encode("euc_jp"), "計".encode("utf-16-le"), "　".encode(), b"#property"]
    + [
        "合計".encode(),
        "※注".encode(),
        "【地区】".encode(),
        b"31.59",
        b"2024-04-01",
        b"PK\x03\x04",
        b"<html>",
        b"{",
        b"[",
        b"a",
        b"1",
    ]
)


def sound(table: Table) -> None:
    """What holds for every table."""
    beside = table.sheets or any(issue.code == "tables-side-by-side" for issue in table.issues)
    assert len(table.columns) == len(table.header)
    assert all(len(column) == len(table.lines) for column in table.columns)
    assert all(later > earlier for earlier, later in zip(table.lines, table.lines[1:], strict=False)) or beside
    assert all(isinstance(cell, str) for column in table.columns for cell in column)
    assert all(0 <= c < len(table.header) and 0 <= r < table.row_count for c, r in table.unreadable)
    assert all(0 <= c < len(table.header) and 0 <= r < table.row_count for c, r in table.cell_lines)
    assert all(0 <= issue.record <= table.row_count for issue in table.issues)
    for column in (*table.columns, table.header):
        for cell in column:
            cell.encode()  # no lone surrogate is left


def read(data: bytes) -> Table | None:
    try:
        table = read_table(data, known={"名称", "住所", "備考"}.__contains__)
    except ReadError as error:
        assert error.code
        return None
    sound(table)
    return table


@SLOW
@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    read(data)


@SLOW
@given(st.lists(PIECES, max_size=80).map(b"".join))
@example(b'"')
@example(b'a,"\n' * 40)
@example(b'"",""\n"\n')
@example(b"\x1b$B\x1b$B!")
@example(b"\xef\xbb\xbf" * 20)
def test_bytes_that_look_like_a_table(data: bytes) -> None:
    read(data)


@SLOW
@given(
    st.binary(max_size=600),
    st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-", b"\xff\xfe"]),
)
def test_any_bytes_after_a_known_beginning(data: bytes, magic: bytes) -> None:
    read(magic + data)


CELL = st.text(
    st.sampled_from('あ亜ア1a",\n\r ;\t')
    | st.characters(codec="cp932", exclude_categories=("Cc", "Cs", "Co"), exclude_characters="¢£¬‖−〜"),
    max_size=8,
)


@SLOW
@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=12),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_writes_comes_back_cell_by_cell_at_its_line(rows: list[list[str]], newline: str, codec: str) -> None:
    """Rows are numbered and named, so that none of them can be a note."""
    numbered = [[str(n), "施設", *row] for n, row in enumerate(rows, 1)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(["NO", "名称", "住所", "緯度", "備考"])
    starts: list[int] = []
    for row in numbered:
        starts.append(len(list(io.StringIO(buffer.getvalue(), newline=""))) + 1)
        writer.writerow(row)
    table = read(buffer.getvalue().encode(codec))
    assert table is not None
    assert [table.row(r) for r in range(table.row_count)] == [tuple(row) for row in numbered]
    assert list(table.lines) == starts
    assert not [issue for issue in table.issues if issue.severity == "error"]


@SLOW
@given(
    st.integers(1, 60),
    st.integers(0, 3),
    st.sampled_from([b"\xff", b"\x80", b"\xfd"]),
    st.sampled_from(["utf-8", "cp932", "euc_jp"]),
)
def test_a_broken_byte_anywhere_is_found_at_its_cell(record: int, column: int, byte: bytes, codec: str) -> None:
    rows = [[str(n), f"施設{n}号", f"鹿児島市山下町{n}番", f"備考{n}です"] for n in range(1, 61)]
    lines = [",".join(row).encode(codec) for row in rows]
    cells = [cell.encode(codec) for cell in rows[record - 1]]
    cells[column] += byte
    lines[record - 1] = b",".join(cells)
    table = read("NO,名称,住所,備考\r\n".encode(codec) + b"\r\n".join(lines) + b"\r\n")
    assert table is not None
    assert table.encoding == codec
    assert table.unreadable == {(column, record - 1)}
    assert [(issue.code, issue.record, issue.line) for issue in table.issues] == [("encoding-error", record, record + 1)]
    assert table.row_count == 60


@SLOW
@given(st.integers(1, 60), st.integers(1, 4), st.booleans())
def test_an_unclosed_quote_anywhere_costs_no_record(record: int, column: int, quoted: bool) -> None:
    rows = [[str(n), f"施設{n}", f"山下町{n}", f"備考{n}", f"099-{n}"] for n in range(1, 61)]
    lines = [",".join(f'"{cell}"' if quoted and n % 7 == 0 else cell for cell in row) for n, row in enumerate(rows, 1)]
    cells = list(rows[record - 1])
    cells[column] = f'"{cells[column]}'
    lines[record - 1] = ",".join(cells)
    table = read(("NO,名称,住所,備考,電話番号\r\n" + "\r\n".join(lines) + "\r\n").encode())
    assert table is not None
    assert [table.row(r) for r in range(table.row_count)] == [tuple(row) for row in rows]
    assert [(issue.code, issue.record, issue.line) for issue in table.issues] == [("unclosed-quote", record, record + 1)]


EIGHTH = 1 << 17


@pytest.mark.parametrize(
    "data",
    [
        b'"' * EIGHTH,
        b'a,"\n' * (EIGHTH // 4),
        b'"\n' * (EIGHTH // 2),
        b'""x\n' * (EIGHTH // 4),
        b'a,b,"c\nd,e,f\n' * (EIGHTH // 13),
        b"," * EIGHTH,
        b"\n" * EIGHTH + b"a",
        b"a\n" * (EIGHTH // 2),
        b"\xff" * EIGHTH,
        b"a,\xff\n" * (EIGHTH // 4),
        b"\x1b$B" * (EIGHTH // 3),
        b"\xef\xbb\xbf\n" * (EIGHTH // 4),
        b"\x00a" * (EIGHTH // 2),
        b'a,"' + b"x" * EIGHTH,
        b'a,"b""' * (EIGHTH // 6),
        b'"a"b,' * (EIGHTH // 5),
        b"<!--" * (EIGHTH // 4),
        b"[" * EIGHTH,
        ("※".encode() + b",,\n") * (EIGHTH // 6),
        ("名称,住所,備考\n\n".encode()) * (EIGHTH // 25),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_an_eighth_of_a_megabyte_of_trouble_does_not_hang(data: bytes) -> None:
    """No figure, only an end to it: what grows with the square of the size takes minutes here."""
    start = time.process_time()
    read(data)
    assert time.process_time() - start < 60
