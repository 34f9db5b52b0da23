"""Writes any text to any terminal, pipe or file: a name or a lost reader never ends a program."""

import codecs
import errno
import os
import sys
import unicodedata
from collections.abc import Mapping
from typing import Any, TextIO

ERRORS = "fovea.plain"
"""The name of the handler for characters that the encoding of an output lacks."""

_PLAIN: Mapping[str, str] = {
    **dict(zip("●○■✓✗─━╸╺│", "*o#+x----|", strict=True)),
    "‖": "||",
    "…": "...",
    "°": " deg",
}
"""Our own symbols in ASCII; the characters of names become escapes, which name them exactly."""

# Of the format characters only those that reorder a line; others join emoji and scripts.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LOST_READER = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO})


def prepare_output() -> None:
    """Make standard output and error accept every character; open them if they are closed."""
    codecs.register_error(ERRORS, _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # It also takes the place of the closed file, which another file would take otherwise.
            setattr(sys, name, open(os.devnull, "w", errors=ERRORS))  # noqa: SIM115, PTH123
        elif (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors=ERRORS)


def outlive_readers() -> None:
    """Let the program go on where nobody reads its output any more, or its disk is full."""
    prepare_output()
    sys.stdout, sys.stderr = LastingStream(sys.stdout), LastingStream(sys.stderr)


def plain(text: str) -> str:
    """`text` with escapes in place of characters that move the cursor or reorder a line."""
    return "".join(_escaped(it) if _is_control(it) else it for it in text)


def silence(stream: TextIO) -> None:
    """Send what is still written to `stream` nowhere, so that its end raises no error."""
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), stream.fileno())
    except (OSError, ValueError):
        return


class LastingStream:
    """A stream whose write and flush raise nothing; all else is that of the stream it wraps."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except (OSError, ValueError) as error:
            self._on_error(error)
            return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._on_error(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _on_error(self, error: OSError | ValueError) -> None:
        if isinstance(error, OSError) and error.errno in _LOST_READER:
            silence(self._stream)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(it) or _escaped(it) for it in lacking), error.end


def _escaped(character: str) -> str:
    if character.isascii():
        return f"\\x{ord(character):02x}"
    return character.encode("ascii", "backslashreplace").decode()


def _is_control(character: str) -> bool:
    if character in "\n\t":
        return False
    return character in _REORDERING or unicodedata.category(character) in ("Cc", "Zl", "Zp")
