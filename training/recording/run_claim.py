"""Lets one process at a time train a run, or evaluate in its name; a second one is refused untouched."""

import contextlib
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from mlflow.entities import Run

from tracking_plugin.names import Tag
from training.errors import TrackingError
from training.recording.identity_store import remove_copy
from training.recording.run_record import RunRecord, find_run
from training.tracking.folder_lock import FolderLock

logger = logging.getLogger(__name__)

LOCK_FILES = frozenset({"lock"})
CLOCK_TOLERANCE_S = 2.0
LISTEN_S = 30.0
POLL_S = 2.0


class RunInUseError(TrackingError):
    """Another process trains the run, so nothing of the run was changed."""


@contextmanager
def claimed_run(record: RunRecord, work_dir: Path) -> Iterator[None]:
    """Keep other processes from the run during the block.

    Raises RunInUseError, before anything of the run is changed, if another process has it. A process
    on this machine is found by its id, one on another machine by what it still logs.
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
        record.remove_tag(Tag.PROCESS)
    finally:
        remove_copy(work_dir, but=LOCK_FILES)
        with contextlib.suppress(OSError):
            lock.remove_file()
        lock.release()
        with contextlib.suppress(OSError):
            work_dir.rmdir()


def _require_no_other_process(record: RunRecord) -> None:
    run = find_run(record.tracking_uri, record.run_id)
    try:
        process = json.loads(run.data.tags.get(Tag.PROCESS) or "{}")
        host, is_alive = process.get("host"), _is_alive(process)
    except (ValueError, TypeError, KeyError, AttributeError):
        # Anybody may have written the tag.
        return
    if is_alive:
        raise _in_use(record, f"Process {process['pid']} on this machine trains it.")
    if (
        host not in (None, socket.gethostname())
        and not record.had_ended
        and _still_logs(run, record)
    ):
        raise _in_use(record, f"A process on {host} trains it.")


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


def _still_logs(run: Run, record: RunRecord) -> bool:
    """Whether a new point reaches the run while this waits; needs no clock of the other machine.

    A training logs the metrics of its machine every few seconds, also while it is paused.
    """
    logger.info("Waiting %.0f s for signs of the process that trained the run.", LISTEN_S)
    deadline = time.monotonic() + LISTEN_S
    before = _newest_points(run)
    while time.monotonic() < deadline:
        time.sleep(min(POLL_S, LISTEN_S))
        if _newest_points(find_run(record.tracking_uri, record.run_id)) != before:
            return True
    return False


def _newest_points(run: Run) -> dict[str, tuple[int, int]]:
    return {
        point.key: (int(point.step), int(point.timestamp)) for point in run.data.to_proto().metrics
    }


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
