"""Bigrams for full text search in Japanese: words need no spaces, and one- and two-character words are found.

PostgreSQL finds one token in 県立鹿児島工業高校体育館, and its trigram index scans for two characters. So a text is cut
into all pairs of neighbouring characters of its words, and the last character of each word besides; a query is cut in the
same way, and all of its pieces must be there. A query of one character asks for what begins with it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recommended_datasets.row_identity import fold_letters

if TYPE_CHECKING:
    import polars as pl

_WORD = re.compile(r"\w+")
_ROWS = 8_000
"""Rows cut at once: some 30 MB of memory."""
_BITS = 21
"""Of a code point."""
_ALONE = ((0x3000, 0x3098), (0x309D, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xFF01, 0xFF5E))
"""Blocks of Japanese text whose letters are folded each by itself, whatever stands beside them."""
_STRANGE_LETTER, _STRANGE_OTHER = -1, -2


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
    texts = frame.select(text.alias("text"))["text"]
    found: list[str] = []
    for start in range(0, len(texts), _ROWS):
        found += _cut(texts.slice(start, _ROWS).to_list())
    return pl.Series("grams", found, dtype=pl.String)


def _cut(texts: list[str], *, strange: bool = True) -> list[str]:
    """The distinct grams of each text, by blanks. One sort of numbers (row, first letter, second letter) for all texts.

    `strange`: there may be letters in them that are folded together with their neighbours, or into several."""
    import numpy as np

    codes = np.frombuffer("\x00".join([*texts, ""]).encode("utf-32-le"), dtype=np.uint32)
    ends = codes == 0
    if np.count_nonzero(ends) != len(texts):
        return _cut([text.replace("\x00", " ") for text in texts])
    there = np.flatnonzero(np.bincount(codes)).tolist()
    table = np.zeros(there[-1] + 1 if there else 1, dtype=np.int32)
    table[there] = list(map(_letter, there))
    code = table[codes]
    row = np.cumsum(ends, dtype=np.int32)
    if table.min() < 0:
        if strange:  # few rows have any: only those are folded as texts
            concerned: set[int] = set(row[code < 0].tolist())
            folded = [fold_letters(text) if index in concerned else text for index, text in enumerate(texts)]
            return _cut(folded, strange=False)
        code = np.where(code < 0, np.where(code == _STRANGE_LETTER, codes, 0), code)
    place = np.flatnonzero(code)
    following = np.append(code[1:], 0)[place]
    key = (row[place].astype(np.int64) << (2 * _BITS)) | (code[place].astype(np.int64) << _BITS) | following
    key.sort()  # np.unique hashes, which takes ten times as long
    key = key[np.append(True, key[1:] != key[:-1])[: len(key)]]
    return _written(key, len(texts))


@functools.cache
def _letter(code: int) -> int:
    """What a letter or digit is folded to; 0 for what is neither; below 0 where the letter alone does not say it."""
    letter = chr(code)
    folded = fold_letters(letter)
    if not (code < 128 or any(first <= code <= last for first, last in _ALONE)) or len(folded) != 1:
        return _STRANGE_LETTER if _WORD.match(letter) else _STRANGE_OTHER
    return ord(folded) if _WORD.match(folded) else 0


def _written(key: Any, count: int) -> list[str]:
    """The text of sorted keys, cut into rows. Each gram is quoted: PostgreSQL reads that a third faster."""
    import numpy as np

    low = (1 << _BITS) - 1
    row, second = key >> (2 * _BITS), key & low
    two = second > 0
    length = 4 + two  # the letters, their quotes, a blank
    end = np.cumsum(length)
    place = end - length + row
    out = np.full(int(end[-1] if len(end) else 0) + count, ord("'"), dtype="<u4")
    out[place + 1] = (key >> _BITS) & low
    out[place[two] + 2] = second[two]
    out[end + row - 1] = ord(" ")
    per_row = np.bincount(row, weights=length, minlength=count).astype(np.int64)
    out[np.cumsum(per_row) + np.arange(count)] = ord("\n")
    return out.tobytes().decode("utf-32-le").split("\n")[:count]
