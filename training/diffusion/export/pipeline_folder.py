"""Writes a trained model as a folder that diffusers' pipelines load."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.diffusion.export.tensors import require_finite
from training.diffusion.methods.full import FullPart
from training.errors import WeightsError

PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth", "*.msgpack")


def write_pipeline(
    part: FullPart, base: Path, folder: Path, *, dtype: torch.dtype = torch.float32
) -> Path:
    """Write the folder `base` of the base model with the trained networks in place of its own.

    What was not trained is copied, with the licence and without pickles. Raises WeightsError if a
    number is not finite, if `folder` exists already, or if writing fails.
    """
    if folder.exists():
        raise WeightsError(f"{folder} exists already; choose a folder that does not.")
    require_finite(part.weights(), dtype)
    trained = {name.partition(".")[0] for name in part.weights()}
    networks = {name: net for name, net in part.components.networks() if name in trained}
    partial = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}.partial")
    try:
        shutil.copytree(base, partial, ignore=shutil.ignore_patterns(".*", *PICKLES, *networks))
        for name, network in networks.items():
            with _in_dtype(network, dtype):
                _save(network, partial / name)
        os.replace(partial, folder)  # noqa: PTH105, it says that both are folders
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise WeightsError(
            f"The pipeline could not be written to {folder}: {error}. Free some space, or choose "
            "another folder."
        ) from error
    return folder


def _save(network: Any, folder: Path) -> None:
    network.save_pretrained(folder, safe_serialization=True)


@contextmanager
def _in_dtype(network: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """Within it, the network has its weights in another type."""
    kept = {name: parameter.data for name, parameter in network.named_parameters()}
    try:
        for parameter in network.parameters():
            parameter.data = parameter.data.to(dtype)
        yield
    finally:
        for name, parameter in network.named_parameters():
            parameter.data = kept[name]
