"""Makes untrusted text safe to show on a terminal or in a message."""

import unicodedata

_LONGEST_TEXT = 200
# Controls, bidirectional marks, lone surrogates and line ends move the cursor or reorder a line.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable_lines(text: str) -> str:
    """`text` with its lines and tabs, and without control and direction characters."""
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in _UNPRINTABLE
    )


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """`text` on one line without control characters, truncated to `longest`."""
    # Most characters are printable, so twice the length is enough to examine.
    line = "".join(
        " " if character in "\n\t" else character
        for character in text[: 2 * longest]
        if character in "\n\t" or unicodedata.category(character) not in _UNPRINTABLE
    )
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
