"""Flags: ``1`` or blank (evacuation), 有/無, 可/不可 — and the signs that people write for them."""

from __future__ import annotations

from recommended_datasets.definition import Field
from recommended_datasets.values_parsed import Parsed, is_dash, repaired, squeeze

YES = frozenset(
    "1 1.0 有 有り 有る あり ある 可 可能 対応 該当 はい ○ 〇 ◯ ● ⚪ ⭕ ✓ ✔ ☑ レ o O "
    "TRUE true True YES Yes yes Y y ON on".split()
)
NO = frozenset(
    "0 0.0 無 無し なし ない × ✕ ✖ ╳ ❌ FALSE false False NO No no N n OFF off 不可 非対応 非該当 いいえ ☐ x X".split()
)
UNDISCLOSED = frozenset("2 非公開 9 不明 未定 調査中 確認中".split())


def flag(text: str, field: Field, /) -> Parsed:
    """Yes or no as `Field.allowed` writes them (first = yes, second = no). A sign that says neither is unknown."""
    if text in field.allowed:
        return Parsed(text)
    plain = squeeze(text)
    if not field.allowed:
        return Parsed(text) if plain in YES or plain in NO else _unknown(text, plain, field)
    yes, no = (*field.allowed, "")[:2]
    if not no and field.blank != "no":
        # Only "yes" has a sign and a blank says nothing: a written "no" cannot be put into the column.
        return repaired(yes, "flag-sign") if plain in YES else _unknown(text, plain, field)
    if plain in YES or plain == yes:
        return repaired(yes, "flag-sign")
    if plain in NO or plain == no:
        return repaired(no, "flag-sign")
    return _unknown(text, plain, field)


def _unknown(text: str, plain: str, field: Field) -> Parsed:
    signs = [*field.allowed, ""] if field.blank == "no" and "" not in field.allowed else field.allowed
    allowed = " / ".join(value or "空欄 (blank)" for value in signs)
    if is_dash(plain):
        return Parsed(None, "dash-ambiguous", "warning", (("allowed", allowed),))
    if plain in UNDISCLOSED:
        return Parsed(None, "flag-undisclosed", "warning", (("allowed", allowed),))
    return Parsed(None, "flag-unknown", "error", (("allowed", allowed),))
