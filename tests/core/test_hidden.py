"""What a workbook hides is told, each kind by its own code, and a cleaned copy holds none of it."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from stdnum.jp import in_

from recommended_datasets.hidden_copy import clean_copy
from recommended_datasets.sensitive import scan
from recommended_datasets.sensitive_finding import Finding
from recommended_datasets.table import ReadError
from recommended_datasets.workbook_guard import guard

NUMBER = "621498320257"


def workbook() -> bytes:
    """A list of parks with one of everything hidden."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "公園"
    sheet.append(["名称", "住所", "担当者氏名", "備考", "郵便番号"])
    for i in range(1, 9):
        sheet.append([f"公園{i}", f"山下町{i}", f"山田 太郎{i}", "", 600001])
        sheet.cell(i + 1, 5).number_format = "0000000"
    sheet.row_dimensions[4].hidden = True
    sheet.row_dimensions[5].hidden = True
    sheet.row_dimensions[40].hidden = True  # holds nothing
    sheet.column_dimensions["C"].hidden = True
    sheet.column_dimensions["ZZ"].hidden = True  # holds nothing
    sheet["B2"].comment = Comment("鍵は山田さん 090-1234-5678", "課長 山田")
    filtered = book.create_sheet("絞り込み")
    for row in (["名称", "区"], ["東公園", "東"], ["西公園", "西"]):
        filtered.append(row)
    filtered.auto_filter.ref = "A1:B3"
    filtered.auto_filter.add_filter_column(1, ["東"])
    filtered.row_dimensions[3].hidden = True
    hidden = book.create_sheet("名簿")
    for row in (["氏名", "個人番号"], ["山田 太郎", NUMBER]):
        hidden.append(row)
    hidden.sheet_state = "hidden"
    very = book.create_sheet("設定")
    very.append(["有", "無"])
    very.sheet_state = "veryHidden"
    book.defined_names["利用者一覧"] = DefinedName("利用者一覧", attr_text="'名簿'!$A$1:$B$2")
    book.properties.creator = "山田 太郎"
    out = io.BytesIO()
    book.save(out)
    return with_parts(out.getvalue(), {
        "xl/pivotCache/pivotCacheDefinition1.xml": "<pivotCacheDefinition><cacheFields><cacheField name='氏名'><sharedItems>"
        "<s v='佐藤 花子'/><s v='080-8765-4321'/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>",
        "xl/externalLinks/externalLink1.xml": "<externalLink><externalBook/><sheetData><v>9</v></sheetData></externalLink>",
        "xl/externalLinks/_rels/externalLink1.xml.rels": "<Relationships><Relationship Id='rId1' Type='x/externalLinkPath' "
        "Target='file:///C:/Users/yamada/名簿.xlsx' TargetMode='External'/></Relationships>",
        "xl/drawings/drawing9.xml": "<a><p><t>問い合わせ以外の番号 070-1111-2222</t></p></a>",
    })  # fmt: skip


