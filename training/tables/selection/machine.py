"""Reads how many cores and how much memory this process may use."""

import math
import os
from collections.abc import Iterable
from pathlib import Path

import psutil

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
CELLS_OF_THREAD = 500_000
"""Fewer values are not worth another thread."""


def num_cores(root: Path = _CGROUP_ROOT, own: Path = _OWN_CGROUP) -> int:
    """The whole cores within the affinity of this process and the quotas of its cgroups."""
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quotas = [_quota(folder) for folder in _folders(root, own)]
    return max(1, math.floor(min([cores, *(quota for quota in quotas if quota)])))


def threads_and_slots(num_cells: int, num_cores: int) -> tuple[int, int]:
    """Threads of one trial, and trials at a time, that use all cores for so many values.

    On small tables, threads mostly wait for each other: with 6,000 rows of 38 features, two of
    them took 8 times the CPU time of one on a busy machine.
    """
    num_threads = max(1, min(num_cores, num_cells // CELLS_OF_THREAD))
    return num_threads, max(1, num_cores // num_threads)


def memory_bytes(root: Path = _CGROUP_ROOT, own: Path = _OWN_CGROUP) -> int:
    """The memory that processes here may still take: of the machine, and of its cgroups."""
    free = [_free_bytes(folder) for folder in _folders(root, own)]
    available = int(psutil.virtual_memory().available)
    return max(0, min([available, *(found for found in free if found is not None)]))


def _folders(root: Path, own: Path) -> Iterable[Path]:
    """The cgroup of this process and those above it, of version 2 or 1."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(",") if controllers else [""]:
            folder = root / controller / path.lstrip("/")
            # A path outside the root leads nowhere: a container may see only its own part.
            yield from (parent for parent in [folder, *folder.parents] if parent >= root)


def _quota(folder: Path) -> float | None:
    """Cores of the folder's quota, None if it has none."""
    words = _words(folder / "cpu.max")
    if not words:
        words = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
    if len(words) != 2 or not all(word.isdigit() for word in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])


def _free_bytes(folder: Path) -> int | None:
    """What is left of the folder's limit, None if it has none."""
    limits = _words(folder / "memory.max") or _words(folder / "memory.limit_in_bytes")
    used = _words(folder / "memory.current") or _words(folder / "memory.usage_in_bytes")
    if not limits or not used or not limits[0].isdigit():
        return None
    return int(limits[0]) - int(used[0])


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
