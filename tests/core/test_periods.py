"""A new file of a survey or of menus says nothing of older rows: they stay, each in its period."""

from __future__ import annotations

from typing import Any

from recommended_datasets import catalog, changes
from recommended_datasets.checking import check_bytes
from recommended_datasets.consolidation import Contribution, Source, contribute
from recommended_datasets.consolidation_periods import with_earlier
from recommended_datasets.merged_versions import Version, identify
from recommended_datasets.normalisation import normalise

CATALOG = catalog.load()
POPULATION = "全国地方公共団体コード,地域コード,地方公共団体名,調査年月日,地域名,総人口,男性,女性"
LUNCH = "学校名称,レコードID,提供年月日,献立ID,料理名称,食品名称（独自）,エネルギー"


def people(date: str, *counts: int) -> list[str]:
    return [f"462012,{n:03},見本市,{date},見本町{n},{2 * count},{count},{count}" for n, count in enumerate(counts, 1)]


def menu(date: str, *dishes: str) -> list[str]:
    return [f"見本小学校,M{n:04},{date},K1,{dish},米,100" for n, dish in enumerate(dishes, 1)]


def contribution(dataset: str, header: str, lines: list[str], **source: Any) -> Contribution:
    data = "\r\n".join([header, *lines, ""]).encode()
    checked = check_bytes(data, name="x.csv", dataset=dataset, municipality_code="462012", catalog=CATALOG)
    assert checked.table is not None and checked.definition is not None
    normalised = normalise(checked.table, checked.definition, checked.columns, "462012")
    target = CATALOG.standard(dataset)
    return contribute(checked.table, normalised, target, Source("462012", resource="r1", **source))


def following(before: Version, dataset: str, header: str, lines: list[str], **source: Any) -> Version:
    """The table after the same file was published with other rows."""
    target = CATALOG.standard(dataset)
    found, _ = with_earlier(contribution(dataset, header, lines, **source), before.columns, target)
    assert found.balance.rows_in == found.balance.accepted == len(lines), "the balance is that of the file"
    after = identify(before.columns, [found], target)
    assert changes.apply(before.rows, after.changes) == after.rows
    return after


def first(dataset: str, header: str, lines: list[str], **source: Any) -> Version:
    return identify({}, [contribution(dataset, header, lines, **source)], CATALOG.standard(dataset))


def kinds(version: Version) -> list[str]:
    return sorted(change.kind for change in version.changes)


def test_a_survey_of_another_date_is_added_and_the_old_one_stays_as_it_was():
    spring = first("population", POPULATION, people("2026-04-01", 100, 200))
    autumn = following(spring, "population", POPULATION, people("2026-10-01", 101, 201))
    assert kinds(autumn) == ["added", "added"]
    assert {row["survey_date"] for row in autumn.rows.values()} == {"2026-04-01", "2026-10-01"}
    assert all(autumn.rows[row_id] == row for row_id, row in spring.rows.items())


def test_a_survey_that_is_corrected_is_corrected_and_not_kept_twice():
    spring = first("population", POPULATION, people("2026-04-01", 100, 200))
    corrected = following(spring, "population", POPULATION, people("2026-04-01", 100, 250))
    assert kinds(corrected) == ["changed"] and len(corrected.rows) == 2
    both = following(corrected, "population", POPULATION, people("2026-10-01", 101, 201))
    again = following(both, "population", POPULATION, people("2026-04-01", 100, 200) + people("2026-10-01", 101))
    assert kinds(again) == ["changed", "removed"] and len(again.rows) == 3


def test_a_file_of_one_stated_period_has_nothing_but_that_period():
    wrong = first("population", POPULATION, people("2062-04-01", 100), period="2026-04")
    right = following(wrong, "population", POPULATION, people("2026-04-01", 100), period="2026-04")
    assert {row["survey_date"] for row in right.rows.values()} == {"2026-04-01"}


def test_menus_of_a_new_month_are_appended_and_a_day_that_changed_is_replaced():
    june = first("school_lunch", LUNCH, menu("2026-06-01", "見本煮", "見本汁") + menu("2026-06-02", "見本飯"))
    july = following(june, "school_lunch", LUNCH, menu("2026-06-02", "見本麺") + menu("2026-07-01", "見本茶"))
    dishes = sorted((row["served_on"] or "", row["dish_name"] or "") for row in july.rows.values())
    assert dishes == [("2026-06-01", "見本汁"), ("2026-06-01", "見本煮"), ("2026-06-02", "見本麺"), ("2026-07-01", "見本茶")]


def test_a_standard_that_is_replaced_keeps_nothing_of_the_old_file():
    header = "NO,名称,住所,緯度,経度,市区町村コード,災害種別_洪水"
    old = first("evacuation_space", header, ["1,甲,見本町1,31.5,130.5,462012,1", "2,乙,見本町2,31.6,130.6,462012,1"])
    new = following(old, "evacuation_space", header, ["1,甲,見本町1,31.5,130.5,462012,1"])
    assert kinds(new) == ["removed"]
