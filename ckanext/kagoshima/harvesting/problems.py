"""What a harvest has to say of a file or a source, as code and values; the words are in `messages.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is a key of `messages.yaml`, `values` fill its text (never a cell's value). `severity`: ``error`` asks somebody
    to act, ``info`` is only said."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    severity: str = "error"

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "values": self.values, "severity": self.severity}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Problem:
        return cls(data["code"], data.get("values") or {}, data.get("severity", "error"))


@lru_cache(maxsize=1)
def messages() -> dict[str, dict[str, str]]:
    """``{code: {ja, en, do_ja, do_en}}``"""
    raw = Path(__file__).with_name("messages.yaml").read_text("utf-8")
    return yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def text(problem: Problem, lang: str) -> str:
    """What happened, in ``ja`` or ``en``."""
    return messages()[problem.code][lang].format_map(_Values(problem.values))


def advice(problem: Problem, lang: str) -> str:
    """What to do about it."""
    return messages()[problem.code].get(f"do_{lang}", "").format_map(_Values(problem.values))


def both(problem: Problem) -> str:
    """Happening and advice, Japanese first, then English: for reports that are read by either."""
    japanese = " ".join(part for part in (text(problem, "ja"), advice(problem, "ja")) if part)
    english = " ".join(part for part in (text(problem, "en"), advice(problem, "en")) if part)
    return f"{japanese} / {english}"
