"""The log of a run's job in a file, which only this user can read and which is no link."""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from tracking_plugin.private_files import make_private_folder, open_private

MAX_FILE_BYTES = 64 * 1024 * 1024
"""No line is added to a file that is larger."""

_BLOCK_BYTES = 64 * 1024
_SHORTENED = "… older lines were removed\n".encode()


class LogFile:
    """Blocking. Methods raise UnsafeFileError if the file or its folder is a link or another user's."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def require_safe(self) -> bool:
        """Whether there is a file; raises UnsafeFileError if that is not one of this server."""
        try:
            os.close(open_private(self._path, os.O_RDONLY))
        except FileNotFoundError:
            return False
        return True

    def num_lines(self, attempt: int) -> int | None:
        """How many lines of that attempt's output it has; None if the attempt has not begun in it.

        Half a line, which a server that was killed has left at the end, does not count.
        """
        number = 0 if attempt == 1 else None
        marker = f"{_marker(attempt)}\n".encode()
        with suppress(FileNotFoundError), self._open(os.O_RDONLY) as file:
            for line in file:
                if attempt > 1 and line == marker:
                    number = 0
                elif number is not None and line.endswith(b"\n"):
                    number += 1
        return number

    def begin(self, attempt: int) -> None:
        """Mark where the output of a later attempt begins."""
        if attempt > 1:
            self.append([_marker(attempt)])

    def append(self, lines: list[str]) -> None:
        make_private_folder(self._path.parent)
        with self._open(os.O_RDWR | os.O_CREAT) as file:
            end = _end_of_last_line(file)
            if end <= MAX_FILE_BYTES:
                file.truncate(end)
                file.seek(end)
                file.write("".join(f"{line}\n" for line in lines).encode(errors="replace"))

    def keep_newest(self, max_bytes: int) -> None:
        """Shorten a file of more bytes to the newest half of them, and say so in its first line."""
        with self._open(os.O_RDWR) as file:
            size = file.seek(0, os.SEEK_END)
            if size <= max_bytes:
                return
            file.seek(size - max_bytes // 2)
            file.readline()
            newest = file.read()
            file.seek(0)
            file.write(_SHORTENED + newest)
            file.truncate()

    def exists(self) -> bool:
        return self._path.exists()

    def tail(self, limit: int) -> list[str]:
        """The newest lines, oldest first; none if there is no file."""
        with suppress(FileNotFoundError), self._open(os.O_RDONLY) as file:
            return [line.decode(errors="replace") for line in _last_lines(file, limit)]
        return []

    def _open(self, flags: int) -> BinaryIO:
        mode = "rb" if flags == os.O_RDONLY else "r+b"
        return cast(BinaryIO, os.fdopen(open_private(self._path, flags), mode))


def _marker(attempt: int) -> str:
    return f"--- attempt {attempt} ---"


def _last_lines(file: BinaryIO, limit: int) -> list[bytes]:
    """Read from the end, so that a long log costs no more than a short one."""
    position = file.seek(0, os.SEEK_END)
    blocks: list[bytes] = []
    num_ends = 0
    # One more than the limit, so that the first of the lines is whole.
    while position > 0 and num_ends <= limit:
        start = max(0, position - _BLOCK_BYTES)
        file.seek(start)
        blocks.append(file.read(position - start))
        num_ends += blocks[-1].count(b"\n")
        position = start
    *lines, rest = b"".join(reversed(blocks)).split(b"\n")
    return [*lines, *([rest] if rest else [])][-limit:]


def _end_of_last_line(file: BinaryIO) -> int:
    """Where the last whole line ends, in bytes."""
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        start = max(0, position - _BLOCK_BYTES)
        file.seek(start)
        found = file.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0
