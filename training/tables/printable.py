"""Makes text of a table safe to show in a message."""

from tracking_plugin.printable import printable as printable_line

MAX_CHARS = 60


def printable(text: str, max_chars: int = MAX_CHARS) -> str:
    """`text` on one line without control characters, truncated to `max_chars`."""
    return printable_line(text[: 2 * max_chars].replace("\r", " "), max_chars)


def name_list(names: list[str], max_names: int = 5) -> str:
    """The quoted names, up to `max_names` of them."""
    listed = ", ".join(f"'{printable(name)}'" for name in names[:max_names])
    more = len(names) - max_names
    return f"{listed} and {more:,} more" if more > 0 else listed
