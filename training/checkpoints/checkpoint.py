"""Writes one checkpoint to disk atomically, and verifies it before it is read.

A checkpoint is a folder with `model.safetensors` (weights), `ema.safetensors` (averaged weights,
if they are enabled), `state.pt` (optimizer, scaler, random states, progress) and
`checkpoint.json`, which is written last and lists every file with its size and SHA-256.
"""

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.durable_file import sync_to_disk
from training.errors import CheckpointError
from training.file_digest import file_sha256

MANIFEST = "checkpoint.json"
STATE = "state.pt"
PARTIAL_PREFIX = ".partial-"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The state that a training resumes from: named groups of tensors and all other values."""

    tensors: Mapping[str, Mapping[str, Tensor]]
    state: Mapping[str, Any]

    @property
    def evaluated_weights(self) -> Mapping[str, Tensor]:
        """The weights that are evaluated: the averaged weights if there are any."""
        return self.tensors.get("ema", self.tensors["model"])


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of a checkpoint's manifest."""

    files: Mapping[str, Mapping[str, Any]]
    """Size and SHA-256 of each file, by name."""
    best: str | None
    """Name of the checkpoint with the best evaluation until then, which may be this one."""

    @property
    def sizes_bytes(self) -> Mapping[str, int]:
        return {name: int(entry["size_bytes"]) for name, entry in self.files.items()}


def parse_manifest(text: str) -> Manifest | None:
    """The manifest in `text`; None if it is none, as after a power cut."""
    try:
        values = json.loads(text)
        files = {
            str(name): {"size_bytes": int(entry["size_bytes"]), "sha256": str(entry["sha256"])}
            for name, entry in values["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    best = values.get("best")
    return Manifest(files=files, best=best if isinstance(best, str) else None)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a checkpoint; None if it is missing or unreadable."""
    try:
        return parse_manifest((folder / MANIFEST).read_text())
    except (OSError, ValueError):
        return None


def write_checkpoint(
    root: Path, name: str, checkpoint: Checkpoint, *, step: int, best: str | None = None
) -> Path:
    """Write `root/name` atomically.

    If that fails, raises CheckpointError and leaves no files behind.
    """
    partial = root / f"{PARTIAL_PREFIX}{uuid.uuid4().hex}"
    target = root / name
    try:
        partial.mkdir(parents=True)
        _write_files(partial, checkpoint, step=step, best=best)
        sync_to_disk(partial)
        replaced = _set_aside(target)
        partial.rename(target)
        sync_to_disk(root)
        shutil.rmtree(replaced, ignore_errors=True)
    except Exception as error:
        # torch.save and safetensors raise their own error types when a write fails.
        shutil.rmtree(partial, ignore_errors=True)
        raise CheckpointError(_write_failure(root, step, error)) from error
    return target


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU; raises CheckpointError if it is incomplete or damaged."""
    if (fault := find_fault(folder)) is not None:
        raise CheckpointError(f"The checkpoint {folder.name} is incomplete or damaged: {fault}.")
    tensors = {path.stem: load_file(path) for path in sorted(folder.glob("*.safetensors"))}
    state = torch.load(folder / STATE, map_location="cpu", weights_only=True)
    return Checkpoint(tensors=tensors, state=state)


def find_fault(folder: Path) -> str | None:
    """Why `folder` is not a complete checkpoint, or None if it is one."""
    manifest = read_manifest(folder)
    if manifest is None:
        return f"{MANIFEST} is missing or unreadable"
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != expected["size_bytes"]:
            return f"{name} is missing or has another size than when it was written"
        if file_sha256(path) != expected["sha256"]:
            return f"{name} has changed since it was written"
    return None


def remove_incomplete(root: Path) -> None:
    """Remove incomplete checkpoints that killed processes left behind."""
    for path in root.glob(f"{PARTIAL_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)


def _set_aside(target: Path) -> Path:
    """Rename what is there already, which is removed only when its replacement is in place."""
    aside = target.with_name(f"{PARTIAL_PREFIX}{uuid.uuid4().hex}")
    if target.exists():
        target.rename(aside)
    return aside


def _write_files(folder: Path, checkpoint: Checkpoint, *, step: int, best: str | None) -> None:
    for group, tensors in checkpoint.tensors.items():
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(contiguous, folder / f"{group}.safetensors")
    torch.save(dict(checkpoint.state), folder / STATE)
    files = {}
    for path in sorted(folder.iterdir()):
        sync_to_disk(path)
        files[path.name] = {"size_bytes": path.stat().st_size, "sha256": file_sha256(path)}
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({"step": step, "best": best, "files": files}, indent=2))
    sync_to_disk(manifest)


def _write_failure(root: Path, step: int, error: Exception) -> str:
    try:
        free = f"{shutil.disk_usage(root).free / 2**20:.0f} MiB are free there"
    except OSError:
        free = "the folder cannot be read"
    return (
        f"The checkpoint of step {step} could not be written to {root}: {error}; {free}. "
        "Free some space or choose another artifact store, then resume the same run."
    )
