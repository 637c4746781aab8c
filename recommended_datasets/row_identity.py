"""Which row of a new version of a file is which row of the last one. Identity is matched, not read.

``NO`` and ``ID`` are often running numbers: a row put in at the top moves all of them. So an id counts only where at least
`TRUSTED_SHARE` of the ids that both versions have kept their name, and even then only together with the name, the address
or the coordinates. A name alone is no key either: 伊仙町 has 13 names on several of its 42 rows.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recommended_datasets.definition import Definition

TRUSTED_SHARE = 0.9
NEAR_METRES = 20.0
"""Two points this near are one place."""
SAME_PLACE_METRES = 1000.0
"""A name that stands once in both versions is the same facility if it moved less than this."""
_METRES_PER_DEGREE = 111_320.0
VARIANTS = dict(zip("ヶヵ髙﨑穎邊邉−‐–—ー～〜", "ケカ高崎頴辺辺-----~~", strict=True))
"""Letters that name the same place."""
_VARIANTS = str.maketrans(VARIANTS)
_VARIANT_LETTERS = frozenset(VARIANTS)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row is recognised by; `content` is everything it says but its id (a hash), `id` "" where there is none."""

    id: str
    name: str
    address: str
    latitude: float | None
    longitude: float | None
    content: Hashable


@dataclass(frozen=True, slots=True)
class Matching:
    """`pairs[new] = old` (row indexes); `added` and `removed` are the rest, in file order."""

    pairs: dict[int, int] = field(default_factory=dict[int, int])
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    ids_trusted: bool = False


def fold(text: str | None) -> str:
    """A name or an address as it is compared: NFKC, lower case, no blanks, common variants of letters as one."""
    return "".join(fold_letters(text).split()) if text else ""


def fold_letters(text: str) -> str:
    """`text` with blanks as they are, but width, case and common variants of letters as one."""
    if text.isascii():
        return text.lower()
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    if not _VARIANT_LETTERS.isdisjoint(text):
        text = text.translate(_VARIANTS)
    return text.lower()


def identity_fields(definition: Definition) -> tuple[str, tuple[str, ...]]:
    """``(id field, name fields)`` of a definition: its key, and the single fields without which a row is of no use (where
    there is none, the first of those of which one is enough); where a new file is one more period, the date too."""
    key = next((f.id for f in definition.fields if f.key), "")
    names = tuple(group[0] for group in definition.usable if len(group) == 1 and "+" not in group[0] and group[0] != key)
    names = names or (("name",) if "name" in definition else ())
    names = names or tuple(group[0] for group in definition.usable[:1] if "+" not in group[0] and group[0] != key)
    if definition.change == "snapshot":
        names += tuple(f.id for f in definition.fields if f.type == "date" and f.id not in names)
    return key, names


def facts(definition: Definition, rows: Sequence[Mapping[str, str | None]]) -> list[Facts]:
    """`Facts` of rows in the canonical text of `definition` (see `normalise`)."""
    names = dict.fromkeys(name for row in rows for name in row)
    return facts_of_columns(definition, {name: [row.get(name, "") for row in rows] for name in names}, len(rows))


def facts_of_columns(
    definition: Definition, columns: Mapping[str, Sequence[str | None]], count: int, *, contents: bool = True
) -> list[Facts]:
    """The same of `count` rows given column by column. `contents` False: `Facts.content` is not needed and is None."""
    key, names = identity_fields(definition)

    def column(name: str) -> Sequence[str | None]:
        return columns[name] if name in columns else [""] * count

    says = [f.id for f in definition.fields if f.id != key] + ["extra", "unknown"]
    content: Iterable[Hashable] = _contents([column(name) for name in says]) if contents else [None] * count
    named = zip(*(map(fold, column(name)) for name in names), strict=True) if names else [("",)] * count
    return [
        Facts(
            id=id_ or "" if key else "",
            name="\x1f".join(name),
            address=fold(address),
            latitude=_number(latitude),
            longitude=_number(longitude),
            content=said,
        )
        for id_, name, address, latitude, longitude, said in zip(
            column(key), named, column("address"), column("latitude"), column("longitude"), content, strict=True
        )
    ]


def _contents(columns: Sequence[Sequence[str | None]]) -> Iterable[Hashable]:
    for cells in zip(*columns, strict=True):
        try:
            text = "\x1f".join(cells)  # type: ignore[arg-type]
        except TypeError:
            text = "\x1f".join("\x00" if cell is None else cell for cell in cells)
        yield hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _number(text: str | None) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def metres(a: Facts, b: Facts) -> float | None:
    """The distance of two rows in metres (good to some metres within a prefecture); None when one has no coordinates."""
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    scale = math.cos(math.radians((a.latitude + b.latitude) / 2))
    return _METRES_PER_DEGREE * math.hypot(a.latitude - b.latitude, (a.longitude - b.longitude) * scale)


def ids_trusted(old: Sequence[Facts], new: Sequence[Facts]) -> bool:
    """Do ids name rows? At least `TRUSTED_SHARE` of the ids found once in both versions must have kept their name."""
    old_names = _once({i: row.id for i, row in enumerate(old)})
    new_names = _once({i: row.id for i, row in enumerate(new)})
    shared = old_names.keys() & new_names.keys()
    if not shared:
        return False
    kept = sum(old[old_names[key]].name == new[new_names[key]].name for key in shared)
    return kept >= TRUSTED_SHARE * len(shared)


