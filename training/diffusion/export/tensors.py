"""Writes tensors to safetensors files, after a check that they are finite numbers."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.errors import WeightsError


def prepared(tensors: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Copies on the CPU in the type of the file. Raises WeightsError if one is not finite in it."""
    require_finite(tensors, dtype)
    return {
        name: tensor.detach().to("cpu", dtype).contiguous().clone()
        for name, tensor in tensors.items()
    }


def require_finite(tensors: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """Raise WeightsError if a number is not finite once it has the type `dtype`."""
    broken = [name for name, each in tensors.items() if not bool(each.to(dtype).isfinite().all())]
    if broken:
        advice = (
            "It has left the range of float16: export in float32 or bfloat16."
            if all(bool(tensors[name].isfinite().all()) for name in broken)
            else "The training has diverged: export an earlier checkpoint, or lower the learning rate."
        )
        raise WeightsError(
            f"{len(broken)} of {len(tensors)} tensors have numbers that are not finite, "
            f"such as {broken[0]}. {advice}"
        )


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Path:
    """Write a file that others never see half-written. Raises WeightsError if that fails."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(tensors), partial, metadata={"format": "pt", **metadata})
        os.replace(partial, path)  # noqa: PTH105, it overwrites on every system
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise WeightsError(
            f"{path} could not be written: {error}. Free some space, or choose another folder."
        ) from error
    return path


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a file. Raises WeightsError if it is no safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, no dict
            return tensors, dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{path} could not be read: {error}. Expected a safetensors file of trained weights."
        ) from error
