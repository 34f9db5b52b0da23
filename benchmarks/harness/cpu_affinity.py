"""Pins servers and clients to different processor cores, so that they do not slow each other."""

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
    """Processes started inside stay on `core`; the caller returns to its own cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def kept_busy(core: int) -> Iterator[None]:
    """Run an unrelated busy process on `core`, to measure the cost of a busy neighbour."""
    with started_on(core):
        process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def pin_to(core: int) -> None:
    os.sched_setaffinity(0, {core})
