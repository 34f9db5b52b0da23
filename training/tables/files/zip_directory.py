"""Lists the files in a ZIP archive and refuses archives that are unsafe to unpack.

The directory is read entry by entry, so an archive of a million entries is refused before they
are held in memory. Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from training.tables.errors import TableError, too_large
from training.tables.limits import ALWAYS_INFLATED_BYTES, TableLimits
from training.tables.printable import printable

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_MAX_COMMENT_BYTES = 0xFFFF
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_UNKNOWN_32 = 0xFFFFFFFF
_UNKNOWN_16 = 0xFFFF
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_UNIX = (3, 19)
"""Systems (Unix, macOS) whose entries have a file mode."""
_MAX_NAME_CHARS = 4096
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class ZipEntry:
    """One file or folder; the sizes are what the archive claims."""

    name: str
    packed_bytes: int
    inflated_bytes: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


def read_zip_directory(path: Path, limits: TableLimits) -> tuple[ZipEntry, ...]:
    """The entries of the archive, none of which is unsafe to unpack.

    Raises TableError if the archive is damaged, encrypted, has entries outside its own folder or
    links, or exceeds a limit; OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        num_entries, start, directory_bytes = _find_directory(file, size_bytes)
        if num_entries > limits.max_zip_entries:
            raise _too_many(limits)
        entries: list[ZipEntry] = []
        for entry in _entries(file, start, directory_bytes):
            if len(entries) >= limits.max_zip_entries:
                raise _too_many(limits)
            entries.append(entry)
    if len(entries) != num_entries:
        raise _damaged()
    _check_sizes(entries, size_bytes, limits)
    return tuple(entries)


def _find_directory(file: BinaryIO, size_bytes: int) -> tuple[int, int, int]:
    """Number of entries, position and length of the directory, from the record at the end."""
    tail_start = max(0, size_bytes - _END.size - _MAX_COMMENT_BYTES)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or len(tail) - at < _END.size:
        raise _damaged()
    _, disk, _, _, count, length, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if count == _UNKNOWN_16 or _UNKNOWN_32 in (length, offset):
        end, count, length = _find_directory_64(file, end, count, length)
    if disk not in (0, _UNKNOWN_16) or length > end:
        raise _damaged()
    # Other bytes may stand before an archive, so its end is more reliable than its offsets.
    return count, end - length, length


def _find_directory_64(file: BinaryIO, end: int, count: int, length: int) -> tuple[int, int, int]:
    if end < _LOCATOR.size:
        return end, count, length
    file.seek(end - _LOCATOR.size)
    signature, _, offset, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return end, count, length
    end_64 = end - _LOCATOR.size - _END_64.size
    if end_64 < 0 or offset > end_64:
        raise _damaged()
    file.seek(end_64)
    fields = _END_64.unpack(file.read(_END_64.size))
    if fields[0] != b"PK\x06\x06":
        raise _damaged()
    return end_64, fields[7], fields[8]


def _entries(file: BinaryIO, start: int, length: int) -> Iterator[ZipEntry]:
    file.seek(start)
    position = 0
    while position < length:
        head = file.read(_ENTRY.size)
        if len(head) < _ENTRY.size or head[:4] != b"PK\x01\x02":
            raise _damaged()
        fields = _ENTRY.unpack(head)
        name_bytes, extra_bytes, comment_bytes = fields[10:13]
        rest = file.read(name_bytes + extra_bytes + comment_bytes)
        if len(rest) < name_bytes + extra_bytes + comment_bytes:
            raise _damaged()
        yield _entry(fields, rest[:name_bytes], rest[name_bytes : name_bytes + extra_bytes])
        position += len(head) + len(rest)


def _entry(fields: tuple[int, ...], raw_name: bytes, extra: bytes) -> ZipEntry:
    version, flags, packed, inflated, attributes = (fields[i] for i in (1, 3, 8, 9, 15))
    try:
        name = raw_name.decode("utf-8" if flags & _UTF8_FLAG else "cp437")
    except UnicodeDecodeError:
        raise _damaged() from None
    packed, inflated = _sizes_64(extra, packed, inflated)
    if flags & _ENCRYPTED_FLAG:
        raise TableError("Expected an archive without a password, but this one is encrypted.")
    if (problem := _unsafe(name, version >> 8, attributes >> 16)) is not None:
        raise TableError(
            f"Expected an archive whose files stay in its own folder, but '{printable(name)}' "
            f"{problem}. Pack the folder again."
        )
    return ZipEntry(name, packed, inflated)


def _sizes_64(extra: bytes, packed: int, inflated: int) -> tuple[int, int]:
    """The two sizes, where they exceed 32 bits from the extra field with the number 1."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == 1:
            field = extra[position + 4 : position + 4 + length]
            numbers = [number for (number,) in struct.iter_unpack("<Q", field[: len(field) & ~7])]
            if inflated == _UNKNOWN_32 and numbers:
                inflated = numbers.pop(0)
            if packed == _UNKNOWN_32 and numbers:
                packed = numbers.pop(0)
        position += 4 + length
    return packed, inflated


def _unsafe(name: str, system: int, mode: int) -> str | None:
    parts = re.split(r"[/\\]", name)
    if len(name) > _MAX_NAME_CHARS:
        return "has too long a name"
    if not name or any(ord(character) < 32 for character in name):
        return "has a name with control characters"
    if ".." in parts:
        return "leads out of it"
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        return "has an absolute path"
    if system in _UNIX and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    return None


def _check_sizes(entries: list[ZipEntry], size_bytes: int, limits: TableLimits) -> None:
    packed = sum(entry.packed_bytes for entry in entries)
    inflated = sum(entry.inflated_bytes for entry in entries)
    if packed > size_bytes:
        # Entries that share their data unpack to far more than the archive holds.
        raise _damaged()
    check_inflated(inflated, size_bytes, limits)


def check_inflated(inflated_bytes: int, size_bytes: int, limits: TableLimits) -> None:
    """Raises TableError if an archive of `size_bytes` unpacks to too much."""
    if inflated_bytes > limits.max_inflated_bytes:
        raise too_large(
            f"The archive unpacks to more than {limits.max_inflated_bytes:,} bytes, the limit for "
            "archives. Upload fewer files."
        )
    ratio = inflated_bytes / max(size_bytes, 1)
    if inflated_bytes > ALWAYS_INFLATED_BYTES and ratio > limits.max_inflate_ratio:
        raise too_large(
            f"The archive unpacks to more than {limits.max_inflate_ratio} times its size, the "
            "limit for archives. Upload the table as CSV or Parquet."
        )


def _too_many(limits: TableLimits) -> TableError:
    return too_large(
        f"The archive has more than {limits.max_zip_entries:,} files, the limit for archives. "
        "Upload fewer files."
    )


def _damaged() -> TableError:
    return TableError("Expected a ZIP archive, but its directory is damaged. Pack it again.")
