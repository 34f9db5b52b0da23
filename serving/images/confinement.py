"""Limits what this process may do, before it reads a stranger's file."""

import ctypes
import logging
import os
import resource
import signal
import sys
import warnings

from serving.images.limits import MEBIBYTE, DecodeLimits

_PR_SET_PDEATHSIG = 1
_RGB_BYTES = 3
_GRACE_S = 2.0
"""After the deadline, within which the service itself kills the process."""
_LEAST_ROOM_BYTES = 32 * MEBIBYTE
"""For a small image, beside the libraries that are loaded."""


class OrphanedError(RuntimeError):
    """The service ended before its decode process began."""


def end_with_parent(parent_pid: int) -> None:
    """Have the system kill this process when the one that started it ends, however that ends (Linux).

    Elsewhere, the process ends when it reads the end of its input.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise OrphanedError


def confine(limits: DecodeLimits) -> None:
    """Limit memory and output, and let neither messages nor memory dumps out of this process.

    Raises MemoryError if the limit leaves no room for even a small image.
    """
    # Ctrl-C reaches every process of a terminal; the service ends its decode processes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    _lower_limit(resource.RLIMIT_CORE, 0)
    _lower_limit(resource.RLIMIT_AS, limits.memory_bytes)
    _lower_limit(resource.RLIMIT_FSIZE, max(limits.total_pixels * _RGB_BYTES, limits.header_bytes))
    bytearray(_LEAST_ROOM_BYTES)  # raises MemoryError


def kill_after(seconds: float | None) -> None:
    """Have the system kill this process after its deadline, also inside a library; None ends the wait.

    The service kills it earlier; this is for the case that the service has ended.
    """
    signal.setitimer(signal.ITIMER_REAL, 0 if seconds is None else seconds + _GRACE_S)


def _lower_limit(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    try:
        resource.setrlimit(limit, (value, value))
    except (OSError, ValueError):
        # Other systems than Linux do not have all limits.
        if sys.platform == "linux":
            raise