def _once(ids: Mapping[int, str]) -> dict[str, int]:
    counts = Counter(ids.values())
    return {key: index for index, key in ids.items() if key and counts[key] == 1}


def match(old: Sequence[Facts], new: Sequence[Facts]) -> Matching:
    """Pair the rows of two versions of one publisher's table, surest evidence first; each row is used once.

    Rows with equal content are interchangeable and are paired in order, so re-ordering and renumbering pair everything.
    """
    trusted = ids_trusted(old, new)
    state = _Pairing(old, new)
    state.in_order(lambda row: (row.id, row.content))
    state.in_order(lambda row: row.content)
    if trusted:
        state.in_order(lambda row: (row.id, row.name) if row.id else None)
    for key in (_place, _name_and_address, _name_and_point):
        state.only_once(key)
    if trusted:
        state.only_once(lambda row: row.id or None, _some_evidence)
    state.only_once(lambda row: row.name or None, _same_surroundings, everywhere=True)
    state.only_once(_place_without_name)
    pairs = state.pairs
    used = set(pairs.values())
    return Matching(
        pairs=pairs,
        added=tuple(i for i in range(len(new)) if i not in pairs),
        removed=tuple(i for i in range(len(old)) if i not in used),
        ids_trusted=trusted,
    )


def _place(row: Facts) -> Hashable:
    return (row.name, row.address, row.latitude, row.longitude) if row.name and row.address else None


def _name_and_address(row: Facts) -> Hashable:
    return (row.name, row.address) if row.name and row.address else None


def _name_and_point(row: Facts) -> Hashable:
    if not row.name or row.latitude is None or row.longitude is None:
        return None
    return (row.name, round(row.latitude, 4), round(row.longitude, 4))


def _place_without_name(row: Facts) -> Hashable:
    """The same address and the same point under another name: the facility was renamed."""
    return (row.address, row.latitude, row.longitude) if row.address and row.latitude is not None else None


def _some_evidence(a: Facts, b: Facts) -> bool:
    if a.name and a.name == b.name or a.address and a.address == b.address:
        return True
    distance = metres(a, b)
    if distance is None:
        return not (a.address or b.address)
    return distance <= NEAR_METRES


def _same_surroundings(a: Facts, b: Facts) -> bool:
    """Nothing speaks against it: a short move, or no place to compare and the same id."""
    distance = metres(a, b)
    if distance is not None:
        return distance <= SAME_PLACE_METRES
    return bool(a.address and a.address == b.address) or not a.address or not b.address


class _Pairing:
    """The rows that are still free, and the pairs found so far."""

    def __init__(self, old: Sequence[Facts], new: Sequence[Facts]) -> None:
        self.old, self.new = old, new
        self.pairs: dict[int, int] = {}
        self._free_old = dict.fromkeys(range(len(old)))
        self._free_new = dict.fromkeys(range(len(new)))

    def _take(self, new: int, old: int) -> None:
        self.pairs[new] = old
        del self._free_new[new], self._free_old[old]

    def in_order(self, key: Callable[[Facts], Hashable]) -> None:
        """Pair free rows with equal keys, first with first."""
        waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
        for index in self._free_old:
            waiting[key(self.old[index])].append(index)
        waiting.pop(None, None)
        for queue in waiting.values():
            queue.reverse()
        for index in list(self._free_new):
            queue = waiting.get(key(self.new[index]))
            if queue:
                self._take(index, queue.pop())

    def only_once(
        self,
        key: Callable[[Facts], Hashable],
        agree: Callable[[Facts, Facts], bool] | None = None,
        *,
        everywhere: bool = False,
    ) -> None:
        """Pair free rows whose key stands once on either side (`everywhere`: in the whole versions) and that `agree`."""
        old = _single(self.old, range(len(self.old)) if everywhere else self._free_old, key)
        new = _single(self.new, range(len(self.new)) if everywhere else self._free_new, key)
        for value, index in new.items():
            other = old.get(value)
            if other is None or index not in self._free_new or other not in self._free_old:
                continue
            if agree is None or agree(self.old[other], self.new[index]):
                self._take(index, other)


def _single(rows: Sequence[Facts], indexes: Iterable[int], key: Callable[[Facts], Hashable]) -> dict[Hashable, int]:
    found: dict[Hashable, int] = {}
    several: set[Hashable] = set()
    for index in indexes:
        value = key(rows[index])
        if value is None:
            continue
        if value in found:
            several.add(value)
        found[value] = index
    for value in several:
        del found[value]
    return found


def new_row_ids(publisher_code: str, dataset: str, rows: Sequence[Facts], taken: Iterable[str] = ()) -> list[str]:
    """Row ids for rows never seen before: the publisher's code and 60 bits of a hash of what the row said first.

    The same first version always gets the same ids; `taken` are ids in use, which are never given twice.
    """
    used = set(taken)
    found: list[str] = []
    for row in rows:
        seed = "\x1f".join((publisher_code, dataset, row.id, row.name, row.address, str(row.latitude), str(row.longitude)))
        copy = 0
        while True:
            digest = hashlib.blake2b(f"{seed}\x1f{copy}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()[:15]
            row_id = f"{publisher_code}-{digest}"
            if row_id not in used:
                break
            copy += 1
        used.add(row_id)
        found.append(row_id)
    return found
