"""The sentences of `messages.yaml`, filled in. No wording stands in code."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from recommended_datasets.report import Issue
from recommended_datasets.table import ReadError

Lang = Literal["ja", "en"]
_FILE = Path(__file__).parent / "messages.yaml"
_LONGEST = 80  # characters of a value inside a sentence; the whole value stands beside it
_BLANK = {"ja": "（空欄）", "en": "(blank)"}
_UNCERTAIN = {"ja": "【定義確認中】", "en": "[rule being confirmed] "}
_ALL = {"ja": "全{count}行が同じです（例：{line}行目）。", "en": "The same on all {count} rows (such as line {line}). "}
_FILLED = {
    "ja": "値のある{count}行すべてが同じです（例：{line}行目）。",
    "en": "The same on all {count} rows that have a value (such as line {line}). ",
}
_MEANT = {"ja": "「{expected}」ではありませんか。", "en": "Did you mean “{expected}”?"}


@lru_cache(maxsize=1)
def texts() -> dict[str, dict[str, str]]:
    """code → {severity, ja, en, todo_ja, todo_en}."""
    import yaml

    return yaml.load(_FILE.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def entry(code: str, variant: str = "") -> dict[str, str]:
    """The entry of a code, of ``code/variant`` where there is one; an unknown code speaks for itself."""
    known = texts()
    found = known.get(f"{code}/{variant}") if variant else None
    return found or known.get(code) or {"severity": "error", "ja": code, "en": code}


def one_line(text: str) -> str:
    """The text with line breaks shown as a sign."""
    return text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\r", "⏎")


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _values(issue: Issue, lang: str) -> _Values:
    values = _Values(issue.values)
    values |= {"column": issue.column or issue.field, "value": issue.value, "record": str(issue.record)}
    values.setdefault("line", str(issue.line))
    if "expected" in values and not values["expected"]:
        values["expected"] = _BLANK[lang]
    for key, text in values.items():
        if "\n" in text or "\r" in text:
            text = values[key] = one_line(text)
        if len(text) > _LONGEST and key not in ("columns", "allowed"):
            values[key] = text[: _LONGEST - 1] + "…"
    return values


def sentence(issue: Issue, lang: Lang = "ja") -> str:
    """What is wrong, with the value."""
    values = _values(issue, lang)
    text = _entry(issue).get(lang, issue.code).format_map(values)
    if "count" in values and not issue.record and "line" in dict(issue.values):
        text = (_ALL if "every" in values else _FILLED)[lang].format_map(values) + text
    return (_UNCERTAIN[lang] if ("evidence", "partly") in issue.values else "") + text


def todo(issue: Issue, lang: Lang = "ja") -> str:
    """What to write or do instead; "" where nothing is to be done."""
    found = _entry(issue)
    text = found.get(f"todo_{lang}", "")
    values = _values(issue, lang)
    if "expected" in values and issue.code in ("type-error", "check-digit", "not-allowed"):
        separator = "" if not text or text.endswith("。") else " " if lang == "en" else "。"
        return text.format_map(values) + separator + _MEANT[lang].format_map(values)
    return text.format_map(values)


def message(issue: Issue, lang: Lang = "ja") -> str:
    """The whole message: what is wrong and what to write instead."""
    parts = [part for part in (sentence(issue, lang), todo(issue, lang)) if part]
    return ("" if lang == "ja" else " ").join(parts)


def _entry(issue: Issue) -> dict[str, str]:
    values = dict(issue.values)
    return entry(issue.code, values.get("type") or values.get("area") or "")


def read_error(error: ReadError, lang: Lang = "ja") -> str:
    """The message of a file that cannot be read."""
    values = tuple((key, str(value)) for key, value in error.values.items())
    return message(Issue(error.code, "error", values=values), lang)


def label(name: str, lang: Lang = "ja", **values: Any) -> str:
    """A fixed word or sentence of the report (`label-…`)."""
    return entry(f"label-{name}")[lang].format_map(_Values({key: str(value) for key, value in values.items()}))
