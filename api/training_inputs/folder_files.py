"""Goes through the files of a folder and the folders in it, within limits of entries and of time."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tracking_plugin.data_roots import DataRoots
from tracking_plugin.image_names import MAX_DEPTH, is_system_name

_Identity = tuple[int, int]


class UncountedError(Exception):
    """The folder was not read to its end; the message says why, without names of files."""


@dataclass(frozen=True, kw_only=True)
class WalkLimits:
    """How much of a folder is read before it counts as too large."""

    max_entries: int = 1_000_000
    seconds: float = 15.0
    clock: Callable[[], float] = time.monotonic


def folders_of_files(
    root: Path, roots: DataRoots, limits: WalkLimits
) -> Iterator[list[os.DirEntry[str]]]:
    """The regular files of each folder, as a training would read them.

    Hidden files and those of operating systems are left out. Links are followed where `roots` allow
    it. Raises UncountedError if a folder cannot be read, or if the whole is larger than `limits`.
    """
    walk = _Walk(roots, limits)
    waiting: list[tuple[str, frozenset[_Identity]]] = [(str(root), frozenset())]
    while waiting:
        folder, parents = waiting.pop()
        try:
            identity = _identity(folder)
            if identity in parents or len(parents) >= MAX_DEPTH:
                continue
            files, folders = walk.entries(folder)
        except OSError as error:
            raise UncountedError(f"a folder of it cannot be read ({error.strerror})") from None
        waiting += [(inner, parents | {identity}) for inner in folders]
        yield files


class _Walk:
    """Counts what it has read against the limits."""

    def __init__(self, roots: DataRoots, limits: WalkLimits) -> None:
        self._roots = roots
        self._limits = limits
        self._end = limits.clock() + limits.seconds
        self._num_entries = 0

    def entries(self, folder: str) -> tuple[list[os.DirEntry[str]], list[str]]:
        """The regular files in the folder, and the paths of the folders in it."""
        files: list[os.DirEntry[str]] = []
        folders: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                self._count_one()
                if is_system_name(entry.name) or not _is_readable(entry, self._roots):
                    continue
                if entry.is_dir():
                    folders.append(entry.path)
                else:
                    files.append(entry)
        return files, folders

    def _count_one(self) -> None:
        self._num_entries += 1
        limits = self._limits
        if self._num_entries > limits.max_entries:
            raise UncountedError(f"it has more than {limits.max_entries:,} files and folders")
        if limits.clock() > self._end:
            raise UncountedError(f"it was not read within {limits.seconds:g} s")


def _identity(folder: str) -> _Identity:
    status = Path(folder).stat()
    return status.st_dev, status.st_ino


def _is_readable(entry: os.DirEntry[str], roots: DataRoots) -> bool:
    """Whether the entry is a folder or a regular file, or a link to one that `roots` allow."""
    if entry.is_symlink():
        path = Path(entry.path)
        if not roots.allows(path) or not path.exists():
            return False
    mode = entry.stat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
