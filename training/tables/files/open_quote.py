"""Finds the line in which a quote opens that is never closed."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from training.tables.files.text_format import Dialect, TextFormat
from training.tables.files.text_lines import TextLines

_MAX_SCANNED_CHARS = 16 * 2**20


def line_of_open_quote(path: Path, text_format: TextFormat, first_line: int) -> int | None:
    """The number of the line where the last quote of a record opens.

    `first_line` is the line in which the record begins. None if no quote is open at its end.
    """
    lines = islice(iter(TextLines(path, text_format.encoding)), first_line - 1, None)
    offset = _offset_of_open_quote(lines, text_format.dialect)
    return None if offset is None else first_line + offset


def _offset_of_open_quote(lines: Iterable[str], dialect: Dialect) -> int | None:
    """Number of lines before the one in which the quote opens."""
    opened: int | None = None
    num_chars = 0
    for offset, line in enumerate(lines):
        opened = _open_after(line, offset, opened, dialect)
        num_chars += len(line)
        if opened is None or num_chars > _MAX_SCANNED_CHARS:
            break
    return opened


def _open_after(line: str, offset: int, opened: int | None, dialect: Dialect) -> int | None:
    """Offset of the line whose quote is still open at the end of this line."""
    at = line.find(dialect.quote)
    while at >= 0:
        next_at = at + 1
        if opened is None:
            opened = offset if _starts_field(line, at, dialect) else None
        elif line.startswith(dialect.quote, next_at):
            next_at += 1
        else:
            opened = None
        at = line.find(dialect.quote, next_at)
    return opened


def _starts_field(line: str, at: int, dialect: Dialect) -> bool:
    before = at - 1
    while dialect.skip_initial_space and before >= 0 and line[before] == " ":
        before -= 1
    return before < 0 or line[before] == dialect.delimiter
