"""Child processes that never outlive this one, with all that they started themselves."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

import psutil

_PR_SET_PDEATHSIG = 1
_LEFTOVER_GRACE_S = 10.0


@contextmanager
def running(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stop_signal: signal.Signals,
    grace_s: float,
    output: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A child while inside; at the end `stop_signal`, then SIGKILL after `grace_s`.

    Without `output` the child writes to our terminal, as if it had been started from there.
    """
    process = subprocess.Popen(
        arguments,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        # Ctrl-C reaches us alone, so that we can end our children in order.
        start_new_session=True,
        # Safe here: the commands that use this have no second thread.
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        _end(process, stop_signal, grace_s)


def _die_with_parent() -> None:
    """Runs in the child before it becomes its program: even kill -9 of this process then ends it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _end(process: subprocess.Popen[bytes], stop_signal: signal.Signals, grace_s: float) -> None:
    descendants = _descendants(process.pid)
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(grace_s)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            # A second Ctrl-C means: at once.
            process.kill()
            process.wait()
    _, left = psutil.wait_procs(descendants, timeout=_LEFTOVER_GRACE_S if descendants else 0)
    for descendant in left:
        descendant.kill()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
