"""The verdict on one file: each fault at its record, line and cell, what all rows have as one issue, no false blame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from evacuation import DEFINITION, HEADER, check, csv_bytes, found, row, rows

from recommended_datasets import catalog
from recommended_datasets.checking import check_bytes
from recommended_datasets.normalisation import normalise
from recommended_datasets.reader import read_table
from recommended_datasets.report import Issue, Report
from recommended_datasets.table import Table
from recommended_datasets.validation import Validation, validate
from recommended_datasets.validation_block import Hints

NO_FAULT = {"recommended-columns-blank"}


def test_a_good_file_has_nothing_but_hints() -> None:
    checked = check(rows(3))
    assert checked.report.status == "success"
    assert set(checked.report.issue_counts) <= NO_FAULT
    assert (checked.report.row_count, checked.report.accepted_count) == (3, 3)
    assert (checked.report.dataset, checked.report.edition, checked.municipality_code) == (
        "evacuation_space",
        "standard",
        "462012",
    )


def test_each_fault_is_reported_at_its_record_line_column_and_value() -> None:
    records = rows(6)
    records[1]["備考"] = "2行に\nわたる"
    records[2]["緯度"] = "３１.５９0003"
    records[3]["緯度"] = "abc"
    records[4]["災害種別_津波"] = "△"
    checked = check(records)
    # The line break in record 2 moves every later record one line down.
    assert found(checked, "width") == [(3, 5, "緯度", "３１.５９0003")]
    assert found(checked, "type-error") == [(4, 6, "緯度", "abc")]
    assert found(checked, "flag-unknown") == [(5, 7, "災害種別_津波", "△")]
    assert checked.report.status == "failure"


def test_a_wrong_cell_never_rejects_a_row_but_a_missing_name_does() -> None:
    records = rows(3)
    records[0]["緯度"] = "abc"
    records[1]["名称"] = "　"
    checked = check(records)
    assert checked.report.accepted_count == 2
    assert found(checked, "row-unusable") == [(2, 3, "名称", "　")]


def test_a_required_flag_column_may_be_blank_but_a_required_text_may_not() -> None:
    checked = check(rows(2, 災害種別_洪水="", 電話番号=""))
    assert {issue.column for issue in checked.report.issues if issue.code == "missing-value"} == {"電話番号"}


def test_a_missing_required_column_is_an_error_at_the_header() -> None:
    header = [name for name in HEADER if name != "災害種別_津波"]
    checked = check(rows(2), header)
    assert found(checked, "missing-column") == [(0, 1, "災害種別_津波", "")]


def test_what_all_rows_have_is_one_issue_and_what_some_have_is_listed() -> None:
    checked = check(rows(7, 災害種別_地震="○"))
    (issue,) = [issue for issue in checked.report.issues if issue.code == "flag-sign"]
    assert (issue.record, issue.value, dict(issue.values)["count"]) == (0, "○", "7")
    assert checked.report.issue_counts["flag-sign"] == 1
    some = rows(7)
    for record in some[:6]:
        record["災害種別_地震"] = "○"
    assert check(some).report.issue_counts["flag-sign"] == 6


def test_all_recommended_columns_that_no_row_fills_are_one_hint() -> None:
    (issue,) = [issue for issue in check(rows(3)).report.issues if issue.code == "recommended-columns-blank"]
    assert issue.severity == "info"
    assert "町字ID" in dict(issue.values)["columns"]


def test_issues_are_counted_in_full_while_examples_are_bounded() -> None:
    records = rows(40)
    for record in records[1:]:
        record["緯度"] = "abc"
    table = read_table(csv_bytes(records))
    validation = Validation(DEFINITION, examples=5)
    validation.feed(table)
    report = validation.finish()
    assert report.issue_counts["type-error"] == 39
    assert len([issue for issue in report.issues if issue.code == "type-error"]) == 5
    assert report.cut == {"type-error/latitude": 39}


def test_a_file_of_two_thousand_errors_lists_them_all() -> None:
    checked = check([row(1, 緯度="31.5"), *rows(2000, 経度="x")[1:]])
    assert len(found(checked, "type-error")) == checked.report.issue_counts["type-error"] == 1999


def test_latitude_and_longitude_swapped_on_every_row_are_read_the_right_way_round() -> None:
    records = rows(4)
    for record in records:
        record["緯度"], record["経度"] = record["経度"], record["緯度"]
    checked = check(records)
    assert [issue.severity for issue in checked.report.issues if issue.code == "coordinates-swapped"] == ["warning"]
    assert not found(checked, "coordinate-range") and not found(checked, "coordinate-outside")
    assert checked.report.accepted_count == 4


def test_swapped_on_one_row_is_a_question() -> None:
    records = rows(4)
    records[2]["緯度"], records[2]["経度"] = records[2]["経度"], records[2]["緯度"]
    checked = check(records)
    assert found(checked, "coordinate-swapped") == [(3, 4, "緯度", "130.550003")]


def test_a_swapped_row_without_an_address_counts_only_if_the_whole_column_is_swapped() -> None:
    records = rows(3, 所在地_連結表記="")
    for record in records:
        record["緯度"], record["経度"] = record["経度"], record["緯度"]
    assert check(records).report.accepted_count == 3
    records[0]["緯度"], records[0]["経度"] = records[0]["経度"], records[0]["緯度"]
    # Two of three rows wait for a person: their place is not known.
    assert check(records).report.accepted_count == 1


def test_a_cell_with_broken_bytes_is_unknown_and_the_rest_is_judged() -> None:
    data = csv_bytes(rows(3), encoding="cp932").replace("見本公園2".encode("cp932"), b"\x8c\xff\x96{\x8c\xf6\x89\x80")
    checked = check_bytes(data)
    assert [(record, column) for record, _, column, _ in found(checked, "encoding-error")] == [(2, "名称")]
    # Unknown is not blank: the row stays.
    assert checked.report.accepted_count == 3


def test_a_flag_whose_cell_is_not_there_is_unknown_and_not_no() -> None:
    lines = csv_bytes(rows(3)).decode("utf-8-sig").split("\r\n")
    cut = HEADER.index("災害種別_津波")
    lines[2] = ",".join(lines[2].split(",")[:cut])
    checked = check_bytes("\r\n".join(lines).encode())
    assert [record for record, *_ in found(checked, "short-record")] == [2]
    assert checked.table
    table = normalise(checked.table, DEFINITION, checked.columns)
    assert table.columns["hazard_tsunami"] == ["", None, ""]
    assert table.columns["hazard_earthquake"] == ["1", "1", "1"]


def test_where_a_definition_says_so_a_row_elsewhere_is_not_taken() -> None:
    strict = replace(DEFINITION, place="error")
    records = [row(1), row(2, 所在地_全国地方公共団体コード="462039", 所在地_連結表記="鹿児島県鹿屋市共栄町1")]
    table = read_table(csv_bytes(records))
    report = validate(table, strict, municipality_code="462012")
    assert report.accepted_count == 1 and report.status == "failure"
    assert normalise(table, strict, municipality_code="462012").usable == [None, "place-outside"]


def test_a_rule_that_was_not_read_in_a_source_is_never_an_error() -> None:
    partly = catalog.load().get("hospital", "standard")
    assert partly.evidence == "partly"
    header = [field.name for field in partly.fields]
    text = ",".join(f'"{name}"' for name in header) + "\r\n" + ",".join(["x"] * len(header)) + "\r\n"
    report = check_bytes(text.encode(), dataset="hospital", edition="standard").report
    assert not [issue for issue in report.issues if issue.severity == "error" and issue.record]
    assert "edition-partly-known" in report.issue_counts


def test_a_file_of_an_older_edition_is_judged_by_it_and_told_of_the_newer() -> None:
    old = catalog.load().get("evacuation_space", "recommended")
    header = [field.name for field in old.fields]
    cells = {
        "NO": "1",
        "名称": "公園",
        "住所": "鹿児島県鹿児島市山下町1",
        "市区町村コード": "462012",
        "名称_カナ": "コウエン",
        "電話番号": "099-000-0000",
    }
    checked = check([cells], header)
    assert checked.report.edition == "recommended"
    assert checked.report.issue_counts.get("newer-edition") == 1
    assert checked.report.status == "success"


def blocks(table: Table, size: int) -> list[Table]:
    parts: list[Table] = []
    for start in range(0, table.row_count, size):
        end = start + size
        inside = {(c, r - start): line for (c, r), line in table.cell_lines.items() if start <= r < end}
        broken = frozenset((c, r - start) for c, r in table.unreadable if start <= r < end)
        parts.append(
            replace(
                table,
                columns=tuple(column[start:end] for column in table.columns),
                lines=table.lines[start:end],
                first_record=start + 1,
                cell_lines=inside,
                unreadable=broken,
                issues=table.issues if start == 0 else (),
                notes=table.notes if start == 0 else (),
            )
        )
    return parts


def awkward() -> list[dict[str, str]]:
    records = rows(30)
    records[3]["緯度"] = "abc"
    records[4]["緯度"], records[4]["経度"] = records[4]["経度"], records[4]["緯度"]
    records[5]["名称"] = ""
    records[7] = dict(records[6])
    records[9]["ID"] = records[8]["ID"]
    records[12]["備考"] = "2行\nです"
    records[15]["所在地_全国地方公共団体コード"] = "462039"
    records[20]["経度"] = "129.9"
    records[21]["緯度"] = ""
    for record in records:
        record["災害種別_地震"] = "○"
    return records


@pytest.mark.parametrize("size", [1, 7, 29, 30])
def test_a_file_in_blocks_has_the_verdict_of_the_whole(size: int) -> None:
    table = read_table(csv_bytes(awkward()))
    whole = validate(table, DEFINITION, municipality_code="462012")
    validation = Validation(DEFINITION, municipality_code="462012")
    for part in blocks(table, size):
        validation.feed(part)
    assert validation.finish() == whole


def take(validation: Validation, table: Table, hints: Hints) -> None:
    """Judge a block as the fast lane does: by itself first, then against the blocks before it."""
    import numpy as np

    from recommended_datasets.fast_hints import Hinting
    from recommended_datasets.fast_repeats import Repeats
    from recommended_datasets.rules import Found

    verdict = validation.judge(table, hints)
    validation.take(verdict)
    hinting = Hinting(validation)
    firsts = Repeats().find(1, np.array(table.lines, np.int32), hinting.keyed(hinting.look(table)))
    places = {match.field: match for match in validation.columns if match.field}

    def issue(row: int, found: Found) -> Issue:
        shown = places.get(found.field)
        where = (shown.column, table.columns[shown.index][row]) if shown else ("", "")
        record, line = row + 1, table.lines[row]
        return Issue(str(found.code), found.severity, record, line, found.field, *where, values=found.values)

    validation.take_repeats(verdict.lost, firsts, issue)


def hinted(table: Table) -> Report:
    """The verdict with hints as a fast lane would give them: only the rows that are not fine as written."""
    from recommended_datasets.values import parse

    validation = Validation(DEFINITION, municipality_code="462012")
    validation.start(table)
    wanted: dict[str, list[int]] = {}
    filled: dict[str, int] = {}
    for match in validation.columns:
        if match.field is None:
            continue
        field = DEFINITION.field(match.field)
        texts = table.columns[match.index]
        filled[match.field] = sum(1 for text in texts if text)
        wanted[match.field] = [
            r
            for r, text in enumerate(texts)
            if parse(field, text).code or parse(field, text).text != text or (not text and field.mark == "◎")
        ]
    take(validation, table, Hints(rows=wanted, filled=filled))
    return validation.finish()


def test_hints_of_the_fast_lane_change_no_verdict() -> None:
    table = read_table(csv_bytes(awkward()))
    assert hinted(table) == validate(table, DEFINITION, municipality_code="462012")


def test_every_rule_key_can_be_hinted() -> None:
    table = read_table(csv_bytes(awkward()))
    validation = Validation(DEFINITION, municipality_code="462012")
    validation.start(table)
    every = {key: list(range(table.row_count)) for key in validation.rule_keys}
    take(validation, table, Hints(rows=every))
    assert validation.finish() == validate(table, DEFINITION, municipality_code="462012")


def test_real_files_of_the_municipal_web_keep_all_rows_that_have_a_name(municipal_web: Path) -> None:
    counts = [check_bytes(path).report for path in sorted(municipal_web.glob("46*/opendata/*evacuation_space*.csv"))]
    totals = (sum(r.row_count for r in counts), sum(r.row_count - r.accepted_count for r in counts))
    rejected = sum(r.issue_counts.get("row-unusable", 0) for r in counts)
    doubled = sum(r.issue_counts.get("duplicate-row", 0) for r in counts)
    assert totals[1] == rejected + doubled
    assert rejected == 3
