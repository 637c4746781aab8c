"""Rules that remember rows: a row written twice, an ID used twice, the same name at the same address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from recommended_datasets.definition import Definition
from recommended_datasets.rules import Found
from recommended_datasets.values_parsed import compare_key


class First(NamedTuple):
    """Where something was seen first."""

    record: int
    line: int


class Seen:
    """The first place of each key. `where(key, …)` answers with the earlier place, or None and remembers this one."""

    def __init__(self) -> None:
        self._first: dict[object, First] = {}

    def where(self, key: object, record: int, line: int) -> First | None:
        first = self._first.setdefault(key, First(record, line))
        return None if first.record == record else first


def repeated(first: First) -> tuple[tuple[str, str], ...]:
    """The values of a message that names the earlier row."""
    return (("first_record", str(first.record)), ("first_line", str(first.line)))


class Duplicates:
    """Exact second copies of a row: the decoded text of all columns, earlier rejected rows left out."""

    KEY = "duplicate-row"

    def __init__(self) -> None:
        self._seen = Seen()

    def check(self, row: tuple[str, ...], record: int, line: int) -> Found | None:
        first = self._seen.where(row, record, line)
        return self.found(first) if first else None

    def found(self, first: First) -> Found:
        """What is wrong with a row that was there before."""
        return Found("", self.KEY, "warning", repeated(first))


class Keys:
    """The definition's key columns (NO, ID): each value once in a file."""

    KEY = "duplicate-key"

    def __init__(self, definition: Definition, there: set[str]) -> None:
        self.fields = tuple(field.id for field in definition.fields if field.key and field.id in there)
        self._severity = "error" if definition.evidence == "seen" else "info"
        self._seen = Seen()

    def check(self, texts: Sequence[str | None], record: int, line: int) -> Found | None:
        first = self._seen.where(tuple(texts), record, line) if all(texts) else None
        return self.found(first) if first else None

    def found(self, first: First) -> Found:
        """What is wrong with a row whose key was used before."""
        return Found(self.fields[-1], self.KEY, self._severity, repeated(first))  # type: ignore[arg-type]


class Names:
    """The same name at the same address: one thing written twice where `Definition.copies` is ``never``, else a hint."""

    KEY = "duplicate-name"

    def __init__(self, definition: Definition, there: set[str]) -> None:
        wanted = ("name", "address")
        self.fields = wanted if there.issuperset(wanted) else ()
        # Several devices of one house are ordinary; what tells them apart stands in these columns.
        extra = ("building", "position", "id") if definition.copies == "possible" else ("building",)
        self.fields += tuple(field for field in extra if self.fields and field in there)
        self._severity = "warning" if definition.copies == "never" else "info"
        self._seen = Seen()

    def check(self, texts: Sequence[str | None], record: int, line: int) -> Found | None:
        if not (texts[0] and texts[1]):
            return None
        first = self._seen.where(tuple(compare_key(text or "") for text in texts), record, line)
        return self.found(first) if first else None

    def found(self, first: First) -> Found:
        """What is wrong with a row whose name and address were there before."""
        return Found("name", self.KEY, self._severity, repeated(first))  # type: ignore[arg-type]
