"""A file without a name, which the system removes when its last descriptor is closed, also after a kill."""

import os
import sys
import tempfile
from threading import Lock
from typing import Any

import numpy as np

from serving.images.image import Pixels

_CLOSED = -1


class AnonymousFile:
    """In memory on Linux, else in the folder for temporary files."""

    def __init__(self) -> None:
        if sys.platform == "linux":
            self.descriptor = os.memfd_create("decode", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile() as file:
                self.descriptor = os.dup(file.fileno())
        # A thread may still copy when its caller has gone: the descriptor must not be closed then,
        # since its number would soon belong to another file.
        self._lock = Lock()

    def write(self, content: bytes) -> None:
        """Replace the content."""
        view, offset = memoryview(content), 0
        with self._lock:
            while offset < len(view):
                offset += os.pwrite(self.descriptor, view[offset:], offset)

    def read(self, num_bytes: int) -> bytes:
        """Raises EOFError if the file is shorter."""
        content = bytearray(num_bytes)
        self._read_into(memoryview(content), 0)
        return bytes(content)

    def read_frames(self, num_frames: int, height: int, width: int) -> tuple[Pixels, ...]:
        """RGB frames, uint8 [height, width, 3]. Raises EOFError if the file is shorter.

        The pixels are copied: a view would end this process if the other one shortened the file.
        """
        frames: np.ndarray[Any, np.dtype[np.uint8]]
        frames = np.empty((num_frames, height, width, 3), np.uint8)
        for index, frame in enumerate(frames):
            self._read_into(memoryview(frame).cast("B"), index * frame.nbytes)
        return tuple(frames)

    def shrink(self, max_bytes: int) -> None:
        """Give the memory after the first `max_bytes` back."""
        with self._lock:
            if os.fstat(self.descriptor).st_size > max_bytes:
                os.ftruncate(self.descriptor, max_bytes)

    def close(self) -> None:
        with self._lock:
            os.close(self.descriptor)
            self.descriptor = _CLOSED

    def _read_into(self, buffer: memoryview, offset: int) -> None:
        done = 0
        while done < len(buffer):
            with self._lock:
                count = os.preadv(self.descriptor, [buffer[done:]], offset + done)
            if count == 0:
                raise EOFError
            done += count
