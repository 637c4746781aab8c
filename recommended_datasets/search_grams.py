"""Bigrams for full text search in Japanese: words need no spaces, and one- and two-character words are found.

PostgreSQL finds one token in 県立鹿児島工業高校体育館, and its trigram index scans for two characters. So a text is cut
into all pairs of neighbouring characters, and single characters of Japanese text besides; a query is cut in the same way,
and all of its pieces must be there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from recommended_datasets.row_identity import VARIANTS, fold_letters

if TYPE_CHECKING:
    import polars as pl

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The runs of letters and digits of a text, folded as it is compared (NFKC, lower case, variants of letters)."""
    return _WORD.findall(fold_letters(text))


def query_grams(text: str) -> list[str]:
    """What a row must hold to be found by `text`. Empty where the text has no letter or digit."""
    found: dict[str, None] = {}
    for word in words(text):
        for index in range(max(len(word) - 1, 1)):
            found[word[index : index + 2]] = None
    return list(found)


def tsvectors(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """A PostgreSQL tsvector literal per row, with every gram that `query_grams` may ask of the text in `columns`.

    Punctuation is taken out first, so a few pairs across words are in it too: they only ever find more.
    """
    import polars as pl

    text = pl.concat_str([pl.col(name).fill_null("") for name in columns])
    folded = (
        text.str.normalize("NFKC").str.replace_many(list(VARIANTS), list(VARIANTS.values())).str.to_lowercase()
    ).str.replace_all(r"[^\w]+", "")
    pairs, single = ("'$0' ", "$0 ")
    return frame.select(folded.alias("text")).select(
        pl.concat_str(
            pl.col("text").str.replace_all("..", pairs),
            pl.lit(" "),
            pl.col("text").str.slice(1).str.replace_all("..", pairs),
            pl.lit(" "),
            pl.col("text").str.replace_all(".", single),
        ).alias("grams")
    )["grams"]
