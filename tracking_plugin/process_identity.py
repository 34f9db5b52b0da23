"""Names a process so that it is never mistaken for a later one with the same id, or for one of another machine."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, kw_only=True)
class ProcessIdentity:
    """`started` is in ticks since the machine's start; `machine` differs after each start, and in a container."""

    pid: int
    started: int
    machine: str


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a process of this user; None if there is none with that id."""
    try:
        if psutil.Process(pid).uids().effective != os.geteuid():
            return None
        return ProcessIdentity(pid=pid, started=_started(pid), machine=this_machine())
    except (psutil.Error, OSError, ValueError):
        return None


def this_machine() -> str:
    """This start of this machine, and the group of processes whose ids are meant."""
    if sys.platform != "linux":
        return f"{os.uname().nodename} {psutil.boot_time():.0f}"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


def _started(pid: int) -> int:
    if sys.platform != "linux":
        return int(psutil.Process(pid).create_time())
    # After the name, which may have blanks and parentheses. Unlike a time of day, it does not
    # change when the clock is set.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
