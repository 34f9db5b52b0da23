"""Finds and ends the processes of a Ray on this machine, also those whose parent was killed."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil

FOLDER_VARIABLE = "FOVEA_RAY_FOLDER"
"""Set for all processes below a Ray head: its folder, by which they are found again."""

_GRACE_S = 5.0


def processes_in(folder: Path) -> list[psutil.Process]:
    """The processes of this user that the Ray with this folder has started."""
    return _own_processes(lambda each: each.environ().get(FOLDER_VARIABLE) == str(folder))


def end_processes_in(folder: Path) -> None:
    """SIGTERM to the processes of that folder, then SIGKILL to those that are left."""
    for end in (psutil.Process.terminate, psutil.Process.kill):
        processes = processes_in(folder)
        for process in processes:
            try:
                end(process)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(processes, _GRACE_S)


def is_named_by_a_process(folder: Path) -> bool:
    """Whether the command line of a process of this user has the path of `folder` in it."""
    return bool(_own_processes(lambda each: any(str(folder) in word for word in each.cmdline())))


def _own_processes(is_wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            is_ours = process.uids().effective == os.geteuid()
            if is_ours and process.status() != psutil.STATUS_ZOMBIE and is_wanted(process):
                found.append(process)
        except (psutil.Error, OSError):
            # It has ended meanwhile, or does not show its environment.
            continue
    return found
