"""Cores and memory within the quotas of cgroups."""

import os
from pathlib import Path

from training.tables.selection.machine import memory_bytes, num_cores, threads_and_slots


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_quota_of_an_upper_group_counts(tmp_path: Path) -> None:
    own, root = tmp_path / "own", tmp_path / "root"
    write(own, "0::/pod/box\n")
    write(root / "pod/box/cpu.max", "max 100000\n")
    write(root / "pod/cpu.max", "150000 100000\n")
    write(root / "pod/memory.max", "1000\n")
    write(root / "pod/memory.current", "400\n")
    assert num_cores(root, own) == 1
    assert memory_bytes(root, own) == 600


def test_quotas_of_version_1_count(tmp_path: Path) -> None:
    own, root = tmp_path / "own", tmp_path / "root"
    write(own, "4:cpu,cpuacct:/box\n7:memory:/box\n")
    write(root / "cpu/box/cpu.cfs_quota_us", "50000\n")
    write(root / "cpu/box/cpu.cfs_period_us", "100000\n")
    write(root / "memory/box/memory.limit_in_bytes", "500\n")
    write(root / "memory/box/memory.usage_in_bytes", "900\n")
    assert num_cores(root, own) == 1
    assert memory_bytes(root, own) == 0


def test_without_quotas_the_machine_counts(tmp_path: Path) -> None:
    assert 1 <= num_cores(tmp_path, tmp_path / "none") <= (os.cpu_count() or 1)
    assert memory_bytes(tmp_path, tmp_path / "none") > 2**20


def test_small_tables_use_cores_for_trials_and_large_ones_for_threads() -> None:
    assert threads_and_slots(1000, 8) == (1, 8)
    assert threads_and_slots(2_000_000, 8) == (4, 2)
    assert threads_and_slots(10**9, 8) == (8, 1)
