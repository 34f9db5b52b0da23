"""The tests of the engine on Ray, in a process of their own: Ray reads its settings while it is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("ray_engine_cases.py")
SCALING_CASES = Path(__file__).with_name("ray_scaling_cases.py")
DEADLINE_S = 500
SOAK_DEADLINE_S = 1500


@pytest.mark.timeout(DEADLINE_S + 60)
def test_the_engine_on_ray(tmp_path: Path) -> None:
    run_cases(CASES, tmp_path, DEADLINE_S)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_DEADLINE_S + 60)
def test_the_engine_on_ray_for_long(tmp_path: Path) -> None:
    run_cases(CASES, tmp_path, SOAK_DEADLINE_S, "-m", "soak")


@pytest.mark.soak
@pytest.mark.timeout(SOAK_DEADLINE_S + 60)
def test_the_engine_on_ray_scales(tmp_path: Path) -> None:
    run_cases(SCALING_CASES, tmp_path, SOAK_DEADLINE_S, "-m", "soak")


def run_cases(cases: Path, folder: Path, deadline_s: float, *options: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(cases)],
        cwd=Path(__file__).parents[3],
        # It would close the folder of this run, in which PostgreSQL's user has its files, too.
        env={**os.environ, "PYTEST_DEBUG_TEMPROOT": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=deadline_s,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
