"""A disk that is really full: a file system of its own, in memory."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """`folder` is a disk of `size_kib` while inside."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs privileges")
    try:
        yield folder
    finally:
        # Whoever still has a file open there keeps it until they close it.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path, *, left_bytes: int = 0) -> None:
    """Write `file` until the disk has only `left_bytes` left, or nothing at all."""
    with file.open("wb", buffering=0) as filler:
        try:
            while _free_bytes(file.parent) > left_bytes and filler.write(b"x" * 1024):
                pass
        except OSError:
            return


def _free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
