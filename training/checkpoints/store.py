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
    Manifest,
    find_fault,
    read_manifest,
    remove_incomplete,
    write_checkpoint,
)
from training.checkpoints.mirror import CHECKPOINT_PREFIX, INDEX, CheckpointMirror, parse_index
from training.durable_file import write_durably
from training.errors import CheckpointError

logger = logging.getLogger(__name__)


def checkpoint_name(step: int) -> str:
    """The folder name of a step's checkpoint; names sort by step."""
    return f"{CHECKPOINT_PREFIX}{step:010d}"


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
        self._latest: str | None = None
        self._damaged: set[str] = set()

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

        None if none was ever written. Raises CheckpointError if there were some and none of them is
        complete any more: a training that began again at its first step would replace them.

        Must be called once before the first `save`: it reads the name of the best checkpoint,
        so that `save` never waits for the artifact store. The answer is kept until then.
        """
        if self._latest is None:
            self._latest = self._find_latest()
            if self._latest is not None:
                manifest = self._manifest(self._latest)
                self._best = (manifest and manifest.best) or self._index().get("best")
                self._repair_index(self._latest)
        return self._latest

    def best(self) -> str | None:
        """Name of the checkpoint with the best evaluation so far.

        Each checkpoint names it in its manifest. The index is only asked where that is missing: it
        is written later, and a power cut may empty it.
        """
        if self._best is not None:
            return self._best
        names = sorted(self._all_names(), reverse=True)
        manifests = [manifest for name in names if (manifest := self._manifest(name))]
        is_newest_readable = bool(names) and self._manifest(names[0]) is not None
        by_manifest = manifests[0].best if manifests else None
        by_index = self._index().get("best")
        first, second = (by_manifest, by_index) if is_newest_readable else (by_index, by_manifest)
        best = first or second
        return str(best) if best else None

    def path(self, name: str) -> Path:
        """The local folder of the checkpoint `name`, downloaded if necessary.

        Raises CheckpointError if the artifact store does not answer, or has no complete one.
        """
        folder = self._root / name
        if self._mirror is None or (folder.is_dir() and find_fault(folder) is None):
            return folder
        if (fault := self._mirror.download(name, folder)) is not None:
            raise CheckpointError(f"The checkpoint {name} is incomplete or damaged: {fault}.")
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
        best = name if is_best else self._best
        write_checkpoint(self._root, name, checkpoint, step=step, best=best)
        self._latest, self._best = None, best
        self._damaged.discard(name)
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
        local = set(self._local_names())
        # After a resume on another machine the best checkpoint may be only in the artifact store.
        names = (local - self._damaged) | ({self._best} if self._best else set())
        kept = retained(sorted(names), best=self._best, keep_last=self._keep_last)
        self._write_index({"kept": kept, "best": self._best})
        for name in local - set(kept):
            shutil.rmtree(self._root / name, ignore_errors=True)
        if self._mirror is not None:
            self._mirror.notify()

    def _repair_index(self, latest: str) -> None:
        """Write the index anew if it lacks the newest checkpoint: the mirror deletes what it lacks."""
        path = self._root / INDEX
        text = path.read_text(errors="replace") if path.is_file() else ""
        if latest not in parse_index(text).get("kept", []):
            self._apply_retention()

    def _write_index(self, index: Mapping[str, Any]) -> None:
        try:
            write_durably(self._root / INDEX, json.dumps(index))
        except OSError as error:
            raise CheckpointError(
                f"The index of checkpoints could not be written to {self._root}: {error.strerror}. "
                "Free some space, then resume the same run."
            ) from error

    def _index(self) -> dict[str, Any]:
        """The index of the folder, or else of the artifact store; empty if neither can be read."""
        path = self._root / INDEX
        found = parse_index(path.read_text(errors="replace")) if path.is_file() else {}
        if not found and self._mirror is not None:
            found = self._mirror.index()
        return found

    def _manifest(self, name: str) -> Manifest | None:
        found = read_manifest(self._root / name)
        if found is None and self._mirror is not None and not (self._root / name).is_dir():
            found = self._mirror.manifest(name)
        return found

    def _local_names(self) -> list[str]:
        return [path.name for path in self._root.glob(f"{CHECKPOINT_PREFIX}*") if path.is_dir()]

    def _all_names(self) -> set[str]:
        names = set(self._local_names())
        if self._mirror is not None:
            names |= self._mirror.names()
        return names

    def _find_latest(self) -> str | None:
        faults = {}
        for name in sorted(self._all_names(), reverse=True):
            if (fault := self._fault(name)) is None:
                return name
            logger.warning("Skipped the checkpoint %s: %s.", name, fault)
            self._damaged.add(name)
            faults[name] = fault
        self._require_none_written(faults)
        return None

    def _require_none_written(self, faults: Mapping[str, str]) -> None:
        """Raise CheckpointError if there were complete checkpoints, of which `faults` says what is wrong.

        An upload that was interrupted never made a complete one: no index lists it. A folder is
        renamed to its name only when it is complete.
        """
        written = {*self._local_names(), *map(str, self._index().get("kept", []))}
        if not written:
            return
        newest = max(written)
        fault = faults.get(newest, "its folder is missing")
        place = self._root if self._mirror is None else "the artifact store"
        raise CheckpointError(
            f"The run has checkpoints, but none of them can be read: of the newest, {newest}, {fault}. "
            f"Restore the files in {place}, or start a new run."
        )

    def _fault(self, name: str) -> str | None:
        """Why the checkpoint cannot be used; downloads it if only the artifact store has it whole."""
        folder = self._root / name
        fault = find_fault(folder)
        if fault is None or self._mirror is None:
            return fault
        return self._mirror.download(name, folder)
