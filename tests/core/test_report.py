"""The report: the sentence a clerk needs, the shape a program relies on, and a page that marks the file's cells."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser

import pytest
from evacuation import check, row, rows

from recommended_datasets.checking import Checked, check_bytes
from recommended_datasets.report import render
from recommended_datasets.report_groups import groups, severity_counts, summary
from recommended_datasets.report_text import CSV_COLUMNS


@pytest.fixture(scope="module")
def faulty() -> Checked:
    records = rows(12, 災害種別_地震="○")
    records[1]["名称"] = ""
    records[2]["緯度"] = "<b>31</b>"
    records[3]["緯度"] = "abc"
    records[4]["備考"] = "2行\nです"
    records[5]["災害種別_津波"] = "△"
    return check(records)


def test_the_first_sentence_says_whether_it_can_be_published_and_what_is_left_out(faulty: Checked) -> None:
    assert summary(faulty.report) == "公開できます。12行のうち1行は統合データに入りません。"
    assert summary(faulty.report, "en") == "It can be published. 1 of 12 rows do not enter the merged data."
    assert summary(check(rows(2)).report) == "公開できます。2行すべてが統合データに入ります。"
    assert summary(check_bytes(b"a,b\r\n1,2\r\n").report).startswith("公開できます。ただし推奨データセットの形式ではない")
    assert summary(check_bytes(b"").report) == "公開できません。ファイルを表として読めませんでした。"


def test_the_json_report_has_exactly_the_shape_that_programs_rely_on(faulty: Checked) -> None:
    found = json.loads(render(faulty.report, "json"))
    shape = {
        "status",
        "rule_set",
        "dataset",
        "edition",
        "encoding",
        "header_line",
        "row_count",
        "accepted_count",
        "issues",
        "issue_counts",
        "columns",
    }
    assert shape <= set(found)
    assert (found["status"], found["dataset"], found["edition"], found["encoding"]) == (
        "failure",
        "evacuation_space",
        "standard",
        "utf-8-sig",
    )
    assert (found["header_line"], found["row_count"], found["accepted_count"]) == (1, 12, 11)
    issue = next(issue for issue in found["issues"] if issue["code"] == "flag-unknown")
    # The line break in record 5 moves record 6 to line 8.
    assert {key: issue[key] for key in ("severity", "record", "line", "field", "column", "value")} == {
        "severity": "error",
        "record": 6,
        "line": 8,
        "field": "hazard_tsunami",
        "column": "災害種別_津波",
        "value": "△",
    }
    assert "△" in issue["message"]
    assert set(found["columns"][0]) == {"column", "field", "how"}
    assert "nearest" not in found
    assert sum(found["issue_counts"].values()) == len(found["issues"])


def test_the_json_report_of_a_file_of_no_standard_names_the_nearest() -> None:
    found = json.loads(render(check_bytes("名称,住所,水深\r\n井戸,山下町1,10\r\n".encode()).report, "json"))
    assert (found["status"], found["dataset"], found["edition"]) == ("failure", None, None)
    assert found["nearest"]
    assert [issue["code"] for issue in found["issues"]] == ["no-standard-dataset"]


def test_the_json_report_of_an_unreadable_file_is_one_object_too() -> None:
    found = json.loads(render(check_bytes(b"%PDF-1.7 ...").report, "json"))
    assert (found["status"], found["dataset"], found["row_count"]) == ("error", None, 0)
    assert found["issues"][0]["code"] == "pdf-instead-of-table"


def test_a_cell_on_a_later_line_than_its_record_says_so() -> None:
    record = row(1, 地方公共団体名="鹿児島県\n鹿児島市", 災害種別_津波="△")
    (issue,) = [
        issue for issue in json.loads(render(check([record]).report, "json"))["issues"] if issue["code"] == "flag-unknown"
    ]
    assert (issue["line"], issue["cell_line"]) == (2, 3)


def test_the_csv_report_has_its_columns_and_no_formula_runs_in_it() -> None:
    text = render(check([row(1, 緯度='=HYPERLINK("http://x")'), row(2)]).report, "csv")
    table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert tuple(table[0]) == CSV_COLUMNS == ("record", "line", "column", "field", "code", "severity", "value", "message")
    (found,) = [line for line in table if line[4] == "type-error"]
    assert found[:4] == ["1", "2", "緯度", "latitude"]
    assert found[6] == '\'=HYPERLINK("http://x")'


def test_the_text_report_names_place_value_and_what_to_write(faulty: Checked) -> None:
    text = render(faulty.report, "text")
    assert text.startswith("公開できます。12行のうち1行は統合データに入りません。\n")
    assert "[エラー] 災害種別_津波 8行目 (flag-unknown)" in text
    assert "場所: 4行目「<b>31</b>」、5行目「abc」" in text
    assert "全12行が同じです（例：2行目）。「○」を「1」と読みました。" in text
    assert faulty.report.rule_set in text
    assert "line 8" in render(faulty.report, "text", "en")


def test_findings_are_grouped_one_many_all(faulty: Checked) -> None:
    scopes = {(group.code, group.scope, group.count) for group in groups(faulty.report)}
    assert {("flag-sign", "all", 12), ("type-error", "many", 2), ("flag-unknown", "one", 1)} <= scopes
    assert severity_counts(faulty.report)["error"] == 4


class Page(HTMLParser):
    """What the page consists of: tags with attributes, and the cells that are marked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_is_self_contained_marks_the_cells_and_escapes_the_file(faulty: Checked) -> None:
    text = render(faulty.report, "html", table=faulty.table, name="462012_<x>.csv")
    page = Page(text)
    assert page.named("html")[0]["lang"] == "ja"
    assert not page.named("script") and not page.named("link") and not page.named("img")
    assert "http" not in "".join(attributes.get("href") or "" for attributes in page.named("a"))
    assert "<b>31</b>" not in text and "&lt;b&gt;31&lt;/b&gt;" in text
    marked = [attributes for attributes in page.named("mark") if "title" in attributes]
    assert any("△" in str(attributes["title"]) for attributes in marked)
    assert {"r2", "r3", "r4", "r6"} <= {attributes.get("id") for attributes in page.named("tr")}
    assert faulty.report.rule_set in text and summary(faulty.report) in text


def test_the_page_can_be_read_without_seeing_colours(faulty: Checked) -> None:
    text = render(faulty.report, "html", "en", table=faulty.table)
    page = Page(text)
    assert page.named("html")[0]["lang"] == "en"
    assert all(attributes.get("scope") for attributes in page.named("th"))
    assert page.named("caption") and page.named("h1") and page.named("main")
    targets = {attributes["id"] for _, attributes in page.tags if attributes.get("id")}
    links = {str(attributes["href"])[1:] for attributes in page.named("a")}
    assert links <= targets
    assert '<span class="visually-hidden">Error: </span>' in text
    assert "@media print" in text


def test_the_page_of_a_long_file_shows_the_rows_with_findings() -> None:
    records = rows(1200)
    records[1100]["緯度"] = "abc"
    checked = check(records)
    page = Page(render(checked.report, "html", table=checked.table))
    shown = {attributes.get("id") for attributes in page.named("tr")}
    assert "r1101" in shown and len(shown) <= 502
