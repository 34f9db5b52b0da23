"""Logs a run to MLflow from a training loop without ever waiting for the tracking server."""

import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_IMAGES

from training.errors import TrackingError
from training.tracking.endpoint import endpoint_for
from training.tracking.pacing import RetryPolicy
from training.tracking.records import artifact_line, metric_lines, param_lines, tag_lines
from training.tracking.sender import Sender
from training.tracking.spool import DEFAULT_MAX_BYTES, Spool
from training.tracking.stepped_image import stepped_image_files

logger = logging.getLogger(__name__)

END_OF_THREAD_S = 5.0


class MlflowTracker:
    """Keeps what is logged on disk before it returns, and sends it in the background.

    Whatever happens to the process, what was logged is not lost: the next tracker on the same
    `spool_dir`, or `deliver`, sends it first. A metric's step is sent once, also if a resumed run
    logs it again. Records reach MLflow in the order of their logging. Any thread may log.

    Every method raises TrackingError if the spool cannot be written to.
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
            endpoint_for(run_id, tracking_uri),
            retry or RetryPolicy(),
            origin=f"Run {run_id}",
        )

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        self._append(metric_lines(metrics, step, _now_ms()))

    def expedite(self) -> None:
        """Have what was logged so far on its way now, instead of gathering more for one request."""
        self._sender.expedite()

    def log_params(self, params: Mapping[str, str]) -> None:
        self._append(param_lines(params))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self._append(tag_lines(tags))

    def log_json(self, value: object, artifact_path: str) -> None:
        """Store `value` as the run's artifact `artifact_path`, file name included."""
        self.log_text(json.dumps(value, indent=2), artifact_path)

    def log_text(self, text: str, artifact_path: str) -> None:
        """Store `text` as the run's artifact `artifact_path`, file name included."""
        self._append([self._kept_bytes(text.encode("utf-8"), artifact_path)])

    def log_image(self, image: np.ndarray[Any, Any], key: str, step: int) -> None:
        """Add `image` (height x width x 3, uint8) to the images of `key` in MLflow's UI."""
        files = stepped_image_files(image, key, step, _now_ms())
        lines = [self._kept_bytes(file.content, file.path) for file in files]
        self._append([*lines, *tag_lines({MLFLOW_LOGGED_IMAGES: "True"})])

    def log_artifact(self, path: Path, artifact_path: str) -> None:
        """Copy the file `path`, to become the run's artifact `artifact_path`, file name included."""
        if not path.is_file():
            raise TrackingError(f"A file was to be logged, but {path} is none.")
        line = self._kept(
            artifact_path, path.stat().st_size, lambda kept: shutil.copyfile(path, kept)
        )
        self._append([line])

    def undelivered(self) -> int:
        """How many records MLflow does not have yet."""
        return self._spool.num_undelivered

    def rejected(self) -> int:
        """How many records MLflow has refused for good; they are in `rejected.jsonl`."""
        return self._spool.num_rejected

    def flush(self, timeout_s: float) -> None:
        """Wait until everything logged so far is delivered; TrackingError at the deadline."""
        self._spool.require_open()
        self._sender.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Deliver everything and remove the spool; TrackingError if that takes too long.

        What is not delivered then stays on disk. In a forked child this does nothing.
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
        self._sender.stop(END_OF_THREAD_S)
        if self.rejected() > 0:
            logger.warning(
                "MLflow refused %d records for good; see %s.", self.rejected(), self._spool.folder
            )

    def _append(self, lines: list[bytes]) -> None:
        if lines:
            self._spool.append(lines)
            self._sender.wake()

    def _kept_bytes(self, content: bytes, artifact_path: str) -> bytes:
        return self._kept(artifact_path, len(content), lambda kept: kept.write_bytes(content))

    def _kept(self, artifact_path: str, num_bytes: int, write: Callable[[Path], object]) -> bytes:
        """The journal's line for a file that `write` puts into the spool."""
        path = PurePosixPath(artifact_path)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ValueError(
                f"An artifact's path is relative to the run and names a file, not {artifact_path!r}."
            )
        return artifact_line(str(path), self._spool.store_payload(path.name, num_bytes, write))


def deliver(run_id: str, tracking_uri: str, spool_dir: Path, timeout_s: float) -> int:
    """Send what an ended run left in its spool; the number of records delivered.

    TrackingError if some are left at the deadline, or if the run's process still uses the spool.
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
