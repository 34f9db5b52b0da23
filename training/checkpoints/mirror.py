"""Copies the checkpoints of a local folder to a run's artifact store, in a background thread.

Level-triggered: each pass compares the folder's index with the contents of the store. The next pass
copies what a failed one has missed, so no queue is needed that could grow.
"""

import json
import logging
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository

from training.checkpoints.checkpoint import MANIFEST
from training.errors import CheckpointError

logger = logging.getLogger(__name__)

INDEX = "index.json"
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0


class CheckpointMirror:
    """Makes the folder of `repository` equal to the checkpoints that the index of `root` lists."""

    def __init__(self, *, root: Path, repository: ArtifactRepository) -> None:
        self._root = root
        self._repository = repository
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._synced = threading.Event()
        self._last_error: Exception | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(
            target=self._sync_until_closed, name="checkpoint-mirror", daemon=True
        )
        self._thread.start()

    def notify(self) -> None:
        """Request a pass, because the folder has changed."""
        self._synced.clear()
        self._changed.set()

    def flush(self, timeout_s: float) -> None:
        """Wait until the store equals the folder; raises CheckpointError after `timeout_s`."""
        if self._thread is None:
            return
        self.notify()
        if not self._synced.wait(timeout_s):
            raise CheckpointError(
                f"The artifact store did not accept the checkpoints within {timeout_s:.0f} s "
                f"({self._last_error}). They are complete in {self._root}. Resume the same run on "
                "this machine to upload them."
            )

    def close(self, timeout_s: float) -> None:
        """Flush and stop the thread; raises CheckpointError as `flush` does. May be called twice."""
        if self._thread is None:
            return
        try:
            self.flush(timeout_s)
        finally:
            self._closing.set()
            self._changed.set()
            self._thread.join(timeout=MAX_BACKOFF_S)
            self._thread = None

    def index(self) -> dict[str, Any]:
        """The index in the store, or an empty one if the store has none yet.

        Raises CheckpointError if the store does not answer, so that the run does not start again
        from its first step.
        """
        try:
            if INDEX not in self._stored_names():
                return {}
            with tempfile.TemporaryDirectory(prefix="fovea-index-") as folder:
                path = self._repository.download_artifacts(INDEX, dst_path=folder)
                return dict(json.loads(Path(path).read_text()))
        except (MlflowException, OSError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoints in the artifact store could not be listed: {error}"
            ) from error

    def download(self, name: str, target: Path) -> None:
        """Download the checkpoint `name` from the store to the folder `target`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as partial:
            try:
                self._repository.download_artifacts(name, partial)
            except (MlflowException, OSError) as error:
                raise CheckpointError(
                    f"The checkpoint {name} could not be downloaded from the artifact store: {error}"
                ) from error
            try:
                (Path(partial) / name).rename(target)
            except OSError:
                # Another rank on this machine may have downloaded it in the meantime.
                if not target.is_dir():
                    raise

    def _sync_until_closed(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while not self._closing.is_set():
            self._changed.wait()
            self._changed.clear()
            try:
                self._sync()
                backoff_s = FIRST_BACKOFF_S
            except Exception as error:  # noqa: BLE001
                # No failure of the store may stop the training; the next pass tries again.
                self._last_error = error
                logger.warning(
                    "Checkpoints could not be copied to the artifact store yet: %s", error
                )
                self._closing.wait(backoff_s)
                backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
                self._changed.set()

    def _sync(self) -> None:
        path = self._root / INDEX
        if not path.is_file():
            self._synced.set()
            return
        index = path.read_text()
        kept = set(json.loads(index)["kept"])
        for name in sorted(kept - set(self.index().get("kept", []))):
            self._upload(name)
        self._store_index(index)
        for name in self._stored_names() - kept - {INDEX}:
            self._repository.delete_artifacts(name)
        if not self._changed.is_set():
            self._synced.set()

    def _store_index(self, index: str) -> None:
        # The file in the folder may already list checkpoints that this pass has not uploaded.
        with tempfile.TemporaryDirectory(prefix="fovea-index-") as folder:
            path = Path(folder) / INDEX
            path.write_text(index)
            self._repository.log_artifact(str(path))

    def _stored_names(self) -> set[str]:
        return {file.path for file in self._repository.list_artifacts()}

    def _upload(self, name: str) -> None:
        folder = self._root / name
        began_s = time.monotonic()
        # The manifest goes last: a checkpoint without one counts as incomplete.
        for file in sorted(folder.iterdir(), key=lambda file: file.name == MANIFEST):
            self._repository.log_artifact(str(file), artifact_path=name)
        logger.debug("Uploaded checkpoint %s in %.1f s.", name, time.monotonic() - began_s)
