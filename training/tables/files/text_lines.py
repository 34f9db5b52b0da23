"""Reads the lines of a text file with bounded memory, and refuses what is no text."""

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from training.tables.errors import TableError, too_large

_BLOCK_BYTES = 2**20
MAX_LINE_CHARS = 8 * 2**20


class TextLines:
    """An iterator over the lines of a file, with their ends.

    Iterating raises TableError, with the line, for a NUL byte, for bytes that are not in the
    encoding and for a line of more than MAX_LINE_CHARS.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._num_lines = 0
        """In the blocks before the present one."""
        self.num_chars = 0
        """Read from the file so far, at least the number of characters in the lines returned."""

    def __iter__(self) -> Iterator[str]:
        pending = ""
        for text in self._texts():
            text = pending + text  # noqa: PLW2901
            # The end of a block may cut a \r\n in two, so a \r at the end waits for the next one.
            end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
            pending = text[end:]
            if len(pending) > MAX_LINE_CHARS:
                raise too_large(
                    f"Line {self._num_lines + 1:,} has more than {MAX_LINE_CHARS:,} characters, "
                    "the limit for a line. Is this a table?"
                )
            yield from io.StringIO(text[:end], newline="")
        if pending:
            yield from io.StringIO(pending, newline="")

    def _texts(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield self._decoded(decoder, block)
        if rest := self._decoded(decoder, b"", final=True):
            yield rest

    def _decoded(
        self, decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False
    ) -> str:
        try:
            text = decoder.decode(block, final=final)
        except UnicodeDecodeError:
            raise TableError(
                f"Expected text in {self._encoding}, but the bytes after line "
                f"{self._num_lines + 1:,} are not. Save the file as UTF-8."
            ) from None
        if (at := text.find("\0")) >= 0:
            line = self._num_lines + _num_line_ends(text[:at]) + 1
            raise TableError(
                f"Expected text, but line {line:,} has a NUL byte. Export the table again."
            )
        self._num_lines += _num_line_ends(text)
        self.num_chars += len(text)
        return text


def _num_line_ends(text: str) -> int:
    return text.count("\n") or text.count("\r")
