"""Which processor core does what, so that servers and their clients do not take each other's time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_AVAILABLE = sorted(os.sched_getaffinity(0))

SERVER_CORE = _AVAILABLE[0]
CLIENT_CORE = _AVAILABLE[1 % len(_AVAILABLE)]


@contextmanager
def started_on(core: int) -> Iterator[None]:
    """What is started inside stays on `core`; the caller goes back to where it was."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def kept_busy(core: int) -> Iterator[None]:
    """Somebody else's work, so that what a busy neighbour costs is not taken for ours."""
    with started_on(core):
        process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def stay_on(core: int) -> None:
    os.sched_setaffinity(0, {core})
