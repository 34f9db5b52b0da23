"""Writes one checkpoint to disk atomically, and verifies it before it is read.

A checkpoint is a folder with `model.safetensors` (weights), `ema.safetensors` (averaged weights,
if they are enabled), `state.pt` (optimizer, scaler, random states, progress) and
`checkpoint.json`, which is written last and lists every file with its size and SHA-256.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.errors import CheckpointError

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


def write_checkpoint(root: Path, name: str, checkpoint: Checkpoint, *, step: int) -> Path:
    """Write `root/name` atomically.

    If that fails, raises CheckpointError and leaves no files behind.
    """
    partial = root / f"{PARTIAL_PREFIX}{uuid.uuid4().hex}"
    target = root / name
    try:
        partial.mkdir(parents=True)
        _write_files(partial, checkpoint, step=step)
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
        _sync_folder(root)
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
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        files: dict[str, dict[str, Any]] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"{MANIFEST} is missing or unreadable"
    for name, expected in files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != expected["size_bytes"]:
            return f"{name} is missing or has another size than when it was written"
        if _sha256(path) != expected["sha256"]:
            return f"{name} has changed since it was written"
    return None


def remove_incomplete(root: Path) -> None:
    """Remove incomplete checkpoints that killed processes left behind."""
    for path in root.glob(f"{PARTIAL_PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)


def _write_files(folder: Path, checkpoint: Checkpoint, *, step: int) -> None:
    for group, tensors in checkpoint.tensors.items():
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(contiguous, folder / f"{group}.safetensors")
    torch.save(dict(checkpoint.state), folder / STATE)
    files = {}
    for path in sorted(folder.iterdir()):
        _sync_file(path)
        files[path.name] = {"size_bytes": path.stat().st_size, "sha256": _sha256(path)}
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({"step": step, "files": files}, indent=2))
    _sync_file(manifest)


def _write_failure(root: Path, step: int, error: Exception) -> str:
    try:
        free = f"{shutil.disk_usage(root).free / 2**20:.0f} MiB are free there"
    except OSError:
        free = "the folder cannot be read"
    return (
        f"The checkpoint of step {step} could not be written to {root}: {error}; {free}. "
        "Free some space or choose another artifact store, then resume the same run."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
