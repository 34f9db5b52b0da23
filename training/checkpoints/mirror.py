"""Brings the checkpoints of a local folder to a run's artifact store, beside the training.

Level-triggered: each pass compares what the folder's index keeps with what the store has, so a
pass that a dead server cut short is made up by the next, and no queue can grow.
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
LONGEST_BACKOFF_S = 30.0


class CheckpointMirror:
    """Mirrors `root` into the folder that `repository` stands for."""

    def __init__(self, *, root: Path, repository: ArtifactRepository) -> None:
        self._root = root
        self._repository = repository
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._in_step = threading.Event()
        self._last_error: Exception | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow the folder."""
        self._thread = threading.Thread(target=self._follow, name="checkpoint-mirror", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """Say that the folder has changed."""
        self._in_step.clear()
        self._changed.set()

    def flush(self, timeout_s: float) -> None:
        """Wait until the store holds what the folder keeps; CheckpointError at the deadline."""
        if self._thread is None:
            return
        self.notify()
        if not self._in_step.wait(timeout_s):
            raise CheckpointError(
                f"The artifact store did not take the checkpoints within {timeout_s:.0f} s "
                f"({self._last_error}). They are whole in {self._root}; going on with the same "
                "run on this machine uploads them."
            )

    def close(self, timeout_s: float) -> None:
        """Flush, and follow the folder no longer; CheckpointError as there. Once is enough."""
        if self._thread is None:
            return
        try:
            self.flush(timeout_s)
        finally:
            self._closing.set()
            self._changed.set()
            self._thread.join(timeout=LONGEST_BACKOFF_S)
            self._thread = None

    def index(self) -> dict[str, Any]:
        """The store's list of checkpoints, empty where there is none yet.

        CheckpointError if the store does not answer: a run must not begin anew for that.
        """
        try:
            if INDEX not in self._stored():
                return {}
            with tempfile.TemporaryDirectory(prefix="fovea-index-") as folder:
                path = self._repository.download_artifacts(INDEX, dst_path=folder)
                return dict(json.loads(Path(path).read_text()))
        except (MlflowException, OSError, ValueError) as error:
            raise CheckpointError(
                f"The artifact store could not say which checkpoints it holds: {error}"
            ) from error

    def fetch(self, name: str, target: Path) -> None:
        """Copy the checkpoint `name` from the store to the folder `target`."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".partial-") as partial:
            try:
                self._repository.download_artifacts(name, partial)
            except (MlflowException, OSError) as error:
                raise CheckpointError(
                    f"The checkpoint {name} could not be fetched from the artifact store: {error}"
                ) from error
            try:
                (Path(partial) / name).rename(target)
            except OSError:
                # Another rank on this machine has fetched it in the meantime.
                if not target.is_dir():
                    raise

    def _follow(self) -> None:
        backoff_s = 0.5
        while not self._closing.is_set():
            self._changed.wait()
            self._changed.clear()
            try:
                self._bring_in_step()
                backoff_s = 0.5
            except Exception as error:  # noqa: BLE001
                # Whatever went wrong, the training goes on and the next pass tries again.
                self._last_error = error
                logger.warning("Checkpoints wait for the artifact store: %s", error)
                self._closing.wait(backoff_s)
                backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)
                self._changed.set()

    def _bring_in_step(self) -> None:
        path = self._root / INDEX
        if not path.is_file():
            self._in_step.set()
            return
        index = path.read_text()
        kept = set(json.loads(index)["kept"])
        for name in sorted(kept - set(self.index().get("kept", []))):
            self._upload(name)
        self._store_index(index)
        for name in self._stored() - kept - {INDEX}:
            self._repository.delete_artifacts(name)
        if not self._changed.is_set():
            self._in_step.set()

    def _store_index(self, index: str) -> None:
        # Not the file itself, which may by now name checkpoints that this pass has not uploaded.
        with tempfile.TemporaryDirectory(prefix="fovea-index-") as folder:
            path = Path(folder) / INDEX
            path.write_text(index)
            self._repository.log_artifact(str(path))

    def _stored(self) -> set[str]:
        return {file.path for file in self._repository.list_artifacts()}

    def _upload(self, name: str) -> None:
        folder = self._root / name
        began = time.monotonic()
        # The manifest goes last: a checkpoint without one is not taken for a whole one.
        for file in sorted(folder.iterdir(), key=lambda file: file.name == MANIFEST):
            self._repository.log_artifact(str(file), artifact_path=name)
        logger.debug("Checkpoint %s stored in %.1f s.", name, time.monotonic() - began)
