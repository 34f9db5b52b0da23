"""Finds the encoding of a text file, in one pass with little memory."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.tables.errors import TableError

_BLOCK_BYTES = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True)
class TextEncoding:
    """`name` is Python's; `note` tells the user about a guess."""

    name: str
    note: str | None = None


def find_encoding(path: Path) -> TextEncoding:
    """The encoding of the text at `path`.

    A byte order mark decides; else UTF-16 if every second byte is zero; else UTF-8 if the whole
    file is; else Windows-1252 or Latin-1, with a note. Raises TableError if the file is UTF-8 up
    to a line with another encoding; OSError if it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(2**16)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return TextEncoding(name)
    if (name_16 := utf16_without_mark(head)) is not None:
        return TextEncoding(name_16, "The file has no byte order mark and was read as UTF-16.")
    if _is_utf8(path):
        return TextEncoding("utf-8")
    return _eight_bit(path)


def utf16_without_mark(head: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` if nearly every second byte is zero, as in UTF-16 of Latin text."""
    pairs = len(head) // 2
    first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if pairs < 2 or min(first, second) > 0.02 * pairs or max(first, second) < 0.7 * pairs:
        return None
    return "utf-16-be" if first > second else "utf-16-le"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    num_lines = 0
    is_ascii = True
    block = b""
    try:
        for block in _blocks(path):
            is_ascii = decoder.decode(block).isascii() and is_ascii
            num_lines += block.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The decoder's input is the block, after at most 3 bytes kept from the one before.
        before = error.object[: error.start]
        if is_ascii and before.isascii():
            return False
        raise TableError(
            f"Expected one encoding, but the file is UTF-8 up to line "
            f"{num_lines + before.count(10) + 1:,} and not there. Save it as UTF-8."
        ) from None
    return True


def _eight_bit(path: Path) -> TextEncoding:
    undefined = any(_UNDEFINED_IN_CP1252.search(block) for block in _blocks(path))
    name, shown = ("latin-1", "Latin-1") if undefined else ("cp1252", "Windows-1252")
    return TextEncoding(
        name,
        f"The file is not UTF-8 and was read as {shown}. If letters look wrong, save it as UTF-8.",
    )


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block
