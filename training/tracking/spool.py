"""The folder that keeps what a run has logged until the tracking server has it."""

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
import socket
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from training.errors import TrackingError
from training.tracking.journal import Journal

logger = logging.getLogger(__name__)

DEFAULT_MAX_BYTES = 2 * 1024**3
MAX_SEGMENT_BYTES = 4 * 1024**2
LOCK_POLL_S = 0.1


class Spool:
    """One run's journal, the files that it refers to, and what the server has refused.

    `records` is the journal proper. `deferred` takes the artifacts that their store would not
    take while the tracking server was well, so that they hold up nothing else.
    """

    def __init__(
        self,
        folder: Path,
        run_id: str,
        max_bytes: int = DEFAULT_MAX_BYTES,
        lock_timeout_s: float = 0.0,
    ) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._payloads = folder / "payloads"
        self._rejected = folder / "rejected.jsonl"
        self._lock = threading.Lock()
        self._refusal_to_log = ""
        self._lock_fd = -1
        try:
            self._payloads.mkdir(parents=True, exist_ok=True)
            self._lock_fd = _locked(folder / "lock", lock_timeout_s)
            segment_bytes = min(MAX_SEGMENT_BYTES, max_bytes // 4)
            self.records = Journal(folder, "records", segment_bytes)
            self.deferred = Journal(folder, "deferred", segment_bytes)
            self._claim(run_id)
        except OSError as error:
            self._release_lock()
            raise _unwritable(folder, 4096, error) from error
        self._payload_bytes = sum(
            path.stat().st_size for path in self._payloads.rglob("*") if path.is_file()
        )
        self.num_rejected = _num_lines(self._rejected)
        _disown_in_forked_children(self)

    @property
    def num_undelivered(self) -> int:
        return self.records.num_pending + self.deferred.num_pending

    @property
    def is_open(self) -> bool:
        return not self._refusal_to_log

    def require_open(self) -> None:
        if self._refusal_to_log:
            raise TrackingError(self._refusal_to_log)

    def append(self, lines: Sequence[bytes]) -> None:
        """Keep `lines`, all or none, before returning; TrackingError if there is no room."""
        with self._lock:
            self.require_open()
            num_bytes = sum(len(line) + 1 for line in lines)
            self._require_room(num_bytes)
            try:
                self.records.append(lines)
            except OSError as error:
                raise _unwritable(self.folder, num_bytes, error) from error

    def store_payload(self, name: str, num_bytes: int, write: Callable[[Path], object]) -> str:
        """Let `write` write the file `name` of `num_bytes`; its reference for `payload_path`."""
        reference = f"{uuid.uuid4().hex}/{name}"
        path = self.payload_path(reference)
        with self._lock:
            self.require_open()
            self._require_room(num_bytes)
            self._payload_bytes += num_bytes
        try:
            path.parent.mkdir()
            write(path)
        except OSError as error:
            shutil.rmtree(path.parent, ignore_errors=True)
            with self._lock:
                self._payload_bytes -= num_bytes
            raise _unwritable(self.folder, num_bytes, error) from error
        return reference

    def payload_path(self, reference: str) -> Path:
        return self._payloads / reference

    def discard_payload(self, reference: str) -> None:
        path = self.payload_path(reference)
        if path.exists():
            with self._lock:
                self._payload_bytes -= path.stat().st_size
            shutil.rmtree(path.parent)

    def defer(self, line: bytes) -> None:
        """Keep an artifact's line for later; it stays in `records` until its reader advances."""
        self.deferred.append([line])

    def reject(self, line: bytes) -> None:
        """Keep what the server refused, for a person to look at."""
        self.num_rejected += 1
        try:
            with self._rejected.open("ab") as file:
                file.write(line + b"\n")
        except OSError:
            logger.exception("%s could not take: %r", self._rejected, line)

    def seal(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._refusal_to_log = (
                self._refusal_to_log or "This tracker is closed; log before closing it."
            )

    def close(self) -> None:
        """Let go of the folder, and remove it if everything in it has been delivered."""
        self.seal()
        is_empty = self.num_undelivered == 0
        if is_empty and self.num_rejected == 0:
            shutil.rmtree(self._payloads)
        if is_empty:
            # Removed while it is still locked, so that nobody can lock what is about to go.
            (self.folder / "lock").unlink()
        self._let_go()
        if is_empty and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def disown(self) -> None:
        """Forget the folder in a forked child, where it is the parent's."""
        self._release_lock()
        # Another thread of the parent may have held it while the fork was made.
        self._lock = threading.Lock()
        self._refusal_to_log = (
            "This tracker belongs to the process that made it; a forked child cannot log "
            "through it. Log in the parent."
        )

    def _require_room(self, num_bytes: int) -> None:
        size_bytes = self.records.size_bytes + self.deferred.size_bytes + self._payload_bytes
        if size_bytes + num_bytes > self._max_bytes:
            raise TrackingError(
                f"The tracking server has been away for so long that {self.folder} holds "
                f"{size_bytes:,} bytes of undelivered records, and {num_bytes:,} more would pass "
                f"the limit of {self._max_bytes:,}. Bring the server back, or raise the limit."
            )

    def _claim(self, run_id: str) -> None:
        """Write down whose spool this is; TrackingError if it holds another run's records."""
        owner_path = self.folder / "lock"
        owner = _owner(owner_path).get("run_id", run_id)
        if owner != run_id and self.num_undelivered > 0:
            self._let_go()
            raise TrackingError(
                f"{self.folder} holds undelivered records of the run {owner}, not of {run_id}. "
                "Give each run a folder of its own."
            )
        claim = {"run_id": run_id, "pid": os.getpid(), "host": socket.gethostname()}
        # On a full disk, delivering what is here matters more than this note.
        with contextlib.suppress(OSError):
            owner_path.write_text(json.dumps(claim))

    def _let_go(self) -> None:
        self.records.close()
        self.deferred.close()
        self._release_lock()

    def _release_lock(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
        self._lock_fd = -1


def _locked(path: Path, timeout_s: float) -> int:
    """A descriptor that holds the lock on `path`; TrackingError if another process keeps it."""
    deadline = time.monotonic() + timeout_s
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            if time.monotonic() >= deadline:
                raise _taken(path) from None
            time.sleep(LOCK_POLL_S)
        else:
            # The last holder may have removed the file between our opening and locking it.
            if path.exists() and path.stat().st_ino == os.fstat(fd).st_ino:
                return fd
            os.close(fd)


def _taken(lock_path: Path) -> TrackingError:
    owner = _owner(lock_path)
    return TrackingError(
        f"{lock_path.parent} is in use by process {owner.get('pid', '?')} on "
        f"{owner.get('host', '?')}. Wait until that process has ended, or end it."
    )


def _owner(lock_path: Path) -> dict[str, str]:
    try:
        owner: dict[str, str] = json.loads(lock_path.read_text())
    except ValueError:
        return {}
    return owner


def _unwritable(folder: Path, num_bytes: int, error: OSError) -> TrackingError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "Free some space there." if full else "Make the folder writable."
    return TrackingError(
        f"What a run logs is kept in {folder} until the tracking server has it, and "
        f"{num_bytes:,} bytes could not be written there: {error.strerror}. {advice}"
    )


def _num_lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _disown_in_forked_children(spool: Spool) -> None:
    """A child inherits the lock's descriptor, and would keep the lock when the parent is killed."""
    reference = weakref.ref(spool)

    def disown() -> None:
        alive = reference()
        if alive is not None:
            alive.disown()

    os.register_at_fork(after_in_child=disown)
