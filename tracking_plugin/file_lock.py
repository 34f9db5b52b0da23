"""Locks a file as long as a descriptor is open: the system unlocks it when its process ends, however that happens."""

import errno
import fcntl
import os
from pathlib import Path

from tracking_plugin.private_files import open_private


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """A descriptor that holds the lock on `path` until it is closed; None if another process holds it.

    The file is made if it is not there. Raises OSError if it cannot be opened.
    """
    descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return None
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock on `path`; makes no file."""
    if not path.exists():
        return False
    if (descriptor := try_lock(path, shared=True)) is None:
        return True
    os.close(descriptor)
    return False
