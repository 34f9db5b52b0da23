"""A small file system in memory, which tests can fill."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """Mounts a file system of `size_kib` at `folder`."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs privileges")
    try:
        yield folder
    finally:
        # Processes with open files keep them until they close them.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path, *, left_bytes: int = 0) -> None:
    """Write `file` until only `left_bytes` are free."""
    with file.open("wb", buffering=0) as filler:
        try:
            while _free_bytes(file.parent) > left_bytes and filler.write(b"x" * 1024):
                pass
        except OSError:
            return


def _free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
