"""An atheris target: any bytes through reader, check and scan. `python -m tests.fuzz.fuzz_check -max_total_time=60`.

A finding is an exception other than `ReadError`, a run over the time limit (``-timeout``) or over the memory limit
(``-rss_limit_mb``). libFuzzer writes the input to ``crash-…``; add it to `SEEDS` when it is mended.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["recommended_datasets"]):
    from recommended_datasets.checking import check_bytes
    from recommended_datasets.reader import read_table
    from recommended_datasets.sensitive import scan
    from recommended_datasets.table import ReadError

SEEDS = {
    "cp932": "全国地方公共団体コード,ID,名称,緯度,経度\r\n462012,1,見本館,31.5,130.5\r\n".encode("cp932"),
    "quotes": '名称,住所\n"見本\n館",山下町\n5" の所,荒田\n"ab"c,x\n'.encode(),
    "utf16": "名称\t住所\r\n見本館\t山下町\r\n".encode("utf-16"),
    "iso2022": "名称,住所\n見本館,山下町\n".encode("iso2022_jp"),
    "euc": "名称,住所\n見本館,山下町\n".encode("euc_jp"),
    "layout": "見本一覧,,\n名称,住所,備考\n【国分地区】,,\n見本館,山下町,\n合計,,\n※注意,,\n".encode(),
}


def one_input(data: bytes) -> None:
    """What every route does with a file."""
    try:
        read_table(data)
        scan(data)
    except ReadError:
        pass
    check_bytes(data, name="a.csv")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for name, data in SEEDS.items():
            (Path(folder) / name).write_bytes(data)
        atheris.Setup([*sys.argv, folder, "-timeout=20", "-rss_limit_mb=1500", "-max_len=4096"], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