def with_parts(data: bytes, parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, text in parts.items():
            new.writestr(name, text)
    return out.getvalue()


def by_code(findings: list[Finding]) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for finding in findings:
        found.setdefault(finding.code, []).append((finding.sheet, finding.cell, finding.severity))
    return found


def test_each_hidden_thing_is_a_finding_of_its_own() -> None:
    found = by_code(scan(workbook()))
    assert found["hidden-sheet"] == [("名簿", "", "error")]
    assert found["very-hidden-sheet"] == [("設定", "", "warning")]
    assert found["hidden-row"] == [("公園", "4:5", "warning")]
    assert found["filtered-row"] == [("絞り込み", "3", "warning")]
    assert found["hidden-column"] == [("公園", "C", "error")]
    assert found["comment"] == [("公園", "B2", "info")]
    assert found["defined-name"] == [("利用者一覧", "", "info")]
    assert found["pivot-cache"] == [("xl/pivotCache/pivotCacheDefinition1.xml", "", "warning")]
    assert found["external-link"] == [("xl/externalLinks/externalLink1.xml", "", "warning")]
    assert ("creator", "", "info") in found["author-property"]
    assert found["my-number"] == [("名簿", "B2", "error")]
    assert {where for where, _, _ in found["mobile-phone"]} == {
        "公園", "xl/pivotCache/pivotCacheDefinition1.xml", "xl/drawings/drawing9.xml",
    }  # fmt: skip


def test_no_value_is_told() -> None:
    text = repr(scan(workbook()))
    for secret in (NUMBER, "1234-5678", "太郎", "花子", "yamada"):
        assert secret not in text


def test_a_cleaned_copy_shows_the_same_and_hides_nothing() -> None:
    copy = clean_copy(workbook())
    left = {f.code for f in scan(copy)}
    assert left == set()
    book = openpyxl.load_workbook(io.BytesIO(copy))
    assert book.sheetnames == ["公園", "絞り込み"]
    rows = [[cell.value for cell in row] for row in book["公園"].iter_rows()]
    assert rows[0] == ["名称", "住所", "備考", "郵便番号"]
    assert [row[0] for row in rows[1:]] == ["公園1", "公園2", "公園5", "公園6", "公園7", "公園8"]
    assert book["公園"]["D2"].number_format == "0000000"
    for name in zipfile.ZipFile(io.BytesIO(copy)).namelist():
        content = zipfile.ZipFile(io.BytesIO(copy)).read(name).decode("utf-8", "replace")
        assert not any(secret in content for secret in (NUMBER, "太郎", "花子", "yamada", "1234-5678"))


def test_a_deleted_cells_text_left_in_the_shared_strings_is_scanned() -> None:
    left = "<sst><si><t>公園1</t></si><si><t>旧担当 070-5555-6666</t><rPh><t>キュウタントウ</t></rPh></si></sst>"
    data = with_parts(workbook(), {"xl/sharedStrings.xml": left})
    assert ("xl/sharedStrings.xml", "", "error") in by_code(scan(data))["mobile-phone"]


def test_an_xls_hides_as_well(tmp_path: Path) -> None:
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed (apt-get install libreoffice-calc)")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "公園"
    for row in (["名称", "備考"], ["東公園", None], ["西公園", None]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    for name in ("名簿", "控え"):
        hidden = book.create_sheet(name)
        hidden.append(["氏名"])
        hidden.append(["山田"])
        hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    command = [soffice, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xls"]
    subprocess.run([*command, "--outdir", tmp_path, tmp_path / "a.xlsx"], check=True, capture_output=True, timeout=120)
    data = very_hidden((tmp_path / "a.xls").read_bytes(), "名簿")
    found = by_code(scan(data))
    assert found["hidden-row"] == [("公園", "3", "warning")]
    assert found["very-hidden-sheet"] == [("名簿", "", "error")]
    assert found["hidden-sheet"] == [("控え", "", "error")]
    assert {f.code for f in scan(clean_copy(data))} == set()


def very_hidden(xls: bytes, name: str) -> bytes:
    """An .xls whose sheet `name` Excel's own menu does not show: state 2 in its BOUNDSHEET record ([MS-XLS] 2.4.28)."""
    head = re.search(rb"\x85\x00..(.{4})(.)\x00\x02\x01" + re.escape(name.encode("utf-16-le")), xls, re.S)
    assert head is not None and head[2] == b"\x01"
    return xls[: head.start(2)] + b"\x02" + xls[head.end(2) :]


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.3"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0">
<office:automatic-styles><style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/>
</style:style></office:automatic-styles><office:body><office:spreadsheet>
<table:table table:name="公園"><table:table-column/><table:table-column table:visibility="collapse"/>
<table:table-row><table:table-cell office:value-type="string"><text:p>名称</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>氏名</text:p></table:table-cell></table:table-row>
<table:table-row table:visibility="filter"><table:table-cell office:value-type="string"><office:annotation>
<text:p>鍵は 090-1234-5678</text:p></office:annotation><text:p>東公園</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>山田 太郎</text:p></table:table-cell></table:table-row></table:table>
<table:table table:name="控え" table:style-name="ta2"><table:table-column/><table:table-row>
<table:table-cell office:value-type="string"><text:p>控えの行</text:p></table:table-cell></table:table-row></table:table>
</office:spreadsheet></office:body></office:document-content>""".replace("\n", "")


MANIFEST = """<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""


def test_an_ods_hides_as_well() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("meta.xml", "<m><initial-creator>山田</initial-creator></m>")
    found = by_code(scan(out.getvalue()))
    assert found["filtered-row"] == [("公園", "2", "warning")]
    assert found["hidden-column"] == [("公園", "B", "error")]
    assert found["hidden-sheet"] == [("控え", "", "warning")]
    assert found["mobile-phone"] == [("公園", "A2", "error")]
    assert "comment" in found and "author-property" in found


def bomb(sheet: str) -> bytes:
    book = openpyxl.Workbook()
    out = io.BytesIO()
    book.save(out)
    return with_parts(out.getvalue(), {"xl/worksheets/sheet1.xml": sheet})


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


@pytest.mark.parametrize(("sheet", "code"), [
    (SHEET.format('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "too-many-cells"),
    (SHEET.format('<row r="1"><c r="A1"/></row><row r="2"><c  r=\'XFD1048576\'><v>1</v></c></row>'), "too-many-cells"),
    (SHEET.format('<row r="1048576"><c><v>1</v></c>' + "<c><v>1</v></c>" * 500 + "</row>"), "too-many-cells"),
    (SHEET.format("<row r='1'><c r='A1'><v>" + "0" * 60_000_000 + "</v></c></row>"), "suspicious-workbook"),
    ('<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>' + SHEET.format("&c;"), "suspicious-workbook"),
], ids=["far corner", "odd spelling", "cells without names", "zip bomb", "billion laughs"])  # fmt: skip
def test_bombs_are_refused_before_anything_is_opened(sheet: str, code: str) -> None:
    data = bomb(sheet)
    assert len(data) < 500_000
    begin = time.process_time()
    with pytest.raises(ReadError) as refused:
        scan(data)
    assert refused.value.code == code
    assert time.process_time() - begin < 10


def test_an_ods_of_repeated_cells_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        cell = '<table:table-cell table:number-columns-repeated="16000" office:value-type="string"><text:p>1</text:p></table:table-cell>'
        row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'
        archive.writestr("content.xml", ODS.split("<table:table ")[0] + f'<table:table table:name="a">{row}</table:table>')
    with pytest.raises(ReadError) as refused:
        guard(out.getvalue())
    assert refused.value.code == "too-many-cells"


def test_broken_archives_raise_nothing_but_read_errors() -> None:
    data = bytearray(workbook())
    rng = random.Random(11)
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(rng.randrange(1, 30)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        try:
            scan(bytes(broken[: rng.randrange(200, len(broken))] if rng.random() < 0.3 else broken))
        except ReadError:
            pass


def test_the_example_number_is_valid() -> None:
    assert in_.is_valid(NUMBER)
