"""The folder of the files of a Ray that runs on this machine: private, with a short path, and removed at its end."""

import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tracking_plugin.file_lock import try_lock
from tracking_plugin.ray_processes import (
    FOLDER_VARIABLE,
    end_processes_in,
    is_named_by_a_process,
)

PREFIX = "fovea-ray-"
MAX_SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
"""The longest path of a Unix socket, of which Ray makes several in its folder."""

# The longest path that Ray makes in it; a process id has at most seven digits.
_LONGEST_SOCKET = "session_2026-12-31_23-59-59_999999_4194304/sockets/plasma_store"
_RAY = "r"
_LOCK = "in-use"
_LONGEST_NAME = f"{PREFIX}12345678/{_RAY}/{_LONGEST_SOCKET}"
# As multiprocessing names the folder of a program and a socket in it.
_LONGEST_LISTENER = "pymp-12345678/listener-12345678"
SHORT_PARENTS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - a private folder is made in it
_UNFINISHED_AFTER_S = 3600.0


class FolderError(Exception):
    """No folder can be made that Ray could use."""


class RayFolder:
    """Exists until `remove`; if this process is killed, the next folder that is made removes it."""

    def __init__(self) -> None:
        self._lock: int | None
        self.path, self._lock = _make(find_parent(os.environ))

    @property
    def temp_dir(self) -> Path:
        """Ray's `_temp_dir`, which Ray makes writable for everybody: only its parent protects it."""
        return self.path / _RAY

    def variables(self) -> dict[str, str]:
        """For Ray's processes: they are found by the folder's name if this process is killed.

        Some make sockets in TMPDIR, and get a short one if it is too long for that.
        """
        found = {FOLDER_VARIABLE: str(self.path)}
        if not has_room_for_multiprocessing(Path(tempfile.gettempdir())):
            temporary = self.path / "t"
            temporary.mkdir(mode=0o700, exist_ok=True)
            found["TMPDIR"] = str(temporary)
        return found

    def remove(self) -> None:
        """End the processes that still use the folder, and remove it."""
        if self._lock is None:
            return
        _remove(self.path)
        os.close(self._lock)
        self._lock = None


def find_parent(environment: Mapping[str, str]) -> Path:
    """RAY_TMPDIR, else the first of the system's folders for temporary files whose path is short enough.

    Raises FolderError if RAY_TMPDIR is too long.
    """
    if chosen := environment.get("RAY_TMPDIR"):
        if not has_room(Path(chosen)):
            raise FolderError(
                f"RAY_TMPDIR={chosen} is too long for the sockets that Ray makes in it: "
                f"at most {MAX_SOCKET_PATH_BYTES - _name_bytes()} bytes were expected"
            )
        return Path(chosen)
    candidates = (Path(tempfile.gettempdir()), *SHORT_PARENTS)
    return next((each for each in candidates if has_room(each)), SHORT_PARENTS[0])


def has_room(parent: Path) -> bool:
    """Whether the paths of Ray's sockets in a folder in `parent` are short enough."""
    return len(os.fsencode(parent)) + _name_bytes() <= MAX_SOCKET_PATH_BYTES


def has_room_for_multiprocessing(parent: Path) -> bool:
    """Whether the path of a socket of Python's multiprocessing is short enough in `parent`."""
    return len(os.fsencode(parent / _LONGEST_LISTENER)) <= MAX_SOCKET_PATH_BYTES


def remove_dead_folders() -> None:
    """Remove the folders of this user whose process has been killed, and end what it has left running."""
    for parent in dict.fromkeys(_possible_parents()):
        for path in _folders_of_this_user(parent):
            _remove_if_dead(path)


def _name_bytes() -> int:
    return len(f"/{_LONGEST_NAME}")


def _make(parent: Path) -> tuple[Path, int]:
    remove_dead_folders()
    try:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # A folder is dead if nobody holds its lock, so it gets a lock that is held already.
        lock = try_lock(path / f"{_LOCK}.new")
        (path / f"{_LOCK}.new").rename(path / _LOCK)
    except OSError as error:
        raise FolderError(
            f"No folder for Ray's files could be made in {parent} ({error.strerror}): "
            "name another one with RAY_TMPDIR"
        ) from None
    assert lock is not None
    return path, lock


def _possible_parents() -> Iterable[Path]:
    yield Path(tempfile.gettempdir())
    if chosen := os.environ.get("RAY_TMPDIR"):
        yield Path(chosen)
    yield from SHORT_PARENTS


def _folders_of_this_user(parent: Path) -> list[Path]:
    found = []
    try:
        entries = list(os.scandir(parent))
    except OSError:
        return []
    for entry in entries:
        if not entry.name.startswith(PREFIX):
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
            found.append(Path(entry.path))
    return found


def _remove_if_dead(path: Path) -> None:
    try:
        if not (path / _LOCK).exists():
            if _is_abandoned(path):
                _remove(path)
            return
        lock = try_lock(path / _LOCK)
    except OSError:
        # Another process has just removed it.
        return
    if lock is not None:
        _remove(path)
        os.close(lock)


def _is_abandoned(path: Path) -> bool:
    """Whether a folder without a lock was left by a process that was killed while it made the folder."""
    age_s = time.time() - path.stat().st_mtime
    return age_s > _UNFINISHED_AFTER_S and not is_named_by_a_process(path)


def _remove(path: Path) -> None:
    end_processes_in(path)
    shutil.rmtree(path, ignore_errors=True)
