"""Makes folders and files that only their owner can read, and opens files without following links."""

import os
import stat
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
_OTHERS = 0o077


class UnsafeFileError(OSError):
    """A file or folder is not what this program has made: its name leads elsewhere, or its owner differs."""


def make_private_folder(path: Path) -> Path:
    """Make the folder `path`, for its owner alone, also if it exists; returns it.

    Raises UnsafeFileError if it is a link or belongs to another user, and other OSErrors.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=PRIVATE_FOLDER)
    except FileExistsError:
        # A link to a folder would be accepted by mkdir's exist_ok.
        descriptor = _open_folder(path)
        try:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:
                os.fchmod(descriptor, PRIVATE_FOLDER)
        finally:
            os.close(descriptor)
    return path


def open_private(path: Path, flags: int) -> int:
    """A descriptor of the regular file `path` in its folder; a new file is its owner's alone.

    Neither the file nor its folder may be a link. Raises UnsafeFileError if one is, or if the file is
    not regular or belongs to another user; other OSErrors as `os.open` does.
    """
    folder = _open_folder(path.parent)
    try:
        descriptor = os.open(
            path.name,
            # A FIFO would block here until somebody writes to it.
            flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            PRIVATE_FILE,
            dir_fd=folder,
        )
    except OSError as error:
        raise _of_link(path, error) from None
    finally:
        os.close(folder)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(descriptor)
        raise UnsafeFileError(f"{path} is no regular file of this user: remove it")
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        os.fchmod(descriptor, PRIVATE_FILE)
    return descriptor


def _open_folder(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _of_link(path, error) from None
    if os.fstat(descriptor).st_uid != os.geteuid():
        os.close(descriptor)
        raise UnsafeFileError(f"{path} belongs to another user: remove it, or use another folder")
    return descriptor


def _of_link(path: Path, error: OSError) -> OSError:
    if path.is_symlink():
        return UnsafeFileError(f"{path} is a link, which is not followed: remove it")
    return error
