"""The workbook to fill in, and its 点検 sheet: LibreOffice recalculates it and agrees with `check`."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from recommended_datasets import catalog as catalogs
from recommended_datasets import template
from recommended_datasets.checking import check_bytes
from recommended_datasets.definition import Definition
from recommended_datasets.matching import identify
from recommended_datasets.reader import read_table
from recommended_datasets.template import CHECK, GUIDE, INPUT, make_template
from recommended_datasets.template_checks import checks

DATA = Path(__file__).resolve().parents[1] / "data"
CATALOG = catalogs.load()
KNOWN = [d for d in CATALOG.all() if d.fields]
ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""
CODES = {
    "blank": {"missing-value", "row-unusable"},
    "value": {
        "type-error", "not-allowed", "flag-unknown", "check-digit", "out-of-range", "coordinate-outside", "url-scheme",
    },
    "repeated": {"duplicate-key"},
}  # fmt: skip


def records(path: Path, definition: Definition) -> list[dict[str, str]]:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    return [dict(zip([f.id for f in definition.fields], row, strict=True)) for row in rows[1:]]


RECALCULATED = [CATALOG.get(*key) for key in (
    ("evacuation_space", "standard"), ("evacuation_space", "recommended"), ("population", "standard"), ("aed", "standard"),
    ("public_toilet", "standard"), ("hospital", "standard"), ("hospital", "recommended"),
    ("event", "recommended"), ("food_business", "recommended"),
)]  # fmt: skip
"""Definitions that hold every column type and every kind of check between them (proved below)."""


@pytest.mark.parametrize("definition", RECALCULATED, ids=lambda d: f"{d.id}-{d.edition}")
def test_a_template_opens_has_the_standards_header_and_is_read_as_that_dataset(definition: Definition):
    data = make_template(
        definition, rows=12, records=records(DATA / definition.id / f"{definition.edition}.good.csv", definition)
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == [INPUT, CHECK, GUIDE] and all(s.sheet_state == "visible" for s in book)
    sheet = book[INPUT]
    assert [cell.value for cell in sheet[1]] == [f.name for f in definition.fields]
    assert sheet.protection.sheet and all(cell.protection.locked for cell in sheet[1])
    assert not sheet.column_dimensions["A"].protection.locked, "the rows below are for typing"
    assert all(cell.comment for cell in sheet[1])
    assert {cell.number_format for cell in sheet[2] if cell.value} == {"@"}
    banner = definition.evidence == "partly"
    assert any("定義確認中" in str(cell.value) for row in book[CHECK].iter_rows(max_row=4) for cell in row) is banner
    assert any("定義確認中" in str(cell.value) for row in book[GUIDE].iter_rows(max_row=4) for cell in row) is banner
    table = read_table(data, name="x.xlsx", known=CATALOG.knows)
    match = identify(table, CATALOG)[0]
    assert (table.sheet, table.row_count) == (INPUT, 3)
    assert (match.definition.id, match.definition.edition) == (definition.id, definition.edition)


def test_flags_and_value_lists_are_drop_downs():
    book = openpyxl.load_workbook(io.BytesIO(make_template(CATALOG.get("aed"), rows=20)))
    found = {v.formula1: str(v.sqref) for v in book[INPUT].data_validations.dataValidation if v.type == "list"}
    assert '"有,無"' in found and '"階数,標高,地表高"' in found
    assert all(r.endswith("21") for r in found.values())


def test_a_template_of_unknown_columns_is_refused():
    with pytest.raises(ValueError, match="parking"):
        make_template(CATALOG.get("parking"))


def test_the_recalculated_definitions_hold_every_kind_of_check():
    def kinds(definitions: list[Definition]) -> set[tuple[str, str]]:
        return {(c.code, d.field(c.field).type) for d in definitions for c in checks(d)}

    assert kinds(KNOWN) == kinds(RECALCULATED)


@dataclass
class Recalculated:
    """The 点検 sheet after LibreOffice: (column, kind of check) → (count, first row)."""

    counts: dict[tuple[str, str], tuple[int, int]]
    filled: int


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recalculated]:
    """The templates of the definitions, filled in with their good and bad files, recalculated in one run."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed (apt-get install libreoffice-calc)")
    folder = tmp_path_factory.mktemp("template")
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE, encoding="utf-8")
    names: dict[str, Definition] = {}
    for place, definition in enumerate(RECALCULATED):
        for kind in ("good", "bad") if place < 3 else ("bad",):
            name = f"{definition.id}.{definition.edition}.{kind}"
            rows = records(DATA / definition.id / f"{definition.edition}.{kind}.csv", definition)
            (folder / f"{name}.xlsx").write_bytes(make_template(definition, rows=10, records=rows, municipality_code="462012"))
            names[name] = definition
    out = folder / "out"
    command = [soffice, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx"]
    files = [str(folder / f"{name}.xlsx") for name in names]
    subprocess.run([*command, "--outdir", str(out), *files], check=True, capture_output=True, timeout=560)
    return {name: _read(out / f"{name}.xlsx", definition) for name, definition in names.items()}


def _read(path: Path, definition: Definition) -> Recalculated:
    sheet = openpyxl.load_workbook(path, data_only=True)[CHECK]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_col=1, max_col=5)]
    start = next(i for i, row in enumerate(rows) if str(row[0]).startswith("項目名")) + 1
    found = checks(definition, template._bounds("462012"))
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for check, row in zip(found, rows[start:], strict=False):
        assert row[0] == definition.field(check.field).name
        assert isinstance(row[2], (int, float)), f"{path.name} {row}: the formula has no result"
        assert row[4] == ("○" if row[2] == 0 else "×" if check.certain else "△")
        counts[check.field, check.code] = (int(row[2]), int(row[3] or 0))
    return Recalculated(counts, int(rows[start + len(found)][2]))


@pytest.mark.parametrize("definition", RECALCULATED[:3], ids=lambda d: f"{d.id}-{d.edition}")
def test_the_check_sheet_finds_nothing_in_a_good_file(definition: Definition, recalculated: dict[str, Recalculated]):
    found = recalculated[f"{definition.id}.{definition.edition}.good"]
    assert found.filled == 3
    assert {key: count for key, count in found.counts.items() if count[0]} == {}


@pytest.mark.parametrize("definition", RECALCULATED, ids=lambda d: f"{d.id}-{d.edition}")
def test_the_check_sheet_finds_in_a_bad_file_what_check_finds(definition: Definition, recalculated: dict[str, Recalculated]):
    found = recalculated[f"{definition.id}.{definition.edition}.bad"]
    report = check_bytes(DATA / definition.id / f"{definition.edition}.bad.csv", municipality_code="462012").report
    checked = {key for key in found.counts}
    expected: dict[tuple[str, str], tuple[int, int]] = {}
    for issue in report.issues:
        for kind, codes in CODES.items():
            if issue.code in codes and issue.record and (issue.field, kind) in checked:
                count, first = expected.get((issue.field, kind), (0, issue.line))
                expected[issue.field, kind] = (count + 1, min(first, issue.line))
    assert {key: count for key, count in found.counts.items() if count[0]} == expected
