"""Copies the checkpoints of a local folder to a run's artifact store, in a background thread.

Level-triggered: each pass compares the folder's index with the contents of the store. The next pass
copies what a failed one has missed, so no queue is needed that could grow.
"""

import json
import logging
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow.store.artifact.artifact_repo import ArtifactRepository

from tracking_plugin.server_address import without_credentials
from training.checkpoints.checkpoint import (
    MANIFEST,
    PARTIAL_PREFIX,
    Manifest,
    find_fault,
    parse_manifest,
)
from training.errors import CheckpointError, first_line
from training.tracking.failures import is_refusal

logger = logging.getLogger(__name__)

INDEX = "index.json"
CHECKPOINT_PREFIX = "step_"
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
NUM_REFUSALS = 3
"""After so many refusals in a row nobody waits for the store any more, though passes go on."""


class CheckpointMirror:
    """Makes the folder of `repository` equal to the checkpoints that the index of `root` lists."""

    def __init__(self, *, root: Path, repository: ArtifactRepository) -> None:
        self._root = root
        self._repository = repository
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._synced = threading.Event()
        self._settled = threading.Event()
        """Set once the store equals the folder, or has repeatedly refused to."""
        self._last_error: Exception | None = None
        self._num_refusals = 0
        self._damaged: set[str] = set()
        """Names of checkpoints whose download had a fault, so that the next pass uploads them again."""
        self._stored_manifests: dict[str, str] = {}
        """The manifests of the checkpoints that the store is known to have completely, by name."""
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
        self._settled.clear()
        self._num_refusals = 0
        self._changed.set()

    def flush(self, timeout_s: float) -> None:
        """Wait until the store equals the folder; raises CheckpointError after `timeout_s`."""
        if self._thread is None:
            return
        self.notify()
        has_settled = self._settled.wait(timeout_s)
        if not self._synced.is_set():
            within = "" if has_settled else f" within {timeout_s:.0f} s"
            reason = without_credentials(str(self._last_error))
            raise CheckpointError(
                f"The artifact store did not accept the checkpoints{within} ({reason}). They are "
                f"complete in {self._root}. Resume the same run on this machine to upload them."
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
        """The index in the store; empty if there is none that can be read.

        Raises CheckpointError if the store does not answer, so that the run does not start again
        from its first step.
        """
        return parse_index(self._text(INDEX, of=self._paths("")))

    def names(self) -> set[str]:
        """Names of the checkpoints in the store, complete or not. Raises CheckpointError as `index` does."""
        return {path for path in self._paths("") if path.startswith(CHECKPOINT_PREFIX)}

    def manifest(self, name: str) -> Manifest | None:
        """The manifest of a checkpoint in the store, or None. Raises CheckpointError as `index` does."""
        path = f"{name}/{MANIFEST}"
        return parse_manifest(self._text(path, of=self._paths(name)))

    def download(self, name: str, target: Path) -> str | None:
        """Download the checkpoint `name` to the folder `target`, unless it is incomplete or damaged.

        Returns its fault, or None. Raises CheckpointError if the store does not answer.
        """
        if self.manifest(name) is None:
            return f"{MANIFEST} in the artifact store is missing or unreadable"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=PARTIAL_PREFIX) as partial:
            with _store_errors(f"The checkpoint {name} could not be downloaded"):
                self._repository.download_artifacts(name, partial)
            folder = Path(partial) / name
            if (fault := find_fault(folder)) is not None:
                self._damaged.add(name)
                return fault
            if target.is_dir() and find_fault(target) is not None:
                target.rename(Path(partial) / "damaged")
            try:
                folder.rename(target)
            except OSError:
                # Another rank on this machine may have downloaded it in the meantime.
                if not target.is_dir():
                    raise
        return None

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
                self._num_refusals = self._num_refusals + 1 if is_refusal(error) else 0
                if self._num_refusals >= NUM_REFUSALS:
                    self._settled.set()
                logger.warning(
                    "Checkpoints could not be copied to the artifact store yet: %s",
                    without_credentials(str(error)),
                )
                self._closing.wait(backoff_s)
                backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
                self._changed.set()

    def _sync(self) -> None:
        path = self._root / INDEX
        text = path.read_text() if path.is_file() else ""
        if not (index := parse_index(text)):
            self._set_synced()
            return
        kept = {str(name) for name in index["kept"]}
        for name in sorted(kept):
            self._upload_unless_stored(name)
        self._store_index(text)
        for name in self._paths("") - kept - {INDEX}:
            self._repository.delete_artifacts(name)
        if not self._changed.is_set():
            self._set_synced()

    def _set_synced(self) -> None:
        self._num_refusals = 0
        self._synced.set()
        self._settled.set()

    def _upload_unless_stored(self, name: str) -> None:
        """A name in the store proves nothing: an upload may have been cut off."""
        manifest = self._root / name / MANIFEST
        if not manifest.is_file():
            return  # The best checkpoint of a run that was resumed elsewhere is in the store alone.
        text = manifest.read_text()
        if self._stored_manifests.get(name) == text:
            return
        if name in self._damaged or not self._is_stored(name, text):
            self._upload(name)
            self._damaged.discard(name)
        self._stored_manifests[name] = text

    def _is_stored(self, name: str, text: str) -> bool:
        """Whether the store has the checkpoint with this manifest, and every file in its full size."""
        manifest = parse_manifest(text)
        stored = {file.path: file.file_size for file in self._repository.list_artifacts(name)}
        expected = {} if manifest is None else manifest.sizes_bytes
        is_whole = all(
            # Some stores do not tell the size of a file.
            stored.get(f"{name}/{file}", -1) in (None, size_bytes)
            for file, size_bytes in expected.items()
        )
        path = f"{name}/{MANIFEST}"
        return is_whole and path in stored and self._text(path, of=set(stored)) == text

    def _store_index(self, index: str) -> None:
        # The file in the folder may already list checkpoints that this pass has not uploaded.
        with tempfile.TemporaryDirectory(prefix="fovea-index-") as folder:
            path = Path(folder) / INDEX
            path.write_text(index)
            self._repository.log_artifact(str(path))

    def _paths(self, folder: str) -> set[str]:
        with _store_errors("The checkpoints in the artifact store could not be listed"):
            return {file.path for file in self._repository.list_artifacts(folder or None)}

    def _text(self, path: str, *, of: Collection[str]) -> str:
        """The content of the file at `path` if it is one `of` these paths, else an empty text."""
        if path not in of:
            return ""
        with (
            _store_errors("The checkpoints in the artifact store could not be read"),
            tempfile.TemporaryDirectory(prefix="fovea-checkpoint-") as folder,
        ):
            found = Path(self._repository.download_artifacts(path, dst_path=folder))
            return found.read_text(errors="replace")

    def _upload(self, name: str) -> None:
        folder = self._root / name
        began_s = time.monotonic()
        # The manifest goes last: a checkpoint without one counts as incomplete.
        for file in sorted(folder.iterdir(), key=lambda file: file.name == MANIFEST):
            self._repository.log_artifact(str(file), artifact_path=name)
        logger.debug("Uploaded checkpoint %s in %.1f s.", name, time.monotonic() - began_s)


def parse_index(text: str) -> dict[str, Any]:
    """The index in `text`; empty if it is none, as after a power cut."""
    try:
        index = json.loads(text)
    except ValueError:
        return {}
    has_names = isinstance(index, dict) and isinstance(index.get("kept"), list)
    return index if has_names else {}


@contextmanager
def _store_errors(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # The client of each kind of store raises errors of its own types.
        raise CheckpointError(f"{what}: {first_line(error)}") from error
