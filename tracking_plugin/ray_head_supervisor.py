"""Supervises the Ray head of a data folder in the background: `python -m tracking_plugin.ray_head_supervisor`.

It starts the head, writes the record by which servers find it, and ends the head with all that runs below it:
when it is told to, when the head has died, when it was idle for too long, or with its owner.
"""

import argparse
import json
import logging
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tracking_plugin.file_lock import try_lock
from tracking_plugin.private_files import make_private_folder, open_private
from tracking_plugin.process_identity import ProcessIdentity, identify
from tracking_plugin.ray_detached_head import STARTED, TAKEN, HeadFiles
from tracking_plugin.ray_head import HeadError, LocalHead
from tracking_plugin.ray_head_record import HeadRecord, write_record
from tracking_plugin.ray_job_api import RayEndpoint, list_request, unfinished_jobs

logger = logging.getLogger(__name__)

MAX_POLL_S = 5.0
MIN_POLL_S = 0.2
_LOCK_DEADLINE_S = 2.0
_LOCK_POLL_S = 0.02


@dataclass
class IdleTime:
    """Decides when a head has been without a job for long enough; times are of a monotonic clock."""

    idle_s: float
    since_s: float

    def is_over(self, num_jobs: int | None, now_s: float) -> bool:
        """`num_jobs` is None if it is unknown; the head then counts as busy."""
        if num_jobs != 0:
            self.since_s = now_s
        return now_s - self.since_s >= self.idle_s


class Supervisor:
    """`owner` is the process with which the head ends, if there is one."""

    def __init__(
        self, files: HeadFiles, head: LocalHead, idle_s: float, owner: ProcessIdentity | None
    ) -> None:
        self._files = files
        self._head = head
        self._idle_s = idle_s
        self._owner = owner
        self._endpoint = RayEndpoint(head.address, head.token)
        self._is_answering = True

    def run(self) -> str:
        """Wait for a reason to end the head, and return it."""
        idle = IdleTime(self._idle_s, time.monotonic())
        poll_s = max(MIN_POLL_S, min(MAX_POLL_S, self._idle_s / 4))
        while True:
            if not self._head.is_alive:
                return "it has died"
            if self._owner is not None and identify(self._owner.pid) != self._owner:
                return "its owner has ended"
            if idle.is_over(self._num_jobs(), time.monotonic()) and self._claim_unused():
                return f"it was idle for {self._idle_s:g} s"
            time.sleep(poll_s)

    def _claim_unused(self) -> bool:
        """Whether no server is about to submit a job; none is from now on, until this process has ended."""
        lock = try_lock(self._files.use)
        if lock is None:
            return False
        if self._num_jobs() == 0:
            # Open until the process ends, when the next server may start a new head.
            return True
        os.close(lock)
        return False

    def _num_jobs(self) -> int | None:
        request = list_request()
        url = f"{self._endpoint.url}{request.path}"
        asked = urllib.request.Request(url, headers=dict(self._endpoint.headers))  # noqa: S310 - http on loopback
        try:
            # Without a proxy, which the environment may name.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(asked, timeout=request.timeout_s) as response:
                number = len(unfinished_jobs(json.load(response)))
        except (OSError, ValueError) as error:
            if self._is_answering:
                logger.warning("The head does not answer (%s): it counts as busy", error)
            self._is_answering = False
            return None
        self._is_answering = True
        return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the lock, then go on in the background; returns in the foreground, with an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--idle-s", type=float, required=True)
    parser.add_argument("--owner-pid", type=int)
    options = parser.parse_args(arguments)
    files = HeadFiles(options.data_dir)
    make_private_folder(files.folder)
    if (lock := _take_lock(files)) is None:
        return TAKEN
    if os.fork():
        return STARTED
    # The lock is shared with the process in the foreground, and held by this one alone once that ends.
    os.setsid()
    try:
        _supervise(files, options.idle_s, options.owner_pid)
    except Exception:
        logger.exception("The supervisor of the Ray head has failed")
    finally:
        files.record.unlink(missing_ok=True)
        os.close(lock)
    return 0


def _take_lock(files: HeadFiles) -> int | None:
    """The lock; None if another supervisor has it, and not just another process that looks at it."""
    deadline = time.monotonic() + _LOCK_DEADLINE_S
    while (lock := try_lock(files.lock)) is None and time.monotonic() < deadline:
        time.sleep(_LOCK_POLL_S)
    return lock


def _supervise(files: HeadFiles, idle_s: float, owner_pid: int | None) -> None:
    _log_to(files.log)
    _handle_signals(_exit)
    _write(files)
    owner = None if owner_pid is None else identify(owner_pid)
    if owner_pid is not None and owner is None:
        logger.error("The process %d, with which the Ray head is to end, has ended", owner_pid)
        return
    try:
        head = LocalHead()
    except HeadError as error:
        logger.error("%s", error)  # noqa: TRY400 - it says all, without a traceback
        return
    try:
        _write(files, head)
        logger.info("The Ray head at %s is ready", head.address)
        logger.info("The Ray head ends: %s", Supervisor(files, head, idle_s, owner).run())
    finally:
        _handle_signals(_ignore)
        # No server may find the head any more, but `fovea ray stop` still finds its processes.
        _write(files, head, is_ready=False)
        head.close()


def _handle_signals(on_sigterm: Callable[[int, FrameType | None], None]) -> None:
    """Neither Ctrl-C nor a closed terminal ends the head. SIG_IGN would pass on to its jobs."""
    signal.signal(signal.SIGTERM, on_sigterm)
    signal.signal(signal.SIGINT, _ignore)
    signal.signal(signal.SIGHUP, _ignore)


def _exit(_: int, __: FrameType | None) -> None:
    logger.info("The Ray head ends: it was told to")
    sys.exit(0)


def _ignore(_: int, __: FrameType | None) -> None:
    pass


def _write(files: HeadFiles, head: LocalHead | None = None, *, is_ready: bool = True) -> None:
    me = identify(os.getpid())
    assert me is not None
    shown = head if is_ready else None
    write_record(
        files.record,
        HeadRecord(
            pid=me.pid,
            started=me.started,
            machine=me.machine,
            folder="" if head is None else str(head.folder),
            address="" if shown is None else shown.address,
            token="" if shown is None else shown.token,
        ),
    )


def _log_to(path: Path) -> None:
    """Write to a file of this start alone, and let go of the terminal and of the server's pipes."""
    log = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )


if __name__ == "__main__":
    sys.exit(main())
