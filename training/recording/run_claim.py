"""Lets one process at a time train a run, or evaluate in its name; a second one is refused untouched."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tracking_plugin.names import Tag
from training.errors import TrackingError
from training.recording.identity_store import remove_copy
from training.recording.run_record import RunRecord, find_run
from training.tracking.folder_lock import FolderLock

LOCK_FILES = frozenset({"lock"})
CLOCK_TOLERANCE_S = 2.0


class RunInUseError(TrackingError):
    """Another process trains the run, so nothing of the run was changed."""


@contextmanager
def claimed_run(record: RunRecord, work_dir: Path) -> Iterator[None]:
    """Keep other processes from the run during the block.

    Raises RunInUseError, before anything of the run is changed, if another process has it: on this
    machine whatever its data folder is, on other machines if they share the data folder.
    """
    try:
        work_dir.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(work_dir, timeout_s=0.0)
    except TrackingError as error:
        # Its last sentence says what to do about a folder.
        raise _in_use(record, f"{str(error).partition('. ')[0]}.") from None
    except OSError as error:
        raise TrackingError(
            f"The folder {work_dir} of the run cannot be written to: {error.strerror}. "
            "Set FOVEA_DATA_DIR to a folder that can be written to."
        ) from error
    # A child that outlived this process would keep the lock.
    os.register_at_fork(after_in_child=lock.release)
    try:
        _require_no_other_process(record)
        lock.write_owner(record.run_id)
        record.set_tags({Tag.PROCESS: json.dumps(_this_process())})
        yield
    finally:
        remove_copy(work_dir, but=LOCK_FILES)
        with contextlib.suppress(OSError):
            lock.remove_file()
        lock.release()
        with contextlib.suppress(OSError):
            work_dir.rmdir()


def _require_no_other_process(record: RunRecord) -> None:
    holder = find_run(record.tracking_uri, record.run_id).data.tags.get(Tag.PROCESS, "")
    try:
        process = json.loads(holder) if holder else {}
        is_alive = _is_alive(process)
    except (ValueError, TypeError, KeyError, AttributeError):
        # Anybody may have written the tag.
        return
    if is_alive:
        raise _in_use(record, f"Process {process['pid']} on this machine trains it.")


def _is_alive(process: dict[str, object]) -> bool:
    """Whether the process of a tag is one of this machine, other than this one, and has not ended."""
    if process.get("host") != socket.gethostname() or process["pid"] == os.getpid():
        return False
    try:
        found = psutil.Process(int(str(process["pid"])))
        age_s = abs(found.create_time() - float(str(process["started"])))
        return age_s < CLOCK_TOLERANCE_S and found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _this_process() -> dict[str, object]:
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }


def _in_use(record: RunRecord, reason: str) -> RunInUseError:
    return RunInUseError(
        f"The run {record.run_id} is in use, and was not changed. {reason} "
        "Wait until it has ended, or stop it: fovea stop."
    )
