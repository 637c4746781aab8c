"""出典: the ready text that names exactly the publishers whose rows were taken, under the licences they state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from recommended_datasets.licence import Licence, recognise


@dataclass(frozen=True, slots=True, order=True)
class Credit:
    """A publisher, its data and the licence."""

    publisher_code: str
    publisher_name: str
    title: str
    licence: str
    url: str = ""


def _licence(credit: Credit) -> Licence | None:
    return recognise(credit.licence)


def credits(rows: Iterable[tuple[str, str, str, str, str]]) -> tuple[Credit, ...]:
    """Each (code, name, title, licence, address) once, by code."""
    return tuple(sorted({Credit(*row) for row in rows}))


def text(found: Iterable[Credit], editor: str) -> str:
    """One line: ``出典：鹿児島市「指定緊急避難場所一覧」（CC BY 4.0）、… を鹿児島県が統合・加工``."""
    parts: list[str] = []
    for credit in found:
        licence = _licence(credit)
        named = licence.title["en"] if licence else credit.licence
        parts.append(f"{credit.publisher_name or credit.publisher_code}「{credit.title}」（{named}）")
    return f"出典：{'、'.join(parts)} を{editor}が統合・加工" if parts else ""


def html(found: Iterable[Credit], editor: str) -> str:
    """The same with links to the data and the licences."""
    parts: list[str] = []
    for credit in found:
        licence = _licence(credit)
        named = escape(licence.title["en"] if licence else credit.licence)
        title = escape(credit.title)
        if credit.url.startswith(("http://", "https://")):
            title = f'<a href="{escape(credit.url)}">{title}</a>'
        if licence and licence.url:
            named = f'<a rel="license" href="{escape(licence.url)}">{named}</a>'
        parts.append(f"{escape(credit.publisher_name or credit.publisher_code)}「{title}」（{named}）")
    return f"<p>出典：{'、'.join(parts)} を{escape(editor)}が統合・加工</p>" if parts else ""


def data(found: Iterable[Credit]) -> list[dict[str, Any]]:
    """The same as plain data."""
    answer: list[dict[str, Any]] = []
    for credit in found:
        licence = _licence(credit)
        answer.append(
            {
                "publisher_code": credit.publisher_code,
                "publisher": credit.publisher_name,
                "title": credit.title,
                "licence": licence.id if licence else credit.licence,
                "licence_url": licence.url if licence else "",
                "url": credit.url,
            }
        )
    return answer
