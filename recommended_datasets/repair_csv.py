"""What a repaired file looks like: the canonical CSV of its edition, and the list of its changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recommended_datasets import messages
from recommended_datasets.definition import Definition
from recommended_datasets.messages import Lang, label
from recommended_datasets.repair import Repair, apply
from recommended_datasets.report import ColumnMatch, Issue
from recommended_datasets.table import Table

BEYOND = "はみ出したセル"
"""Header of the column that keeps cells beyond the header's last one."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The repaired file. `content` is UTF-8 with BOM and CRLF, columns in the standard's order."""

    content: bytes
    repairs: tuple[Repair, ...]
    """What was applied."""
    left: tuple[Repair, ...]
    """Proposals that were not accepted: a person decides."""
    kept: tuple[str, ...]
    """Headers of the columns that the standard does not know; they stand at the end."""
    added: tuple[str, ...]
    """Headers of the edition's columns that the file did not have; they are blank."""


def repair(
    table: Table,
    definition: Definition,
    columns: Sequence[ColumnMatch],
    repairs: Iterable[Repair],
    *,
    accept: str = "safe",
    constants: Mapping[str, str] | None = None,
) -> Repaired:
    """The canonical CSV with the accepted repairs applied; `accept` is ``safe`` or ``all``.

    No row and no column is dropped. A column that the file lacks is added blank, except a flag whose blank would say "no":
    that statement is a person's. `constants` (a mapping's) fill columns that the file lacks.
    """
    proposed = list(repairs)
    taken = [repair for repair in proposed if accept == "all" or repair.kind == "safe"]
    mended = apply(table, taken)
    known = {str(match.field): match.index for match in columns if match.field}
    constants = constants or {}
    out: list[tuple[str, Sequence[str]]] = []
    added: list[str] = []
    blank = [""] * table.row_count
    for field in definition.fields:
        if field.id in known:
            out.append((field.name, mended.columns[known[field.id]]))
        elif field.id in constants:
            out.append((field.name, [constants[field.id]] * table.row_count))
        elif field.blank != "no":
            out.append((field.name, blank))
            added.append(field.name)
    kept = [match.index for match in columns if match.index not in set(known.values())]
    # A column without a header and without a cell is no column: a reader would not see it again.
    kept = [index for index in kept if mended.header[index].strip() or any(text.strip() for text in mended.columns[index])]
    out += [(mended.header[index], mended.columns[index]) for index in kept]
    beyond = _beyond(table)
    if any(beyond):
        out.append((BEYOND, beyond))
    return Repaired(
        content=_csv([header for header, _ in out], [column for _, column in out]),
        repairs=tuple(taken),
        left=tuple(repair for repair in proposed if repair not in set(taken)),
        kept=(*(mended.header[index] for index in kept), *((BEYOND,) if any(beyond) else ())),
        added=tuple(added),
    )


def _beyond(table: Table) -> list[str]:
    """Per row the cells of a record that has more than the header."""
    found = [""] * table.row_count
    for issue in table.issues:
        row = issue.record - table.first_record
        if issue.code == "long-record" and 0 <= row < len(found):
            found[row] = dict(issue.values).get("extra", "")
    return found


def _csv(header: Sequence[str], columns: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    return ("\ufeff" + out.getvalue()).encode()


def diff(repairs: Iterable[Repair], lang: Lang = "ja") -> str:
    """One change a line: where, the old and the new value, and why; proposals for a person are marked ``?``."""
    lines: list[str] = []
    for found in repairs:
        issue = Issue(
            found.code,
            "info",
            found.record,
            found.line,
            found.field,
            found.column,
            found.old,
            values=(("expected", found.new),),
        )
        place = label("line", lang, line=found.line) if found.line else label("whole-file", lang)
        change = f"「{found.old}」→「{found.new}」" if found.old or found.new else messages.sentence(issue, lang)
        lines.append(f"{' ' if found.kind == 'safe' else '?'} {place} {found.column} {change} ({found.code})")
    return "\n".join(lines) + ("\n" if lines else "")
