"""A run's checkpoints: which there are, which are kept, and their way to the artifact store."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from training.checkpoints.checkpoint import Checkpoint, find_fault, remove_partial, write_checkpoint
from training.checkpoints.mirror import INDEX, CheckpointMirror
from training.errors import CheckpointError

logger = logging.getLogger(__name__)


def checkpoint_name(step: int) -> str:
    """The folder of a step's checkpoint; names sort by step."""
    return f"step_{step:010d}"


def retained(names: Sequence[str], *, best: str | None, keep_last: int) -> list[str]:
    """The checkpoints to keep of `names`: the newest `keep_last` and the best."""
    newest = sorted(names)[-keep_last:]
    return sorted({*newest, *(name for name in names if name == best)})


class CheckpointStore:
    """Checkpoints in `root`, mirrored to the run's artifact store where `root` is not already it."""

    def __init__(self, *, root: Path, mirror: CheckpointMirror | None, keep_last: int) -> None:
        self._root = root
        self._mirror = mirror
        self._keep_last = keep_last
        self._best: str | None = None

    def open_for_writing(self) -> None:
        """Make the folder ready for rank 0, the only writer."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"Checkpoints cannot be kept in {self._root}: {error.strerror}. "
                "Name a folder that can be written to."
            ) from error
        remove_partial(self._root)
        if self._mirror is not None:
            self._mirror.start()

    def latest(self) -> str | None:
        """Name of the newest whole checkpoint, here or in the artifact store.

        Asked once before the first `save`, which never waits for the artifact store.
        """
        self._best = self.best()
        for name in sorted(self._known(), reverse=True):
            if self._is_whole(name):
                return name
        return None

    def best(self) -> str | None:
        """Name of the best checkpoint by the evaluations so far."""
        best = self._index().get("best")
        return str(best) if best else None

    def path(self, name: str) -> Path:
        """A local folder that holds the checkpoint `name`, fetched if need be."""
        folder = self._root / name
        if not folder.is_dir() and self._mirror is not None:
            self._mirror.fetch(name, folder)
        return folder

    def save(
        self,
        tensors: Mapping[str, Mapping[str, Tensor]],
        state: Mapping[str, Any],
        *,
        step: int,
        is_best: bool,
    ) -> None:
        """Write the checkpoint of `step`, then drop those no longer kept."""
        name = checkpoint_name(step)
        checkpoint = Checkpoint(tensors=tensors, state=state)
        write_checkpoint(self._root, name, checkpoint, step=step)
        if is_best:
            self._best = name
        self._settle()

    def flush(self, timeout_s: float) -> None:
        """Wait until the artifact store holds all that is kept; CheckpointError at the deadline."""
        if self._mirror is not None:
            self._mirror.flush(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Wait until the artifact store holds all that is kept; CheckpointError at the deadline."""
        if self._mirror is not None:
            self._mirror.close(timeout_s)
        self.remove_staging()

    def remove_staging(self) -> None:
        """Remove the local copies of what the artifact store holds."""
        if self._mirror is not None:
            shutil.rmtree(self._root, ignore_errors=True)

    def stop(self, timeout_s: float) -> None:
        """Upload what can be uploaded soon; what is here stays here for the next attempt."""
        if self._mirror is not None:
            self._mirror.close(timeout_s)

    def _settle(self) -> None:
        local = self._local()
        # After a resume on another machine the best checkpoint may be in the artifact store alone.
        known = {*local, self._best} if self._best else set(local)
        kept = retained(sorted(known), best=self._best, keep_last=self._keep_last)
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
                f"The list of checkpoints could not be written to {self._root}: {error.strerror}. "
                "Free some space, and go on with the same run."
            ) from error

    def _index(self) -> dict[str, Any]:
        path = self._root / INDEX
        if path.is_file():
            return dict(json.loads(path.read_text()))
        return self._mirror.index() if self._mirror is not None else {}

    def _local(self) -> list[str]:
        return [path.name for path in self._root.glob("step_*") if path.is_dir()]

    def _known(self) -> set[str]:
        names = set(self._local())
        if self._mirror is not None:
            names |= set(self._mirror.index().get("kept", []))
        return names

    def _is_whole(self, name: str) -> bool:
        try:
            fault = find_fault(self.path(name))
        except CheckpointError as error:
            fault = str(error)
        if fault is not None:
            logger.warning("The checkpoint %s is passed over: %s.", name, fault)
        return fault is None
