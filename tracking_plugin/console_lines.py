"""Shows a printed line as a terminal would, as text that is safe to keep and to show."""

import re

MAX_LINE_CHARS = 2000

_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
"""Colours, moves of the cursor and titles of windows."""
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters except the tab, and marks that reorder or end a line."""


def shown_line(line: str) -> str:
    """What a terminal shows of a line: of a progress bar, the last state; no more than the limit."""
    drawn = last_drawn(_TERMINAL.sub("", line).replace("\n", " "))
    drawn = _UNSHOWN.sub("", drawn)
    if len(drawn) > MAX_LINE_CHARS:
        drawn = f"{drawn[: MAX_LINE_CHARS - 1]}…"
    # A name of a file that is not valid UTF-8 has lone surrogates, which JSON cannot carry.
    return drawn.encode("utf-8", "replace").decode()


def last_drawn(line: str) -> str:
    """The last part that is not blank between the carriage returns of a line."""
    end = len(line)
    while end > 0:
        start = line.rfind("\r", 0, end) + 1
        if part := line[start:end].rstrip():
            return part
        end = start - 1
    return ""
