"""Names what a file is by its first bytes, for the error about a file of another kind."""

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

HEAD_BYTES = 512

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive: unpack it first"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras writes"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "a GGUF file"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")
_MAX_HEADER_BYTES = 100 * 2**20
"""The longest header of a safetensors file, as the library limits it."""


class NotAFileError(OSError):
    """A folder, a pipe or a device stands where a file was expected."""


def read_file(path: Path, max_bytes: int) -> bytes:
    """The first `max_bytes` of a regular file; never waits for a pipe or a device.

    Raises OSError if the file cannot be read, NotAFileError if it is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFileError("no regular file")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(max_bytes)


def file_kind(head: bytes) -> str | None:
    """What a file with these first bytes is, such as `a web page`; None if they tell nothing."""
    found = (kind for recognises, kind in _KINDS if recognises(head))
    return next(found, None)


def is_safetensors(head: bytes) -> bool:
    """Whether the bytes begin with the length of a JSON header, and the header itself."""
    length = int.from_bytes(head[:8], "little")
    return len(head) > 8 and 2 <= length <= _MAX_HEADER_BYTES and head[8:9] == b"{"


def _starts_with(start: bytes, head: bytes) -> bool:
    return head.startswith(start)


def _is_onnx(head: bytes) -> bool:
    # Field 1 of the message, the version of the format; then field 2, the name of the producer.
    return head[:1] == b"\x08" and head[2:3] == b"\x12" and head[1] < 32


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The end may cut a character in two.
        if error.start < len(head) - 3 or len(head) < HEAD_BYTES:
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t" for character in text)


def _is_markup(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP)


_KINDS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (lambda head: not head, "empty"),
    (is_safetensors, "a safetensors file"),
    (_is_markup, "a web page or XML, perhaps the error of a download"),
    (lambda head: head[128:132] == b"DICM", "a DICOM file: export it as PNG or TIFF"),
    (_is_onnx, "an ONNX model"),
    *((partial(_starts_with, start), kind) for start, kind in _SIGNATURES),
    (lambda head: head.lstrip()[:1] in (b"{", b"["), "a JSON text"),
    (_is_text, "a text"),
)
