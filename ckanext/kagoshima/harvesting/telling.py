"""Mails: only when a person has to act, once for each thing, and complete in plain text (links cannot be opened where
many staff read their mail)."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.mailer import MailerException

from ckanext.kagoshima import config
from ckanext.kagoshima.consolidation import suspecting
from ckanext.kagoshima.harvesting import decisions, differences
from ckanext.kagoshima.harvesting.model import Event, Held, SourceFile, now
from ckanext.kagoshima.harvesting.problems import Problem, advice, text
from recommended_datasets import municipality

log = logging.getLogger(__name__)

ACT = ("failing", "conflict")
"""States of a file that only its publisher can end."""
QUESTION = "recipe-question"
"""What is public and still asks somebody."""


def after_round() -> int:
    """Tell publishers of what is new, and the prefecture of what nobody has decided in time. Returns the number of mails."""
    if not tk.config.get("smtp.mail_from"):
        return 0  # this installation sends no mail
    sent = 0
    for code, items in _new_by_publisher().items():
        done = _send(code, _subject(code, len(items)), [words for _cause, _subject_id, words in items])
        if done:
            _note(code, [(subject, cause) for cause, subject, _words in items])
        sent += done
    overdue = _overdue()
    if overdue:
        hours = config.harvest("tell_hours")
        title = f"【オープンデータカタログ】{hours}時間以上決定を待つ保留が {len(overdue)} 件あります"
        done = _send(config.prefecture_code(), title, [_held_words(held) for held in overdue])
        for held in overdue if done else []:
            held.told = now()
        sent += done
    model.Session.commit()
    return sent


def _new_by_publisher() -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for held in model.Session.query(Held).filter(Held.state == "open"):
        if not _told(held.id, "held"):
            found[held.municipality_code].append(("held", held.id, _held_words(held)))
    waiting = SourceFile.state.in_(ACT) | (SourceFile.problem["code"].astext == QUESTION)
    for row in model.Session.query(SourceFile).filter(waiting, SourceFile.problem.isnot(None)):
        problem = Problem.from_dict(row.problem)
        cause = f"{problem.code} {row.last_changed or row.first_seen}"
        if problem.severity == "error" and not _told(row.id, cause):
            found[row.municipality_code].append((cause, row.id, _file_words(row, problem)))
    for code, subject, words in suspecting.to_tell():
        if not _told(subject, f"suspect {code}"):
            found[code].append((f"suspect {code}", subject, words))
    return found


def _told(subject: str, cause: str) -> bool:
    query = model.Session.query(Event.id).filter(Event.kind == "mail", Event.subject == subject, Event.cause == cause)
    return query.first() is not None


def _note(code: str, told: list[tuple[str, str]]) -> None:
    for subject, cause in told:
        decisions.record("mail", subject, code=code, cause=cause)


def _overdue() -> list[Held]:
    limit = now() - timedelta(hours=config.harvest("tell_hours"))
    return model.Session.query(Held).filter(Held.state == "open", Held.told.is_(None), Held.since < limit).all()


def _held_words(held: Held) -> str:
    """Everything that somebody needs to decide, without opening anything: which file, why, which rows, and what to write."""
    row = model.Session.get(SourceFile, held.file_id) if held.file_id else None
    lines = [f"■ 確認をお願いします（{held.since:%Y-%m-%d} から）　番号 / number: {held.id}", *_file_lines(row)]
    codes = [reason["code"] for reason in held.reasons]
    for reason in held.reasons:
        problem = Problem.from_dict(reason)
        lines.append(_problem_words(problem))
        for place in problem.values.get("places", ())[:20]:
            lines.append(f"　　{place.get('line')} 行目　列「{place.get('column')}」")
        for url in reason.get("urls", ())[:20]:
            lines.append(f"　　{url}")
        lines += [f"　　{line}" for line in str(problem.values.get("proposal") or "").splitlines()]
    if row is not None and decisions.QUARANTINE not in codes:
        lines += [f"　{line}" for line in differences.told((row, row.published_sha256), (row, held.sha256))]
    return "\n".join([*lines, *_how_to_decide(held, codes)])


def _file_words(row: SourceFile, problem: Problem) -> str:
    """The same of a file that only its publisher can mend."""
    lines = ["■ 対応をお願いします", *_file_lines(row), _problem_words(problem)]
    authority = model.Session.get(SourceFile, row.authority) if row.authority else None
    if problem.code == QUESTION:
        lines += [f"　{line}" for line in differences.questions(row)]
    if problem.code == "conflict" and authority is not None:
        told = differences.told((authority, authority.published_sha256), (row, row.sha256))
        lines += [f"　{line}" for line in told]
        page = _page(row.source_id)
        lines.append(f"　決め方: {page} で理由を一文で書き、「この経路を正とする」を押します。押さなければ今のままです。")
        lines.append("　How: write the reason on that page and press “This route is right”; else all stays as it is.")
    return "\n".join(lines)


def _file_lines(row: SourceFile | None) -> list[str]:
    if row is None:
        return []
    title = row.entry.get("file_title") or row.entry.get("title") or ""
    dataset = f"（データセット {row.package_name}）" if row.package_name else ""
    return [f"　ファイル / file: {title} {row.url}{dataset}".replace("  ", " ")]


def _how_to_decide(held: Held, codes: list[str]) -> list[str]:
    page = _page(held.source_id)
    if "header-changed" in codes:
        return [
            f"　決め方: {page} の対応づけの欄で、上の案の右側（項目名）を正しく直し、理由の欄に一文（例: 見出しの言い換え）を"
            "書いて「この対応づけで公開する」を押します。",
            "　How: correct the proposal above in its field on that page, write the reason and publish with this mapping.",
        ]
    who = "（公開は管理者だけができます）" if decisions.QUARANTINE in codes else ""
    return [
        f"　決め方: {page} を開き、番号を確かめ、「理由」の欄に一文を書いて「公開する」か「却下する」を押します{who}。",
        "　　書き方の例: 公開する →「施設の統廃合で減ったもので正しい」　却下する →「書き出しの誤り。置き直す」",
        "　　正しいファイルを同じ場所に置き直せば、次の収集で公開され、この確認は自動で終わります。",
        "　　ページを開けないときは、番号・公開か却下か・理由の三つを、カタログの管理者に電話などで伝えてください。",
        "　How: open that page, find the number, write the reason in a sentence and press release or reject. A corrected file",
        "　　at the same address ends this by itself. Without the page, tell the administrator number, decision and reason.",
    ]


def _page(source_id: str) -> str:
    return f"{tk.config['ckan.site_url'].rstrip('/')}/harvest/state/{source_id}"


def _problem_words(problem: Problem) -> str:
    return f"・{text(problem, 'ja')}\n　→ {advice(problem, 'ja')}\n　({text(problem, 'en')} {advice(problem, 'en')})"


def _subject(code: str, count: int) -> str:
    publisher = municipality.by_code(code, config.definition_folders())
    name = publisher.name if publisher is not None else code
    return f"【オープンデータカタログ】{name}のデータについて {count} 件の確認のお願い"


def _send(code: str, title: str, items: list[str]) -> int:
    foot = "このメールは、人の対応が必要なときだけお送りしています。公開中のデータはそのまま公開を続けています。"
    body = "\n\n".join([*items, foot])
    sent = 0
    for name, mail in _admins(code):
        try:
            tk.mail_recipient(name, mail, title, body)
            sent += 1
        except MailerException as error:
            log.warning("mail for %s could not be sent: %s", code, error)
    return sent


def _admins(code: str) -> list[tuple[str, str]]:
    group = model.Group.get(code)
    if group is None:
        return []
    members = (
        model.Session.query(model.User)
        .join(model.Member, model.Member.table_id == model.User.id)
        .filter(model.Member.group_id == group.id, model.Member.table_name == "user", model.Member.capacity == "admin")
        .filter(model.Member.state == "active", model.User.state == "active")
    )
    return [(user.display_name, user.email) for user in members if user.email]
