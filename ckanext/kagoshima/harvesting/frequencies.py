"""Update frequencies: what publishers write, and how often a source is therefore looked at."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

_EU = "http://publications.europa.eu/resource/authority/frequency/"
_WORDS = (
    (("リアルタイム", "随時更新中", "continuous"), "UPDATE_CONT"),
    (("毎日", "日次", "daily", "1日に1回", "日1回"), "DAILY"),
    (("毎週", "週次", "weekly", "週1回", "週に1回", "1週間に1回"), "WEEKLY"),
    (("毎月", "月次", "monthly", "月1回", "月に1回", "1か月に1回", "1ヶ月に1回", "1カ月に1回"), "MONTHLY"),
    (("四半期", "quarterly", "3か月", "3ヶ月", "3カ月"), "QUARTERLY"),
    (("半年", "年2回", "年に2回", "6か月", "6ヶ月"), "ANNUAL_2"),
    (("3年", "三年"), "TRIENNIAL"),
    (("2年", "隔年"), "BIENNIAL"),
    (("毎年", "年次", "annual", "yearly", "年1回", "年に1回", "1年に1回", "年度ごと"), "ANNUAL"),
    (("更新なし", "更新しない", "never"), "NEVER"),
    (("随時", "不定期", "irregular", "必要に応じて"), "IRREG"),
)

INTERVALS = {"DAILY": 1.0, "WEEKLY": 7.0, "BIWEEKLY": 14.0, "MONTHLY": 30.0, "ALWAYS": 0.02, "MANUAL": 0.0}
"""Days between two harvests by the frequency that ckanext-harvest's form offers; 0: found out from what is observed."""


def of(text: str) -> str:
    """The address of the EU frequency authority's term for what a publisher wrote; empty where it says nothing known."""
    folded = unicodedata.normalize("NFKC", text).lower().strip()
    if folded.startswith(_EU.lower()):
        return text.strip()
    return next((_EU + term for words, term in _WORDS if any(word in folded for word in words)), "") if folded else ""


def next_interval(frequency: str, unchanged_days: float, failures: int) -> timedelta:
    """When to look again. A declared frequency is kept; else a file that has not changed for long is looked at less
    often: a tenth of the time since its last change, between a day and a week. After failures the wait doubles, from
    one hour to a day."""
    if failures:
        return timedelta(hours=min(24, 2 ** (failures - 1)))
    days = INTERVALS.get(frequency, 0.0)
    if not days:
        days = min(7.0, max(1.0, unchanged_days / 10))
    # A little less than the whole: a nightly run that starts some minutes earlier than yesterday's must find it due.
    return timedelta(days=days * 0.9)
