"""A report as one self-contained HTML page: the sentence, what was found, and the file with its cells marked.

No script, no address: it opens from a mail or a shared folder, can be read by a screen reader, and prints well. Marks are a
sign and a word besides their colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from recommended_datasets import messages
from recommended_datasets.messages import Lang, label
from recommended_datasets.report import Issue, Report, Severity
from recommended_datasets.report_groups import Group, dataset, groups, summary, tally
from recommended_datasets.table import Table

ROWS = 500
"""Rows of the file on the page: those with findings first, then from the top."""
_PLACES = 20
_SIGN: dict[Severity, str] = {"error": "✖", "warning": "▲", "info": "ℹ"}
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
_STYLE = """
:root{color-scheme:light}body{font:16px/1.6 "BIZ UDPGothic","Yu Gothic UI","Hiragino Sans",Meiryo,sans-serif;margin:0 auto;
max-width:75rem;padding:1rem;color:#1a1a1a;background:#fff}h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}
.sentence{font-size:1.25rem;font-weight:bold;border-left:.4rem solid #1d4ed8;padding:.4rem .8rem;background:#eef4ff}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dl.facts dt{color:#444}dl.facts dd{margin:0}
ol.found{padding:0;list-style:none}ol.found>li{border:1px solid #bbb;border-left-width:.4rem;padding:.4rem .8rem;margin:.6rem 0
;break-inside:avoid}ol.found>li.error{border-left-color:#b00020}ol.found>li.warning{border-left-color:#8a5a00}ol.found>li.info{border-left-color:#1d4ed8}
ol.found p{margin:.2rem 0}.what{font-weight:bold}.code{color:#555;font-size:.85rem}.scroll{overflow:auto;max-height:80vh}
table{border-collapse:collapse;font-size:.85rem;width:max-content}
th,td{border:1px solid #999;padding:.15rem .4rem;vertical-align:top;
white-space:pre-wrap;min-width:3rem;max-width:18rem;overflow-wrap:break-word}
thead th{background:#eee;position:sticky;top:0}
mark{padding:0 .15rem;color:inherit}mark.error{background:#ffd7dc;outline:2px solid #b00020}
mark.warning{background:#ffecc2;outline:2px dashed #8a5a00}mark.info{background:#dce8ff;outline:1px dotted #1d4ed8}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
a{color:#0b3d91}@media print{.scroll{overflow:visible;max-height:none}body{max-width:none;font-size:11pt}table{font-size:8pt}
thead th{position:static}.empty{display:none}@page{size:A4 landscape}th,td{min-width:0;overflow-wrap:anywhere}table{width:100%}
mark{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def as_html(report: Report, lang: Lang = "ja", *, table: Table | None = None, name: str = "") -> str:
    """The page. Without `table` it has no marked file."""
    found = groups(report)
    title = label("title", lang) + (f" – {name}" if name else "")
    parts = [
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n",
        f"<h1>{escape(title)}</h1>\n",
        f'<p class="sentence">{escape(summary(report, lang))}</p>\n<p>{escape(tally(report, lang))}</p>\n',
        _facts(report, lang),
        f'<h2 id="found">{escape(label("issues", lang))}</h2>\n',
        _found(found, lang) if found else f"<p>{escape(label('no-issues', lang))}</p>\n",
    ]
    if table is not None and table.row_count:
        parts.append(_file(report, found, table, lang))
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


def _facts(report: Report, lang: Lang) -> str:
    facts = [
        ("dataset", dataset(report, lang)),
        ("encoding", report.encoding),
        ("header-line", str(report.header_line or "")),
        ("rows", str(report.row_count)),
        ("rule-set", report.rule_set),
    ]
    items = "".join(f"<dt>{escape(label(key, lang))}</dt><dd>{escape(text)}</dd>" for key, text in facts if text)
    return f'<dl class="facts">{items}</dl>\n'


def _found(found: list[Group], lang: Lang) -> str:
    items: list[str] = []
    for number, group in enumerate(found, 1):
        count = "" if group.scope == "one" else f" · {label('count', lang, count=group.count)}"
        head = f"{_SIGN[group.severity]} {label(group.severity, lang)}"
        what = group.column or label("row" if group.first.record else "whole-file", lang)
        items.append(
            f'<li class="{group.severity}" id="g{number}"><p class="what">{escape(head)}: {escape(what)}{escape(count)} '
            f'<span class="code">{escape(group.code)}</span></p><p>{escape(messages.sentence(group.first, lang))}</p>'
            + (f"<p>→ {escape(todo)}</p>" if (todo := messages.todo(group.first, lang)) else "")
            + _places(group, lang)
            + "</li>\n"
        )
    return f'<ol class="found">\n{"".join(items)}</ol>\n'


def _places(group: Group, lang: Lang) -> str:
    if group.scope == "all" or not any(issue.line for issue in group.issues):
        return ""
    links: list[str] = []
    for issue, told in group.places[:_PLACES]:
        line = escape(label("line", lang, line=issue.cell_line or issue.line))
        value = f"「{escape(told[:40])}」" if told and group.scope == "many" else ""
        links.append(f'<a href="#r{issue.record}">{line}</a>{value}' if issue.record else value or line)
    if group.count > len(links):
        links.append(escape(label("more", lang, count=group.count - len(links))))
    return f"<p>{escape(label('places', lang))}: {', '.join(links)}</p>"


def _file(report: Report, found: list[Group], table: Table, lang: Lang) -> str:
    index = {match.field: match.index for match in report.columns if match.field}
    index |= {match.column: match.index for match in report.columns if not match.field}
    cells: dict[tuple[int, int], list[tuple[Issue, int]]] = {}
    heads: dict[int, list[tuple[Issue, int]]] = {}
    for number, group in enumerate(found, 1):
        for issue in group.issues:
            place = index.get(issue.field or issue.column, -1)
            if issue.record:
                cells.setdefault((issue.record, place), []).append((issue, number))
            elif place >= 0:
                heads.setdefault(place, []).append((issue, number))
    wanted = sorted({record - table.first_record for record, _ in cells if 0 <= record - table.first_record < table.row_count})
    rows = wanted[:ROWS]
    if len(rows) < ROWS:
        rows = sorted({*rows, *range(min(table.row_count, ROWS - len(rows)))})
    part = len(rows) < table.row_count
    caption = label("table-part" if part else "table", lang, shown=len(rows), rows=table.row_count)
    # Columns with nothing to see are left out in print.
    marked = {c for _, c in cells} | set(heads)
    kind = [
        "" if c in marked or any(column[row] for row in rows) else ' class="empty"' for c, column in enumerate(table.columns)
    ]
    head = "".join(
        f'<th scope="col"{kind[c]}>{_marked(text, heads.get(c, ()), lang)}</th>' for c, text in enumerate(table.header)
    )
    body: list[str] = []
    for row in rows:
        record = table.record(row)
        line = _marked(str(table.lines[row]), cells.get((record, -1), ()), lang)
        texts = "".join(
            f"<td{kind[c]}>{_marked(column[row], cells.get((record, c), ()), lang)}</td>"
            for c, column in enumerate(table.columns)
        )
        body.append(f'<tr id="r{record}"><th scope="row">{line}</th>{texts}</tr>\n')
    legend = " · ".join(f'<mark class="{name}">{sign} {escape(label(name, lang))}</mark>' for name, sign in _SIGN.items())
    return (
        f'<h2 id="file">{escape(label("table", lang))}</h2>\n<p>{escape(label("legend", lang))}: {legend}</p>\n'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="file"><table><caption>{escape(caption)}</caption>\n'
        f'<thead><tr><th scope="col">{escape(label("line-head", lang))}</th>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(body)}</tbody></table></div>\n"
    )


def _marked(text: str, issues: Sequence[tuple[Issue, int]], lang: Lang) -> str:
    found = sorted(issues, key=lambda item: _RANK[item[0].severity])
    if not found:
        return escape(text)
    worst, number = found[0]
    told = " / ".join(messages.sentence(issue, lang) for issue, _ in found)
    word = f'<span class="visually-hidden">{escape(label(worst.severity, lang))}: </span>'
    sign = f'<a href="#g{number}" title="{escape(told)}">{_SIGN[worst.severity]}</a>'
    return f'<mark class="{worst.severity}" title="{escape(told)}">{sign}{word}{escape(text)}</mark>'
