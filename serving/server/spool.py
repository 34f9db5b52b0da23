"""Keeps uploads in memory, or in private files that are gone with the request, or else with the next start."""

import fcntl
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from serving.errors import Reason, ServingError
from tracking_plugin.file_lock import try_lock
from tracking_plugin.private_files import make_private_folder, open_private

MEMORY_BYTES = 4 * 1024**2
"""A larger file is written to disk."""

ALL_MEMORY_BYTES = 256 * 1024**2
"""Small files are written to disk, too, once all of them have so many bytes in memory."""

_LOCK = "lock"
_OURS = re.compile(r"[0-9a-f]{32}")


class Spool:
    """The folder of one process in `root`, locked while the process lives; others there are removed."""

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self._num_in_memory = 0
        self._folder: Path | None = None
        self._lock: int | None = None

    @property
    def folder(self) -> Path:
        assert self._folder is not None, "the spool is not open"
        return self._folder

    def open(self) -> None:
        """Make the folder, and remove those of processes that have ended. Raises OSError."""
        make_private_folder(self._root)
        with _locked(self._root / _LOCK):
            _remove_dead_folders(self._root)
            self._folder = make_private_folder(self._root / uuid.uuid4().hex)
            self._lock = try_lock(self._folder / _LOCK)

    def close(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def take(self, num_bytes: int) -> None:
        """Count the bytes as held. Raises ServingError QUEUE_FULL if all uploads would be too large."""
        if self._num_bytes + num_bytes > self._max_bytes:
            raise ServingError(
                Reason.QUEUE_FULL,
                f"The uploads in progress have {self._max_bytes} bytes together, and no place for "
                "more: try again later.",
            )
        self._num_bytes += num_bytes

    def give_back(self, num_bytes: int) -> None:
        self._num_bytes -= num_bytes

    def take_memory(self, num_bytes: int) -> bool:
        """Whether so many bytes may be kept in memory; if so, they are counted."""
        has_room = self._num_in_memory + num_bytes <= ALL_MEMORY_BYTES
        self._num_in_memory += num_bytes if has_room else 0
        return has_room

    def give_back_memory(self, num_bytes: int) -> None:
        self._num_in_memory -= num_bytes


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Between services that start at one time, so that none removes a folder before it is locked."""
    descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_dead_folders(root: Path) -> None:
    for folder in (it for it in root.iterdir() if _OURS.fullmatch(it.name) and it.is_dir()):
        if (lock := try_lock(folder / _LOCK)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


class SpooledFile:
    """The content of one file of a request; it grows chunk by chunk."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self.num_bytes = 0

    def content(self) -> bytes | Path:
        """What came so far: in memory if it is small, else a file. Raises ServingError QUEUE_FULL."""
        if self._file is None or self._path is None:
            return bytes(self._memory)
        with _disk_errors_as_refusals():
            self._file.flush()
        return self._path

    def on_disk(self) -> Path:
        """A file with what came so far, for programs. Raises ServingError QUEUE_FULL."""
        with _disk_errors_as_refusals():
            if self._file is None:
                self._open_file()
            assert self._file is not None
            self._file.flush()
        assert self._path is not None
        return self._path

    def write(self, chunk: bytes) -> None:
        """Append the chunk. Raises ServingError QUEUE_FULL if there is no room for it."""
        self._spool.take(len(chunk))
        self.num_bytes += len(chunk)
        if self._keeps_in_memory(len(chunk)):
            self._memory += chunk
            return
        with _disk_errors_as_refusals():
            if self._file is None:
                self._open_file()
            assert self._file is not None
            self._file.write(chunk)

    def remove(self) -> None:
        self._clear_memory()
        if self._file is not None:
            # What is still buffered may no longer find space.
            with suppress(OSError):
                self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._file = self._path = None
        self._spool.give_back(self.num_bytes)
        self.num_bytes = 0

    def _keeps_in_memory(self, num_bytes: int) -> bool:
        is_small = self._file is None and self.num_bytes <= MEMORY_BYTES
        return is_small and self._spool.take_memory(num_bytes)

    def _clear_memory(self) -> None:
        self._spool.give_back_memory(len(self._memory))
        self._memory = bytearray()

    def _open_file(self) -> None:
        self._path = self._spool.folder / uuid.uuid4().hex
        self._file = os.fdopen(open_private(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb")
        self._file.write(self._memory)
        self._clear_memory()


@contextmanager
def _disk_errors_as_refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServingError(
            Reason.QUEUE_FULL,
            f"An upload cannot be stored ({os.strerror(error.errno or 0)}): free disk space, or "
            "name another folder with FOVEA_SERVING_SPOOL_DIR.",
        ) from None


@contextmanager
def removed_files() -> Iterator[list[SpooledFile]]:
    """A list for the files of a request; those that are in it at the request's end are removed."""
    files: list[SpooledFile] = []
    try:
        yield files
    finally:
        for file in files:
            file.remove()
