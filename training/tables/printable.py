"""Makes text of a table safe to show in a message."""

import unicodedata

MAX_CHARS = 60

# Controls, bidirectional marks, lone surrogates and line ends move the cursor or reorder a line.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, max_chars: int = MAX_CHARS) -> str:
    """`text` on one line without control characters, truncated to `max_chars`."""
    line = "".join(
        " " if character in "\r\n\t" else character
        for character in text[: 2 * max_chars]
        if character in "\r\n\t" or unicodedata.category(character) not in _UNPRINTABLE
    )
    return line if len(line) <= max_chars else f"{line[: max_chars - 1]}…"


def name_list(names: list[str], max_names: int = 5) -> str:
    """The quoted names, up to `max_names` of them."""
    listed = ", ".join(f"'{printable(name)}'" for name in names[:max_names])
    more = len(names) - max_names
    return f"{listed} and {more:,} more" if more > 0 else listed
