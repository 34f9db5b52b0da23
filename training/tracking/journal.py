"""An append-only queue of lines on disk that survives the process that writes it."""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

logger = logging.getLogger(__name__)

READ_BYTES = 128 * 1024
POSITION_BYTES = 32


class JournalPosition(NamedTuple):
    """A segment's number, and an offset in bytes in that segment."""

    segment: int
    offset: int


class Journal:
    """Lines in the order of their writing, in segment files that are deleted after delivery.

    The owner must hold a lock while it appends; only one thread reads. Neither keeps more than a
    few lines in memory.
    """

    def __init__(self, folder: Path, name: str, segment_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._segment_bytes = segment_bytes
        self._position_fd = os.open(folder / f"{name}.position", os.O_RDWR | os.O_CREAT, 0o600)
        segments = self._segments_on_disk() or [1]
        self._head = self._first_undelivered(segments)
        self._read_fd = -1
        self._peeked: list[int] = []
        self.num_delivered = 0
        self.num_appended, tail_offset = self._recover(segments)
        # A tuple is replaced atomically, so the reader never sees a half-updated position.
        self._tail = JournalPosition(segments[-1], tail_offset)
        self._write_fd = self._open_for_append(segments[-1])
        self._appended_bytes = sum(self._size(segment) for segment in segments)
        self._deleted_bytes = 0

    @property
    def num_pending(self) -> int:
        """Number of lines that are not delivered yet."""
        return max(0, self.num_appended - self.num_delivered)

    @property
    def size_bytes(self) -> int:
        """Size of all segments on disk."""
        return self._appended_bytes - self._deleted_bytes

    def append(self, lines: Sequence[bytes]) -> None:
        """Write all `lines`, or none; raises OSError if the disk is full."""
        if self._tail.offset >= self._segment_bytes:
            self._begin_segment()
        data = b"\n".join(lines) + b"\n"
        segment, offset = self._tail
        try:
            unwritten = data[os.write(self._write_fd, data) :]
            while unwritten:
                # After a partial write, writing the rest raises the error with the cause.
                unwritten = unwritten[os.write(self._write_fd, unwritten) :]
        except OSError:
            os.ftruncate(self._write_fd, offset)
            raise
        self._tail = JournalPosition(segment, offset + len(data))
        self._appended_bytes += len(data)
        self.num_appended += len(lines)

    def peek(self) -> list[bytes]:
        """The next undelivered lines; returns the same ones until `advance` is called."""
        while self._head.offset >= self._end_of_segment():
            if self._head.segment == self._tail.segment:
                return []
            self._delete_segment()
        lines = self._read_lines()
        self._peeked = [len(line) + 1 for line in lines]
        return lines

    def advance(self, num_lines: int) -> None:
        """Mark the first `num_lines` of the last `peek` as delivered, permanently."""
        delivered_bytes = sum(self._peeked[:num_lines])
        self._peeked = []
        self._head = JournalPosition(self._head.segment, self._head.offset + delivered_bytes)
        self._write_position()
        self.num_delivered += num_lines

    def close(self) -> None:
        """Close the files, and delete them if all lines are delivered."""
        for fd in (self._write_fd, self._read_fd, self._position_fd):
            if fd >= 0:
                os.close(fd)
        if self.num_pending == 0:
            for segment in self._segments_on_disk():
                self._path(segment).unlink()
            (self._folder / f"{self._name}.position").unlink()

    def _read_lines(self) -> list[bytes]:
        segment, offset = self._head
        if self._read_fd < 0:
            self._read_fd = os.open(self._path(segment), os.O_RDONLY)
        remaining = self._end_of_segment() - offset
        num_bytes = min(READ_BYTES, remaining)
        while True:
            chunk = os.pread(self._read_fd, num_bytes, offset)
            complete_lines, newline, rest = chunk.rpartition(b"\n")
            if newline:
                return complete_lines.split(b"\n")
            if num_bytes == remaining:
                return [rest]
            num_bytes = min(2 * num_bytes, remaining)

    def _end_of_segment(self) -> int:
        tail = self._tail
        if self._head.segment == tail.segment:
            return tail.offset
        return self._size(self._head.segment)

    def _begin_segment(self) -> None:
        number = self._tail.segment + 1
        fd = self._open_for_append(number)
        os.close(self._write_fd)
        self._write_fd = fd
        self._tail = JournalPosition(number, 0)

    def _delete_segment(self) -> None:
        delivered = self._head.segment
        if self._read_fd >= 0:
            os.close(self._read_fd)
            self._read_fd = -1
        self._head = JournalPosition(delivered + 1, 0)
        self._write_position()
        self._deleted_bytes += self._size(delivered)
        self._path(delivered).unlink()

    def _first_undelivered(self, segments: Sequence[int]) -> JournalPosition:
        stored = self._read_position()
        if stored is None or stored.segment not in segments:
            return JournalPosition(segments[0], 0)
        return JournalPosition(stored.segment, min(stored.offset, self._size(stored.segment)))

    def _recover(self, segments: Sequence[int]) -> tuple[int, int]:
        """Count the undelivered lines and remove an incomplete last one.

        Returns the number of lines and the size of the last segment.
        """
        num_lines = 0
        end = 0
        for segment in segments:
            if segment < self._head.segment:
                self._path(segment).unlink()
                continue
            start = self._head.offset if segment == self._head.segment else 0
            num_in_segment, end = _complete_lines(self._path(segment), start)
            num_lines += num_in_segment
        if self._size(segments[-1]) > end:
            logger.warning(
                "%s ends with an incomplete line, which is removed.", self._path(segments[-1])
            )
            os.truncate(self._path(segments[-1]), end)
        return num_lines, end

    def _write_position(self) -> None:
        """Store the head on disk with one write of fixed size, which is atomic and needs no space."""
        text = f"{self._head.segment:010d} {self._head.offset:019d}".ljust(POSITION_BYTES - 1)
        try:
            os.pwrite(self._position_fd, f"{text}\n".encode("ascii"), 0)
        except OSError as error:
            # After a crash, records may be sent twice; the delivery leaves out repeated steps.
            logger.warning("%s.position in %s: %s", self._name, self._folder, error)

    def _read_position(self) -> JournalPosition | None:
        text = os.pread(self._position_fd, POSITION_BYTES, 0)
        match = re.fullmatch(rb"(\d{10}) (\d{19})\s+", text)
        return JournalPosition(int(match[1]), int(match[2])) if match else None

    def _segments_on_disk(self) -> list[int]:
        pattern = re.compile(rf"{re.escape(self._name)}-(\d+)\.jsonl")
        matches = (pattern.fullmatch(path.name) for path in self._folder.iterdir())
        return sorted(int(match[1]) for match in matches if match)

    def _open_for_append(self, segment: int) -> int:
        return os.open(self._path(segment), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _path(self, segment: int) -> Path:
        return self._folder / f"{self._name}-{segment:06d}.jsonl"

    def _size(self, segment: int) -> int:
        path = self._path(segment)
        return path.stat().st_size if path.exists() else 0


def _complete_lines(path: Path, start: int) -> tuple[int, int]:
    """The number of complete lines in `path` from byte `start` on, and the end of the last one."""
    if not path.exists():
        return 0, start
    num_lines = 0
    end = position = start
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(1024 * 1024):
            num_lines += chunk.count(b"\n")
            if b"\n" in chunk:
                end = position + chunk.rindex(b"\n") + 1
            position += len(chunk)
    return num_lines, end
