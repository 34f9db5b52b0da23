"""Keeps what a run has logged in a folder until the tracking server has it."""

import logging
import os
import shutil
import threading
import uuid
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from tracking_plugin.full_disk import is_of_full_disk
from training.errors import TrackingError
from training.tracking.folder_lock import FolderLock
from training.tracking.journal import Journal

logger = logging.getLogger(__name__)

DEFAULT_MAX_BYTES = 2 * 1024**3
MAX_SEGMENT_BYTES = 4 * 1024**2


class Spool:
    """One run's journal, the files that it refers to, and the records that MLflow refused.

    `records` is the journal. `deferred` holds artifacts whose store fails while the tracking
    server works, so that they do not delay other records.
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
        self._closed_reason = ""
        try:
            self._payloads.mkdir(parents=True, exist_ok=True)
            self._folder_lock = FolderLock(folder, lock_timeout_s)
        except OSError as error:
            raise _write_error(folder, 4096, error) from error
        try:
            self._open(run_id)
        except OSError as error:
            self._folder_lock.release()
            raise _write_error(folder, 4096, error) from error
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
        return not self._closed_reason

    def require_open(self) -> None:
        if self._closed_reason:
            raise TrackingError(self._closed_reason)

    def append(self, lines: Sequence[bytes]) -> None:
        """Write all `lines` to disk, or none; raises TrackingError if there is no space."""
        with self._lock:
            self.require_open()
            num_bytes = sum(len(line) + 1 for line in lines)
            self._require_space(num_bytes)
            try:
                self.records.append(lines)
            except OSError as error:
                raise _write_error(self.folder, num_bytes, error) from error

    def store_payload(self, name: str, num_bytes: int, write: Callable[[Path], object]) -> str:
        """Store the file `name` that `write` writes; return its reference for `payload_path`.

        Raises TrackingError if there is no space for `num_bytes`.
        """
        reference = f"{uuid.uuid4().hex}/{name}"
        path = self.payload_path(reference)
        with self._lock:
            self.require_open()
            self._require_space(num_bytes)
            self._payload_bytes += num_bytes
        try:
            path.parent.mkdir()
            write(path)
        except OSError as error:
            shutil.rmtree(path.parent, ignore_errors=True)
            with self._lock:
                self._payload_bytes -= num_bytes
            raise _write_error(self.folder, num_bytes, error) from error
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
        """Add an artifact's line to `deferred`; it stays in `records` until that is advanced."""
        self.deferred.append([line])

    def reject(self, line: bytes) -> None:
        """Keep a record that MLflow refused in rejected.jsonl, for a person to examine."""
        self.num_rejected += 1
        try:
            with self._rejected.open("ab") as file:
                file.write(line + b"\n")
        except OSError:
            logger.exception("Could not write to %s: %r", self._rejected, line)

    def seal(self) -> None:
        """Refuse further records."""
        with self._lock:
            self._closed_reason = (
                self._closed_reason or "This tracker is closed; log before closing it."
            )

    def close(self) -> None:
        """Release the folder, and remove it if everything in it has been delivered."""
        self.seal()
        is_empty = self.num_undelivered == 0
        if is_empty and self.num_rejected == 0:
            shutil.rmtree(self._payloads)
        if is_empty:
            self._folder_lock.remove_file()
        self._release()
        if is_empty and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def disown(self) -> None:
        """Leave the folder to the parent process; called in a forked child."""
        self._folder_lock.release()
        # Another thread of the parent may have held the old lock at the moment of the fork.
        self._lock = threading.Lock()
        self._closed_reason = (
            "This tracker belongs to the process that created it; a forked child cannot log "
            "through it. Log in the parent."
        )

    def _open(self, run_id: str) -> None:
        """Open the journals; raises TrackingError if they hold records of another run."""
        segment_bytes = min(MAX_SEGMENT_BYTES, self._max_bytes // 4)
        self.records = Journal(self.folder, "records", segment_bytes)
        self.deferred = Journal(self.folder, "deferred", segment_bytes)
        owner = self._folder_lock.run_id or run_id
        if owner != run_id and self.num_undelivered > 0:
            self._release()
            raise TrackingError(
                f"{self.folder} holds undelivered records of the run {owner}, not of {run_id}. "
                "Give each run a folder of its own."
            )
        self._folder_lock.write_owner(run_id)

    def _require_space(self, num_bytes: int) -> None:
        size_bytes = self.records.size_bytes + self.deferred.size_bytes + self._payload_bytes
        if size_bytes + num_bytes > self._max_bytes:
            raise TrackingError(
                f"The tracking server has been unavailable for so long that {self.folder} holds "
                f"{size_bytes:,} bytes of undelivered records, and {num_bytes:,} more would exceed "
                f"the limit of {self._max_bytes:,}. Make the server available, or raise the limit."
            )

    def _release(self) -> None:
        self.records.close()
        self.deferred.close()
        self._folder_lock.release()


def _write_error(folder: Path, num_bytes: int, error: OSError) -> TrackingError:
    advice = "Free some space there." if is_of_full_disk(error) else "Make the folder writable."
    return TrackingError(
        f"A run's records are kept in {folder} until the tracking server has them, and "
        f"{num_bytes:,} bytes could not be written there: {error.strerror}. {advice}"
    )


def _num_lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _disown_in_forked_children(spool: Spool) -> None:
    """A child that kept the lock's descriptor would hold the lock after the parent is killed."""
    reference = weakref.ref(spool)

    def disown() -> None:
        alive = reference()
        if alive is not None:
            alive.disown()

    os.register_at_fork(after_in_child=disown)
