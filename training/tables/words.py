"""Splits names of columns and sentences into words that can be compared."""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_MAX_CHARS = 2000


def words(text: str) -> list[str]:
    """The words in lower case and singular: `salePrices_v2` has sale, price, v and 2."""
    return [_singular(word.lower()) for word in _WORD.findall(text[:_MAX_CHARS])]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies") and word not in ("species", "series"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ies")):
        return word[:-1]
    return word
