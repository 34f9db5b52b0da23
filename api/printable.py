"""Strangers' strings where a person reads them: on a terminal, in a message."""

import unicodedata

_LONGEST_TEXT = 200
# Controls, directions, lone surrogates and line ends: what moves a cursor or reorders a line.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """`text` on one line, without anything that a terminal would obey."""
    # Twice the length is enough of a text that is cut: most of it is printable.
    line = "".join(
        " " if character in "\n\t" else character
        for character in text[: 2 * longest]
        if character in "\n\t" or unicodedata.category(character) not in _UNPRINTABLE
    )
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
