"""Runs pytest, and ends whatever its tests leave running, also after Ctrl-C: `python -m tests.run …`."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

import psutil

INTERRUPTED = 128 + signal.SIGINT

_PR_SET_CHILD_SUBREAPER = 36
_PYTEST_GRACE_S = 30.0
_LEFTOVER_GRACE_S = 5.0


def run(arguments: Sequence[str]) -> int:
    """Pytest's exit code; when this returns, nothing that it started runs any more."""
    _adopt_orphans()
    signal.signal(signal.SIGTERM, _interrupt)
    # In a group of its own, so that Ctrl-C reaches it once, from here.
    pytest = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], process_group=0)
    try:
        return _wait(pytest)
    finally:
        end_descendants()


def _adopt_orphans() -> None:
    """Make a daemon that a test started, such as PostgreSQL, a child of this process (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(pytest: subprocess.Popen[bytes]) -> int:
    try:
        return pytest.wait()
    except KeyboardInterrupt:
        pytest.send_signal(signal.SIGINT)
        try:
            pytest.wait(_PYTEST_GRACE_S)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            pytest.kill()
            pytest.wait()
        return INTERRUPTED


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
