"""Which header means which field, over all definitions at once: one look-up per header cell.

The index is kept as packed strings (``"3 name 1|7 name 1"``: number of the definition, field id, how near), because nearly
all of it is never asked for and a small file should not wait for it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import cast

EXACT, FOLDED, EDITION, SYNONYM, PHYSICAL, GENERAL = range(6)
"""How near a header is, best first: the name itself, folded, another edition's name, a synonym of the dataset, the
standard's physical or English name, a synonym of every dataset."""

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－ー～〜~"), "-")
_LEADING_NUMBER = re.compile(r"^[(\[]?\d{1,3}[.:)\]、]+")
_PUNCTUATION = re.compile(r"[\s\ufeff\u200b_()\[\]{}<>「」『』【】〔〕〈〉《》、。,.・/:;'\"*※◎○●]+")
_LONE_DASH = re.compile(r"(?<!\d)-|-(?!\d)")
_LAST_BRACKET = re.compile(r"[(\[【〔<][^()\[\]【】〔〕<>]*[)\]】〕>]\s*$")

Meanings = dict[int, tuple[str, int]]
"""Number of the definition → (field id, how near)."""


@lru_cache(maxsize=65536)
def fold(header: str) -> str:
    """A header reduced to what must agree: NFKC, case, a leading number (`1.名称`), blanks, brackets, separators and the
    kinds of dash make no difference. For comparing only; "" when nothing is left."""
    text = unicodedata.normalize("NFKC", header).strip().casefold()
    text = _LEADING_NUMBER.sub("", text.translate(_DASHES))
    return _LONE_DASH.sub("ー", _PUNCTUATION.sub("", text))


def _strings(value: object) -> Sequence[str]:
    return [str(item) for item in cast("Sequence[object]", value)] if isinstance(value, (list, tuple)) else []


def header_names(
    fields: Sequence[Mapping[str, object]],
    *,
    others: Iterable[tuple[str, str]] = (),
    prefixes: Sequence[str] = (),
    synonyms: Mapping[str, Sequence[str]] | None = None,
    general: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, tuple[str, int]]:
    """Every folded header that means a field of one definition → (field id, how near). `fields` is the plain data of the
    definition, `others` the (id, name) pairs of its other editions. A name nearer to one field is never another's."""
    own: set[str] = {str(f["id"]) for f in fields}
    ranked: list[tuple[int, str, str]] = [(FOLDED, str(f["id"]), str(f["name"])) for f in fields]
    ranked += [(EDITION, field_id, name) for field_id, name in others if field_id in own]
    for field_id, names in (synonyms or {}).items():
        ranked += [(SYNONYM, field_id, name) for name in names if field_id in own]
    for f in fields:
        ranked += [(SYNONYM, str(f["id"]), name) for name in _strings(f.get("synonyms"))]
        ranked += [(PHYSICAL, str(f["id"]), str(f[key])) for key in ("physical", "english", "id") if f.get(key)]
    for field_id, names in (general or {}).items():
        ranked += [(GENERAL, field_id, name) for name in names if field_id in own]
    for rank, field_id, name in list(ranked):
        for prefix in prefixes if rank <= SYNONYM else ():
            start = prefix + "_"
            ranked.append((SYNONYM, field_id, name[len(start) :] if name.startswith(start) else start + name))
    found: dict[str, tuple[str, int]] = {}
    for rank, field_id, name in sorted(ranked, key=lambda entry: entry[0]):
        found.setdefault(fold(name), (field_id, rank))
    found.pop("", None)
    return found


def _unpack(packed: str, into: Meanings, at_least: int = EXACT) -> None:
    for part in packed.split("|") if packed else ():
        number, field_id, rank = part.split(" ")
        into.setdefault(int(number), (field_id, max(int(rank), at_least)))


class HeaderIndex:
    """The headers of several definitions, numbered as they were added."""

    def __init__(self, exact: dict[str, str] | None = None, folded: dict[str, str] | None = None) -> None:
        self.exact = exact if exact is not None else {}
        self.folded = folded if folded is not None else {}

    def add(self, number: int, fields: Sequence[Mapping[str, object]], names: Mapping[str, tuple[str, int]]) -> None:
        """Add definition `number`: its columns and the folded headers of `header_names`."""
        for f in fields:
            entry = f"{number} {f['id']} {EXACT}"
            self.exact[str(f["name"])] = "|".join(filter(None, (self.exact.get(str(f["name"])), entry)))
        for folded, (field_id, rank) in names.items():
            entry = f"{number} {field_id} {rank}"
            self.folded[folded] = "|".join(filter(None, (self.folded.get(folded), entry)))

    def meanings(self, header: str) -> Meanings:
        """What a header cell means in each definition, trying it as it is, folded, then folded without a last bracket:
        緯度(世界測地系), 名称【必須】."""
        plain = header.strip("\ufeff \t\r\n\u3000")
        found: Meanings = {}
        if not plain:
            return found
        _unpack(self.exact.get(plain, ""), found)
        _unpack(self.folded.get(fold(plain), ""), found)
        shorter = _LAST_BRACKET.sub("", unicodedata.normalize("NFKC", plain))
        if shorter != plain and fold(shorter):
            _unpack(self.folded.get(fold(shorter), ""), found, SYNONYM)
        return found
