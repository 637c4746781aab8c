"""Every code has its sentence in both languages, with the value and what to write instead."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import recommended_datasets
from recommended_datasets import messages
from recommended_datasets.report import Issue

CORE = Path(recommended_datasets.__file__).parent
ENTRIES = messages.texts()
CODES = {code for code in ENTRIES if not code.startswith("label-")}
PARTS = {"record", "line", "column", "value"}


def codes_in_source() -> set[str]:
    """Every string that stands where an issue's code is written, in the modules that judge and read."""
    found: set[str] = set()
    for path in CORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                place = {"Issue": 0, "Flaw": 0, "ReadError": 0, "repaired": 1, "Found": 1, "Conflict": 1}.get(name)
                if name == "Parsed" and len(node.args) > 1:
                    place = 1
                if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                    found.add(str(node.args[place].value))
                if name == "unreadable":
                    found |= {
                        str(k.value.value) for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant)
                    }
                    if len(node.args) > 2 and isinstance(node.args[2], ast.Constant):
                        found.add(str(node.args[2].value))
    return found - {"", "None"}


def test_every_code_that_the_core_can_give_has_a_message() -> None:
    assert codes_in_source() - CODES == set()


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_message_is_whole_in_both_languages(code: str) -> None:
    entry = ENTRIES[code]
    assert entry["severity"] in ("error", "warning", "info")
    assert entry["ja"] and entry["en"]
    assert bool(entry.get("todo_ja")) == bool(entry.get("todo_en"))
    placeholders = {lang: set(re.findall(r"{(\w+)}", entry[lang])) - {"column"} for lang in ("ja", "en")}
    assert {name.removesuffix("_en") for name in placeholders["en"]} == placeholders["ja"]
    if entry["severity"] == "error":
        assert entry.get("todo_ja"), "an error says what to do"


def test_a_message_holds_the_value_and_what_to_write_instead() -> None:
    issue = Issue("type-error", "error", 3, 5, "latitude", "緯度", "３１.x", values=(("type", "latitude"),))
    assert (
        messages.message(issue) == "「３１.x」は緯度として読めません。31.596900 のように世界測地系の 10 進数で書いてください。"
    )
    assert messages.message(issue, "en").startswith("“３１.x” is no latitude. Write decimal degrees")
    meant = Issue("type-error", "error", 1, 2, "t", "開始時間", "0900", values=(("type", "time"), ("expected", "09:00")))
    assert messages.message(meant).endswith("「09:00」ではありませんか。")


def test_long_values_and_line_breaks_do_not_tear_the_sentence() -> None:
    text = messages.sentence(Issue("type-error", "error", 1, 2, "x", "備考", "あ\n" * 100))
    assert "\n" not in text and "…" in text and len(text) < 150


def test_braces_in_a_value_are_only_text() -> None:
    assert "{0.__class__}" in messages.message(Issue("type-error", "error", 1, 2, "x", "備考", "{0.__class__}"))


def test_a_rule_that_is_not_confirmed_says_so() -> None:
    issue = Issue("not-allowed", "info", 1, 2, "x", "種別", "x", values=(("allowed", "a / b"), ("evidence", "partly")))
    assert messages.message(issue).startswith("【定義確認中】")


def test_an_unknown_code_speaks_for_itself() -> None:
    assert messages.message(Issue("no-such-code", "error")) == "no-such-code"


def test_every_code_in_the_documentation_exists(project: Path) -> None:
    for name in ("validation.md", "repair.md"):
        text = (project / "docs" / name).read_text(encoding="utf-8")
        written = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", text))
        assert written - CODES - {"recommended-datasets"} == set()
