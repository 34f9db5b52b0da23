"""Logs a run to MLflow from a training loop without waiting for the tracking server."""

import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_IMAGES

from tracking_plugin.names import Tag
from training.errors import TrackingError
from training.tracking.current_image import current_image_jpeg, current_image_path
from training.tracking.endpoint import open_endpoint
from training.tracking.pacing import RetryPolicy
from training.tracking.records import artifact_line, metric_lines, param_lines, tag_lines
from training.tracking.sender import Sender
from training.tracking.spool import DEFAULT_MAX_BYTES, Spool
from training.tracking.stepped_image import stepped_image_files

logger = logging.getLogger(__name__)

JOIN_TIMEOUT_S = 5.0


class MlflowTracker:
    """Writes each record to disk before the log call returns, and sends it in the background.

    Logged records survive the process: the next tracker on the same `spool_dir`, or `deliver`,
    sends them first. A step of a metric is sent once, even if a resumed run logs it again. Records
    reach MLflow in the order in which they were logged. Any thread may log.

    Every log method raises TrackingError if the spool cannot be written to.
    """

    def __init__(
        self,
        *,
        run_id: str,
        tracking_uri: str,
        spool_dir: Path,
        max_spool_bytes: int = DEFAULT_MAX_BYTES,
        retry: RetryPolicy | None = None,
        lock_timeout_s: float = 0.0,
    ) -> None:
        self._run_id = run_id
        self._spool = Spool(spool_dir, run_id, max_spool_bytes, lock_timeout_s)
        self._sender = Sender(
            self._spool,
            open_endpoint(run_id, tracking_uri),
            retry or RetryPolicy(),
            origin=f"Run {run_id}",
        )
        self._shown: str | None = None
        """The file of the newest current image, in the spool until it is delivered."""
        self._num_shown = 0

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        self._append(metric_lines(metrics, step, _now_ms()))

    def expedite(self) -> None:
        """Send the records logged so far now, instead of waiting for more to share the request."""
        self._sender.expedite()

    def log_params(self, params: Mapping[str, str]) -> None:
        self._append(param_lines(params))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self._append(tag_lines(tags))

    def log_json(self, value: object, artifact_path: str) -> None:
        """Store `value` as JSON in the run's artifact `artifact_path`, which includes the file name."""
        self.log_text(json.dumps(value, indent=2), artifact_path)

    def log_text(self, text: str, artifact_path: str) -> None:
        """Store `text` as the run's artifact `artifact_path`, which includes the file name."""
        self._append([self._store_bytes(text.encode("utf-8"), artifact_path)])

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None:
        """Add `image` (height x width x 3, uint8) to the images of `key` in MLflow's UI."""
        files = stepped_image_files(image, key, step, _now_ms())
        lines = [self._store_bytes(file.content, file.path) for file in files]
        self._append([*lines, *tag_lines({MLFLOW_LOGGED_IMAGES: "True"})])

    def show_image(self, image: np.ndarray[Any, Any]) -> None:
        """Make `image` (height x width x 3, uint8) the run's current one, in place of the one before.

        It is left out while the one before is still to be delivered, so that none pile up.
        """
        if self._shown is not None and self._spool.payload_path(self._shown).exists():
            return
        self._num_shown += 1
        path = current_image_path(self._num_shown)
        content = current_image_jpeg(image)
        self._shown = self._spool.store_payload(
            PurePosixPath(path).name, len(content), lambda copy: copy.write_bytes(content)
        )
        self._append([artifact_line(path, self._shown), *tag_lines({Tag.CURRENT_IMAGE: path})])

    def log_artifact(self, path: Path, artifact_path: str) -> None:
        """Copy the file `path` to the run's artifact `artifact_path`, which includes the file name."""
        if not path.is_file():
            raise TrackingError(f"Expected a file to log, but {path} is not a file.")
        line = self._store(
            artifact_path, path.stat().st_size, lambda copy: shutil.copyfile(path, copy)
        )
        self._append([line])

    def undelivered(self) -> int:
        """The number of records that MLflow does not have yet."""
        return self._spool.num_undelivered

    def rejected(self) -> int:
        """The number of records that MLflow refused permanently; they are in `rejected.jsonl`."""
        return self._spool.num_rejected

    def flush(self, timeout_s: float) -> None:
        """Wait until all records logged so far are delivered; raises TrackingError after `timeout_s`."""
        self._spool.require_open()
        self._sender.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Deliver all records and remove the spool.

        After `timeout_s`, raises TrackingError and keeps the undelivered records on disk. In a
        forked child, this does nothing.
        """
        if not self._spool.is_open:
            return
        self._spool.seal()
        try:
            self._sender.flush(timeout_s)
        except TrackingError as error:
            self._sender.stop(timeout_s=0.0)
            raise TrackingError(
                f"{error} They are kept in {self._spool.folder}; "
                f"`python -m training deliver --run-id {self._run_id}` sends them."
            ) from None
        self._sender.stop(JOIN_TIMEOUT_S)
        if self.rejected() > 0:
            logger.warning(
                "MLflow permanently refused %d records; see rejected.jsonl in %s.",
                self.rejected(),
                self._spool.folder,
            )

    def _append(self, lines: list[bytes]) -> None:
        if lines:
            self._spool.append(lines)
            self._sender.wake()

    def _store_bytes(self, content: bytes, artifact_path: str) -> bytes:
        return self._store(artifact_path, len(content), lambda path: path.write_bytes(content))

    def _store(self, artifact_path: str, num_bytes: int, write: Callable[[Path], object]) -> bytes:
        """Store the file that `write` writes in the spool; return its line for the journal."""
        path = PurePosixPath(artifact_path)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ValueError(
                f"An artifact's path must be relative to the run and name a file, not {artifact_path!r}."
            )
        return artifact_line(str(path), self._spool.store_payload(path.name, num_bytes, write))


def deliver(run_id: str, tracking_uri: str, spool_dir: Path, timeout_s: float) -> int:
    """Send the records that an ended run left in its spool; return their number.

    Raises TrackingError if some are not delivered after `timeout_s`, or if the run's process still
    uses the spool.
    """
    if not spool_dir.is_dir():
        return 0
    tracker = MlflowTracker(
        run_id=run_id, tracking_uri=tracking_uri, spool_dir=spool_dir, lock_timeout_s=timeout_s
    )
    num_records = tracker.undelivered()
    tracker.close(timeout_s)
    return num_records


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
