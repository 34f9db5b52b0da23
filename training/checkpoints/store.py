"""Saves a run's checkpoints, deletes the ones no longer needed, and finds the one to resume from."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from training.checkpoints.checkpoint import (
    Checkpoint,
    find_fault,
    remove_incomplete,
    write_checkpoint,
)
from training.checkpoints.mirror import INDEX, CheckpointMirror
from training.errors import CheckpointError

logger = logging.getLogger(__name__)


def checkpoint_name(step: int) -> str:
    """The folder name of a step's checkpoint; names sort by step."""
    return f"step_{step:010d}"


def retained(names: Sequence[str], *, best: str | None, keep_last: int) -> list[str]:
    """The ones of `names` to keep: the newest `keep_last`, and the best."""
    newest = sorted(names)[-keep_last:]
    return sorted({*newest, *(name for name in names if name == best)})


class CheckpointStore:
    """Checkpoints in `root`, which `mirror`, if any, copies to the run's artifact store."""

    def __init__(self, *, root: Path, mirror: CheckpointMirror | None, keep_last: int) -> None:
        self._root = root
        self._mirror = mirror
        self._keep_last = keep_last
        self._best: str | None = None

    def open_for_writing(self) -> None:
        """Prepare the folder for writing; only rank 0 calls this. Raises CheckpointError."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"Checkpoints cannot be written to {self._root}: {error.strerror}. "
                "Choose a folder that can be written to."
            ) from error
        remove_incomplete(self._root)
        if self._mirror is not None:
            self._mirror.start()

    def latest(self) -> str | None:
        """Name of the newest complete checkpoint, in the folder or in the artifact store.

        Must be called once before the first `save`: it reads the name of the best checkpoint,
        so that `save` never waits for the artifact store.
        """
        self._best = self.best()
        for name in sorted(self._all_names(), reverse=True):
            if self._is_complete(name):
                return name
        return None

    def best(self) -> str | None:
        """Name of the checkpoint with the best evaluation so far."""
        best = self._index().get("best")
        return str(best) if best else None

    def path(self, name: str) -> Path:
        """The local folder of the checkpoint `name`, downloaded if necessary."""
        folder = self._root / name
        if not folder.is_dir() and self._mirror is not None:
            self._mirror.download(name, folder)
        return folder

    def save(
        self,
        tensors: Mapping[str, Mapping[str, Tensor]],
        state: Mapping[str, Any],
        *,
        step: int,
        is_best: bool,
    ) -> None:
        """Write the checkpoint of `step`, then delete those that are no longer needed."""
        name = checkpoint_name(step)
        checkpoint = Checkpoint(tensors=tensors, state=state)
        write_checkpoint(self._root, name, checkpoint, step=step)
        if is_best:
            self._best = name
        self._apply_retention()

    def flush(self, timeout_s: float) -> None:
        """Wait until the artifact store has all retained checkpoints.

        Raises CheckpointError after `timeout_s`.
        """
        if self._mirror is not None:
            self._mirror.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Flush, then remove the local copies; raises CheckpointError as `flush` does."""
        if self._mirror is not None:
            self._mirror.close(timeout_s)
        self.remove_staging()

    def remove_staging(self) -> None:
        """Remove the local copies, unless the folder is the artifact store itself."""
        if self._mirror is not None:
            shutil.rmtree(self._root, ignore_errors=True)

    def stop(self, timeout_s: float) -> None:
        """Flush, but keep the local copies for the next attempt; raises CheckpointError."""
        if self._mirror is not None:
            self._mirror.close(timeout_s)

    def _apply_retention(self) -> None:
        local = self._local_names()
        # After a resume on another machine the best checkpoint may be only in the artifact store.
        names = {*local, self._best} if self._best else set(local)
        kept = retained(sorted(names), best=self._best, keep_last=self._keep_last)
        self._write_index({"kept": kept, "best": self._best})
        for name in set(local) - set(kept):
            shutil.rmtree(self._root / name, ignore_errors=True)
        if self._mirror is not None:
            self._mirror.notify()

    def _write_index(self, index: Mapping[str, Any]) -> None:
        path = self._root / INDEX
        partial = path.with_suffix(".partial")
        try:
            partial.write_text(json.dumps(index))
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise CheckpointError(
                f"The index of checkpoints could not be written to {self._root}: {error.strerror}. "
                "Free some space, then resume the same run."
            ) from error

    def _index(self) -> dict[str, Any]:
        path = self._root / INDEX
        if path.is_file():
            return dict(json.loads(path.read_text()))
        return self._mirror.index() if self._mirror is not None else {}

    def _local_names(self) -> list[str]:
        return [path.name for path in self._root.glob("step_*") if path.is_dir()]

    def _all_names(self) -> set[str]:
        names = set(self._local_names())
        if self._mirror is not None:
            names |= set(self._mirror.index().get("kept", []))
        return names

    def _is_complete(self, name: str) -> bool:
        try:
            fault = find_fault(self.path(name))
        except CheckpointError as error:
            fault = str(error)
        if fault is not None:
            logger.warning("Skipped the checkpoint %s: %s.", name, fault)
        return fault is None
