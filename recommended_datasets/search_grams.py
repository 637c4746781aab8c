"""Bigrams for full text search in Japanese: words need no spaces, and one- and two-character words are found.

PostgreSQL finds one token in 県立鹿児島工業高校体育館, and its trigram index scans for two characters. So a text is cut
into all pairs of neighbouring characters of its words, and the last character of each word besides; a query is cut in the
same way, and all of its pieces must be there. A query of one character asks for what begins with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recommended_datasets.row_identity import VARIANTS, fold_letters

if TYPE_CHECKING:
    import polars as pl

_WORD = re.compile(r"\w+")
_ROWS = 8_000
"""Rows cut at once: some 30 MB of memory."""
_BITS = 21
"""Of a code point."""


def words(text: str) -> list[str]:
    """The runs of letters and digits of a text, folded as it is compared (NFKC, lower case, variants of letters)."""
    return _WORD.findall(fold_letters(text))


def query_grams(text: str) -> list[str]:
    """What a row must hold to be found by `text`. Empty where the text has no letter or digit. A gram of one character
    stands for every gram that begins with it."""
    found: dict[str, None] = {}
    for word in words(text):
        for index in range(max(len(word) - 1, 1)):
            found[word[index : index + 2]] = None
    return list(found)


def tsquery(grams: Sequence[str]) -> str:
    """A PostgreSQL tsquery literal that asks for all of `query_grams`."""
    return " & ".join(f"'{gram}':*" if len(gram) == 1 else f"'{gram}'" for gram in grams)


def tsvectors(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """A PostgreSQL tsvector literal per row, with every gram that `query_grams` may ask of the text in `columns`, each
    once."""
    import polars as pl

    text = pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="\n")
    folded = text.str.normalize("NFKC").str.replace_many(list(VARIANTS), list(VARIANTS.values())).str.to_lowercase()
    texts = frame.select(folded.alias("text"))["text"]
    found: list[str] = []
    for start in range(0, len(texts), _ROWS):
        found += _cut(texts.slice(start, _ROWS).to_list())
    return pl.Series("grams", found, dtype=pl.String)


def _cut(texts: list[str]) -> list[str]:
    """The distinct grams of each text, by blanks. One sort of numbers (row, first letter, second letter) for all texts."""
    import numpy as np

    codes = np.frombuffer("\x00".join(texts + [""]).encode("utf-32-le"), dtype=np.uint32).astype(np.int64)
    ends = codes == 0
    if int(ends.sum()) != len(texts):
        return _cut([text.replace("\x00", " ") for text in texts])
    table = np.zeros(int(codes.max(initial=0)) + 1, dtype=bool)
    there = np.flatnonzero(np.bincount(codes))
    table[there] = [re.match(r"\w", chr(code)) is not None for code in there.tolist()]
    letter = table[codes]
    row = np.cumsum(ends) - ends
    following = np.append(letter[1:], False)
    second = np.where(following, np.append(codes[1:], 0), 0)
    key = (row << (2 * _BITS)) | (codes << _BITS) | second
    key = np.sort(key[letter])  # np.unique hashes, which takes ten times as long
    key = key[np.append(True, key[1:] != key[:-1])[: len(key)]]
    return _written(key, len(texts))


def _written(key: Any, count: int) -> list[str]:
    """The text of sorted keys, cut into rows."""
    import numpy as np

    low = (1 << _BITS) - 1
    row, second = key >> (2 * _BITS), key & low
    place = 3 * np.arange(len(key), dtype=np.int64) + row
    out = np.full(3 * len(key) + count, 32, dtype="<u4")
    out[place] = (key >> _BITS) & low
    out[place + 1] = np.where(second > 0, second, 32)
    per_row = np.bincount(row, minlength=count)
    out[3 * np.cumsum(per_row) + np.arange(count)] = 10
    return out.tobytes().decode("utf-32-le").split("\n")[:count]
