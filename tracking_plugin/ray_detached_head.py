"""The Ray head of a data folder, which outlives the server that starts it: finds, starts and stops it."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tracking_plugin.file_lock import is_locked, try_lock
from tracking_plugin.private_files import make_private_folder
from tracking_plugin.ray_folder import remove_dead_folders
from tracking_plugin.ray_head import START_DEADLINE_S, STOP_GRACE_S, HeadError
from tracking_plugin.ray_head_record import HeadRecord, read_record
from tracking_plugin.ray_processes import end_processes_in

STARTED = 0
TAKEN = 75
"""The exit codes of the supervisor program: it goes on in the background, or another one runs already."""

STOP_DEADLINE_S = STOP_GRACE_S + 30.0

_PROGRAM = "tracking_plugin.ray_head_supervisor"
_ROOT = Path(__file__).resolve().parent.parent
_POLL_S = 0.05
_RECORD_DEADLINE_S = 3.0
_LOG_TAIL_LINES = 20


@dataclass(frozen=True)
class HeadFiles:
    """The files of the head of `data_dir`, in a folder that only its owner can enter."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        return self.data_dir.absolute() / "ray"

    @property
    def lock(self) -> Path:
        """Locked as long as the head's supervisor lives."""
        return self.folder / "lock"

    @property
    def use(self) -> Path:
        """Locked by a server while it submits a job, and by an idle head that ends."""
        return self.folder / "use"

    @property
    def record(self) -> Path:
        return self.folder / "head.json"

    @property
    def log(self) -> Path:
        return self.folder / "head.log"


def find_head(data_dir: Path) -> HeadRecord | None:
    """The head of the data folder if it is ready for jobs; starts none.

    Raises HeadError if it runs on another machine or in another container.
    """
    record = _living(HeadFiles(data_dir))
    return record if record is not None and record.is_ready else None


def open_head(data_dir: Path, *, idle_s: float, owner_pid: int | None = None) -> HeadRecord:
    """The head of the data folder, started if there is none. It ends `idle_s` after its last job.

    With `owner_pid`, a head that is started here ends with that process. Raises HeadError.
    """
    files = HeadFiles(data_dir)
    try:
        make_private_folder(files.folder)
        return _open(files, idle_s, owner_pid)
    except OSError as error:
        raise HeadError(f"The Ray head of {data_dir} cannot be started: {error}") from error


class HeadUse:
    """Until `end`, an idle head of the data folder does not end; waits for one that does.

    Raises HeadError.
    """

    def __init__(self, data_dir: Path) -> None:
        files = HeadFiles(data_dir)
        try:
            make_private_folder(files.folder)
            self._lock = _wait_for_use(files)
        except OSError as error:
            raise HeadError(f"The Ray head of {data_dir} cannot be used: {error}") from error

    def end(self) -> None:
        os.close(self._lock)


def stop_head(data_dir: Path) -> bool:
    """End the head of the data folder with all its jobs; returns whether there was one.

    Raises HeadError if it runs on another machine, or does not end.
    """
    files = HeadFiles(data_dir)
    record = _wait_for_record(files)
    if record is not None:
        _end(files, record)
    remove_dead_folders()
    return record is not None


def _open(files: HeadFiles, idle_s: float, owner_pid: int | None) -> HeadRecord:
    deadline = time.monotonic() + START_DEADLINE_S
    has_started = False
    while time.monotonic() < deadline:
        record = _living(files)
        if record is not None and record.is_ready:
            return record
        if not is_locked(files.lock):
            if has_started:
                raise HeadError(f"The local Ray head did not start. {_tail(files.log)}")
            has_started = _start(files, idle_s, owner_pid)
        time.sleep(_POLL_S)
    raise HeadError(f"The local Ray head is not ready after {START_DEADLINE_S:.0f} s.")


def _start(files: HeadFiles, idle_s: float, owner_pid: int | None) -> bool:
    """Start a supervisor; returns whether it has the lock: another server may start one, too."""
    owner = ("--owner-pid", str(owner_pid)) if owner_pid is not None else ()
    started = subprocess.run(
        [
            *(sys.executable, "-P", "-m", _PROGRAM),
            *("--data-dir", str(files.data_dir.absolute()), "--idle-s", str(idle_s), *owner),
        ],
        env={**os.environ, "PYTHONPATH": _with_root(os.environ.get("PYTHONPATH", ""))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=START_DEADLINE_S,
        check=False,
    )
    if started.returncode not in (STARTED, TAKEN):
        lines = started.stderr.decode(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        raise HeadError("\n".join(["The local Ray head did not start.", *lines]))
    return started.returncode == STARTED


def _living(files: HeadFiles) -> HeadRecord | None:
    """The record of the process that holds the lock; None if there is none, or it has not written it yet."""
    deadline = time.monotonic() + _RECORD_DEADLINE_S
    try:
        while is_locked(files.lock) and (record := read_record(files.record)) is not None:
            if record.is_process_alive:
                return record
            # A process that has just got the lock is about to replace the record of the last one.
            if time.monotonic() > deadline:
                raise HeadError(_unknown_owner(files, record))
            time.sleep(_POLL_S)
    except OSError as error:
        raise HeadError(f"The Ray head of {files.data_dir} cannot be found: {error}") from error
    return None


def _unknown_owner(files: HeadFiles, record: HeadRecord) -> str:
    if record.is_of_this_machine:
        return f"{files.lock} is held by a process that is no Ray head"
    return (
        f"The Ray head of {files.data_dir} runs on another machine or in another container: "
        "stop it there with `fovea ray stop`, or use another FOVEA_DATA_DIR"
    )


def _wait_for_use(files: HeadFiles) -> int:
    deadline = time.monotonic() + STOP_DEADLINE_S
    while (lock := try_lock(files.use, shared=True)) is None:
        if time.monotonic() > deadline:
            raise HeadError(f"The idle Ray head of {files.data_dir} does not end")
        time.sleep(_POLL_S)
    return lock


def _wait_for_record(files: HeadFiles) -> HeadRecord | None:
    """The record of a head, which a head that has just got the lock is about to write."""
    deadline = time.monotonic() + STOP_GRACE_S
    while (record := _living(files)) is None and is_locked(files.lock):
        if time.monotonic() > deadline:
            raise HeadError(f"An unknown process holds {files.lock}")
        time.sleep(_POLL_S)
    return record


def _end(files: HeadFiles, record: HeadRecord) -> None:
    for end in (psutil.Process.terminate, psutil.Process.kill):
        if record.is_process_alive:
            end(psutil.Process(record.pid))
        deadline = time.monotonic() + STOP_DEADLINE_S
        while is_locked(files.lock) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if not is_locked(files.lock):
            break
    else:
        raise HeadError(f"The Ray head of {files.data_dir} (process {record.pid}) does not end")
    if record.folder:
        end_processes_in(Path(record.folder))
    files.record.unlink(missing_ok=True)


def _with_root(python_path: str) -> str:
    """Fovea's packages first: the supervisor is a module of one, in whatever folder it runs."""
    return os.pathsep.join([str(_ROOT), *filter(None, [python_path])])


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:] if log.exists() else []
    return "\n".join([f"The end of {log}:", *lines])
