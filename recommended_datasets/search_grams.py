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
_ROWS = 1_000
"""Rows cut at once: few enough for their numbers to stay in the processor's cache."""
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


def tsvectors(frame: pl.DataFrame, columns: Sequence[str]) -> list[bytes]:
    """For each row a PostgreSQL tsvector in binary form, with every gram that `query_grams` may ask of the text in `columns`,
    each once. A literal takes PostgreSQL twice the time: it reads every letter, and sorts what is sorted here."""
    import polars as pl

    text = pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="\n")
    texts = frame.select(text.alias("text"))["text"]
    found: list[bytes] = []
    for start in range(0, len(texts), _ROWS):
        found += _cut(texts.slice(start, _ROWS))
    return found


def _cut(texts: pl.Series, *, strange: bool = True) -> list[bytes]:
    """The distinct grams of each text. One sort of numbers (row, first letter, second letter) for all texts, in which a letter
    is its place among those that occur: that mostly leaves 32 bits, which are sorted in half the time.

    `strange`: there may be letters in them that are folded together with their neighbours, or into several."""
    import numpy as np
    import polars as pl

    joined = texts.str.join("\x00")[0] + "\x00"
    if joined.count("\x00") != len(texts):
        return _cut(texts.str.replace_all("\x00", " ", literal=True))
    codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32).astype(np.intp)
    seen = np.zeros(int(codes.max()) + 1, dtype=bool)
    seen[codes] = True
    there = np.flatnonzero(seen)
    folded = np.array(list(map(_letter, there.tolist())))
    if folded.min() < 0:
        if strange:  # few rows have any: only those are folded as texts
            seen[there] = folded < 0
            concerned: set[int] = set(np.cumsum(codes == 0)[seen[codes]].tolist())
            changed = [fold_letters(text) if index in concerned else text for index, text in enumerate(texts.to_list())]
            return _cut(pl.Series(changed, dtype=pl.String), strange=False)
        folded = np.where(folded == _STRANGE_LETTER, there, np.maximum(folded, 0))
    alphabet = np.union1d(folded, 0)
    bits = (len(alphabet) - 1).bit_length()
    kind = np.uint32 if len(texts).bit_length() + 2 * bits <= 32 else np.uint64
    rank = np.zeros(len(seen), dtype=kind)
    rank[there] = np.searchsorted(alphabet, folded)
    letter = rank[codes]
    key = np.repeat(np.arange(len(texts), dtype=kind), np.diff(np.flatnonzero(codes == 0), prepend=-1))
    for following in (letter, np.append(letter[1:], kind(0))):
        key <<= kind(bits)
        key |= following
    key = key[np.flatnonzero(letter)]  # a third of the time that a mask takes
    key.sort()  # np.unique hashes, which takes ten times as long
    # Of equal grams one is enough, and of a letter alone none where another begins with it: they come next.
    begins = key >> kind(bits)
    needless = (key[1:] == key[:-1]) | ((begins[1:] == begins[:-1]) & (key[:-1] == begins[:-1] << kind(bits)))
    key = key[np.flatnonzero(np.append(~needless, True)[: len(key)])]
    return _written(key, bits, alphabet, len(texts))


@functools.cache
def _letter(code: int) -> int:
    """What a letter or digit is folded to; 0 for what is neither; below 0 where the letter alone does not say it."""
    letter = chr(code)
    folded = fold_letters(letter)
    if not (code < 128 or any(first <= code <= last for first, last in _ALONE)) or len(folded) != 1:
        return _STRANGE_LETTER if _WORD.match(letter) else _STRANGE_OTHER
    return ord(folded) if _WORD.match(folded) else 0


def _written(key: Any, bits: int, alphabet: Any, count: int) -> list[bytes]:
    """Sorted keys as tsvectors: how many lexemes there are, then the UTF-8 of each, its end (a zero) and how many positions
    it has (none: two zeros). The order of code points is that of UTF-8, and so PostgreSQL's."""
    import numpy as np

    encoded = [chr(code).encode().ljust(4, b"\0") for code in alphabet.tolist()]
    letters = [np.array([code[byte] for code in encoded], dtype=np.uint8) for byte in range(4)]
    width = np.array([len(code.rstrip(b"\0")) for code in encoded])
    first, second = ((key >> shift & ((1 << bits) - 1)).astype(np.intp) for shift in (bits, 0))
    length = width[first] + width[second] + 3
    end = np.cumsum(length)
    until = np.searchsorted(key >> 2 * bits, np.arange(count), side="right")
    lexemes = np.diff(until, prepend=0)
    before = 4 * np.arange(1, count + 1)  # bytes of the numbers of lexemes
    row_end = np.append(0, end)[until] + before
    out = np.zeros(int(row_end[-1]), dtype=np.uint8)
    place = end - length
    place += np.repeat(before, lexemes)
    # A letter of fewer bytes brings zeros along, whose places the next letter takes or which end the lexeme.
    for byte in range(4):
        out[byte:][place] = letters[byte][first]
    place += width[first]
    for byte in range(3):
        out[byte:][place] = letters[byte][second]
    long = np.flatnonzero(letters[3][second])
    out[place[long] + 3] = letters[3][second[long]]
    row_start = np.append(0, row_end[:-1])
    for byte in range(4):
        out[row_start + byte] = lexemes >> (24 - 8 * byte) & 255
    data = out.tobytes()
    return [data[begin:stop] for begin, stop in zip(row_start.tolist(), row_end.tolist(), strict=True)]
