"""Runs pytest, and ends whatever its tests leave running, also after Ctrl-C: `python -m tests.run …`."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from types import FrameType

import psutil

from tests.mlflow_database import SHARED_FOLDER
from tracking_plugin.ray_folder import remove_dead_folders

INTERRUPTED = 128 + signal.SIGINT

_PR_SET_CHILD_SUBREAPER = 36
_PYTEST_GRACE_S = 30
_LEFTOVER_GRACE_S = 5.0


def run(arguments: Sequence[str]) -> int:
    """Pytest's exit code; when this returns, nothing that it started runs any more."""
    _adopt_orphans()
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="fovea-tests-", ignore_cleanup_errors=True) as folder:
        pytest = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            env=_environment(folder),
            # In a group of its own, so that Ctrl-C reaches it once, from here.
            process_group=0,
        )
        try:
            return _wait(pytest)
        finally:
            end_descendants()
            remove_dead_folders()


def _environment(folder: str) -> dict[str, str]:
    # Another run of the same user would close pytest's own folder to PostgreSQL's user.
    environment = {**os.environ, "PYTEST_DEBUG_TEMPROOT": folder, SHARED_FOLDER: folder}
    # Hundreds of processes import the same files, and would compile each of them again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def _adopt_orphans() -> None:
    """Make a daemon that a test started, such as PostgreSQL, a child of this process (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(pytest: subprocess.Popen[bytes]) -> int:
    try:
        return _reap_until_exit(pytest)
    except KeyboardInterrupt:
        pytest.send_signal(signal.SIGINT)
        signal.signal(signal.SIGALRM, _interrupt)
        signal.alarm(_PYTEST_GRACE_S)
        with contextlib.suppress(KeyboardInterrupt):
            _reap_until_exit(pytest)
        signal.alarm(0)
        return INTERRUPTED


def _reap_until_exit(pytest: subprocess.Popen[bytes]) -> int:
    """Collect the exit codes of orphans, too: a test would see each that has ended as a zombie."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == pytest.pid:
            return os.waitstatus_to_exitcode(status)


def end_descendants() -> None:
    """SIGTERM, then SIGKILL, to all processes below this one, until there are none."""
    for end in (psutil.Process.terminate, psutil.Process.kill):
        left = psutil.Process().children(recursive=True)
        for process in left:
            try:
                end(process)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, _LEFTOVER_GRACE_S)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
