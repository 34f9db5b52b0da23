"""Loads pre-trained backbone weights from a file and refuses a file that does not fit.

Supported layouts: RETFound's MAE files (a state dict under `model`, with the decoder), RETFound's
DINOv2 files (under `teacher`, with the prefix `backbone.`), plain state dicts and safetensors.
"""

import argparse
import logging
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from training.errors import WeightsError, first_line

logger = logging.getLogger(__name__)

StateDict = dict[str, Tensor]

CHUNKED_BLOCK = re.compile(r"^blocks\.\d+\.(\d+)\.")
"""DINOv2 can store its blocks in chunks; the second number is the block's index."""

PRETRAINING_ONLY = ("decoder_", "mask_token", "dino_head.", "ibot_head.", "head.", "fc_norm.")
"""Prefixes of tensors that only pre-training needs."""


def load_backbone_weights(model: nn.Module, path: Path) -> None:
    """Load `path` into `model`, except for its classifier, which keeps its initial weights.

    Raises WeightsError as `read_backbone_weights` does.
    """
    weights = read_backbone_weights(model, path)
    initial = model.load_state_dict(weights, strict=False).missing_keys
    logger.info(
        "Loaded %d tensors from %s; randomly initialised: %s.", len(weights), path.name, initial
    )


def read_backbone_weights(model: nn.Module, path: Path) -> StateDict:
    """Read the tensors in `path` for `model`, which may be on the meta device.

    Position embeddings are interpolated to the model's image size. Raises WeightsError if the file
    cannot be read, or if a tensor other than the classifier's is missing, unexpected or of another
    shape.
    """
    weights = _without_pretraining(_read_state_dict(path))
    if isinstance(model, VisionTransformer):
        weights = _fit_vision_transformer(weights, model)
    expected = model.state_dict()
    initial = _initialised_keys(model)
    weights = {name: tensor for name, tensor in weights.items() if name not in initial}
    missing = sorted(set(expected) - set(weights) - initial)
    unexpected = sorted(set(weights) - set(expected))
    reshaped = sorted(
        name for name in set(weights) & set(expected) if weights[name].shape != expected[name].shape
    )
    if missing or unexpected or reshaped:
        raise WeightsError(_mismatch(path, model, missing, unexpected, reshaped))
    return weights


def _read_state_dict(path: Path) -> StateDict:
    content = _read_file(path)
    if "teacher" in content:
        prefix = "backbone."
        teacher = cast(StateDict, content["teacher"])
        return {
            CHUNKED_BLOCK.sub(r"blocks.\1.", name.removeprefix(prefix)): tensor
            for name, tensor in teacher.items()
            if name.startswith(prefix)
        }
    for key in ("model", "state_dict"):
        if isinstance(content.get(key), Mapping):
            return dict(cast(Mapping[str, Tensor], content[key]))
    return {name: tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}


def _read_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}.")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        # RETFound's files contain their training arguments; no other class is allowed.
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"The weights file {path} contains objects other than tensors, and code from files is "
            f"not run: {first_line(error)}"
        ) from error
    except (OSError, RuntimeError, EOFError, SafetensorError) as error:
        raise WeightsError(
            f"The weights file {path} cannot be read as a PyTorch or safetensors file: "
            f"{first_line(error)}"
        ) from error
    if not isinstance(content, dict):
        raise WeightsError(
            f"The weights file {path} contains a {type(content).__name__}; expected a dict of tensors."
        )
    return content


def _without_pretraining(weights: StateDict) -> StateDict:
    return {
        name: tensor
        for name, tensor in weights.items()
        # timm recognises the DINOv2 layout by the mask token, and removes it.
        if name == "mask_token" or not name.startswith(PRETRAINING_ONLY)
    }


def _fit_vision_transformer(weights: StateDict, model: VisionTransformer) -> StateDict:
    has_convolution = weights.get("patch_embed.proj.weight", torch.empty(0)).ndim == 4
    if not has_convolution:
        return weights
    is_mae = "cls_token" in weights and "blocks.0.ls1.gamma" not in weights
    if is_mae:
        weights.pop("mask_token", None)
    fitted = checkpoint_filter_fn(weights, model)
    if isinstance(model.norm, nn.Identity):
        # With average pooling a new norm follows the pooling, as in RETFound's fine-tuning.
        fitted.pop("norm.weight", None)
        fitted.pop("norm.bias", None)
    return fitted


def _initialised_keys(model: nn.Module) -> set[str]:
    """Parameters without pre-trained values: the classifier, and a norm after average pooling."""
    classifier = {id(tensor) for tensor in model.get_classifier().parameters()}  # type: ignore[operator]
    keys = {name for name, tensor in model.named_parameters() if id(tensor) in classifier}
    if isinstance(model, VisionTransformer):
        keys |= {name for name, _ in model.named_parameters() if name.startswith("fc_norm.")}
    return keys


def _mismatch(
    path: Path, model: nn.Module, missing: list[str], unexpected: list[str], reshaped: list[str]
) -> str:
    parts = [
        f"{len(names)} {problem} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        for problem, names in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", reshaped),
        )
        if names
    ]
    return (
        f"The weights file {path} does not fit the configured {type(model).__name__}: "
        f"tensors {', '.join(parts)}. Choose the preset or backbone that the file was made with."
    )
