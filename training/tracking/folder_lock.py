"""Locks a folder for one process at a time, with a file that names the run and the process."""

import contextlib
import fcntl
import json
import os
import socket
import time
from pathlib import Path

from training.errors import TrackingError

POLL_S = 0.1


class FolderLock:
    """An exclusive lock on `folder`, held until it is released or the process ends.

    Raises TrackingError if another process still holds the lock after `timeout_s`.
    """

    def __init__(self, folder: Path, timeout_s: float) -> None:
        self._path = folder / "lock"
        self._fd = _acquire(self._path, timeout_s)

    @property
    def run_id(self) -> str | None:
        """The run of the last owner, if it is known."""
        return _read_owner(self._path).get("run_id")

    def write_owner(self, run_id: str) -> None:
        """Name this process and its run in the file, for the error messages of other processes."""
        owner = {"run_id": run_id, "pid": os.getpid(), "host": socket.gethostname()}
        # A full disk must not keep the process from delivering what the folder holds.
        with contextlib.suppress(OSError):
            self._path.write_text(json.dumps(owner))

    def remove_file(self) -> None:
        """Remove the file while the lock is held, so that no process locks a removed file."""
        self._path.unlink()

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1


def _acquire(path: Path, timeout_s: float) -> int:
    """A descriptor that holds the lock on `path`."""
    deadline = time.monotonic() + timeout_s
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            if time.monotonic() >= deadline:
                raise _in_use(path) from None
            time.sleep(POLL_S)
        else:
            # The last holder may have removed the file after it was opened here.
            if path.exists() and path.stat().st_ino == os.fstat(fd).st_ino:
                return fd
            os.close(fd)


def _in_use(path: Path) -> TrackingError:
    owner = _read_owner(path)
    return TrackingError(
        f"{path.parent} is in use by process {owner.get('pid', '?')} on "
        f"{owner.get('host', '?')}. Wait until that process has ended, or end it."
    )


def _read_owner(path: Path) -> dict[str, str]:
    try:
        owner: dict[str, str] = json.loads(path.read_text())
    except ValueError:
        return {}
    return owner
