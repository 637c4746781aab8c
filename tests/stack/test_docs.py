"""What the documents say of files and commands is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
TARGETS = set(re.findall(r"(?m)^([a-z-]+):.*## ", (PROJECT / "Makefile").read_text(encoding="utf-8")))


def _identifier(page: Path) -> str:
    return str(page.relative_to(PROJECT))


@pytest.mark.parametrize("page", PAGES, ids=_identifier)
def test_docs_link_only_to_files_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    own = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in own if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_identifier)
def test_docs_name_only_make_commands_that_exist(page: Path) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
    assert named - TARGETS == set()


def test_docs_explain_every_make_command() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {target for target in TARGETS if f"make {target}" not in text} == set()


@pytest.mark.parametrize("page", PAGES, ids=_identifier)
def test_docs_name_only_paths_of_the_stack_that_are_there(page: Path) -> None:
    named = re.findall(r"`((?:stack|schemas|migrations|examples)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    assert [path for path in named if not (PROJECT / path).exists()] == []
