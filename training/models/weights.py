"""Loads backbone weights from a file and insists that they fit.

Understands the layouts of RETFound's own files: MAE (a state dict under `model`, decoder and all)
and DINOv2 (under `teacher`, prefixed `backbone.`), besides plain state dicts and safetensors.
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
"""DINOv2 trains its blocks in chunks; the second number is the block's own."""

PRETRAINING_ONLY = ("decoder_", "mask_token", "dino_head.", "ibot_head.", "head.", "fc_norm.")
"""Prefixes of what pre-training leaves in a file and a classifier has no use for."""


def load_backbone_weights(model: nn.Module, path: Path) -> None:
    """Load `path` into all of `model` but its classifier, which stays as initialised.

    Position embeddings are interpolated to the model's image size. WeightsError as `check_weights`.
    """
    weights = check_weights(model, path)
    fresh = model.load_state_dict(weights, strict=False).missing_keys
    logger.info("Loaded %d tensors from %s; new: %s.", len(weights), path.name, fresh)


def check_weights(model: nn.Module, path: Path) -> StateDict:
    """The tensors that `path` has for `model`, which may be on the meta device.

    WeightsError if the file cannot be read, or if any tensor but the classifier's is missing, left
    over or of another shape.
    """
    weights = _without_pretraining(_read_state_dict(path))
    if isinstance(model, VisionTransformer):
        weights = _fit_vision_transformer(weights, model)
    expected = model.state_dict()
    fresh = _classifier_keys(model)
    weights = {name: tensor for name, tensor in weights.items() if name not in fresh}
    missing = sorted(set(expected) - set(weights) - fresh)
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
        # RETFound's files carry their training arguments; no other class is let in.
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"The weights file {path} holds something else than tensors, and code from files is "
            "not run: "
            f"{first_line(error)}"
        ) from error
    except (OSError, RuntimeError, EOFError, SafetensorError) as error:
        raise WeightsError(
            f"The weights file {path} cannot be read; expected a PyTorch or safetensors file: "
            f"{first_line(error)}"
        ) from error
    if not isinstance(content, dict):
        raise WeightsError(f"The weights file {path} holds a {type(content).__name__}, not a dict.")
    return content


def _without_pretraining(weights: StateDict) -> StateDict:
    return {
        name: tensor
        for name, tensor in weights.items()
        # DINOv2's mask token is kept for now: timm knows that layout by it.
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
        # With average pooling the norm comes after it and is new, as in RETFound's fine-tuning.
        fitted.pop("norm.weight", None)
        fitted.pop("norm.bias", None)
    return fitted


def _classifier_keys(model: nn.Module) -> set[str]:
    """Parameters that no pre-training gives: the classifier, and a norm behind average pooling."""
    classifier = {id(tensor) for tensor in model.get_classifier().parameters()}  # type: ignore[operator]
    fresh = {name for name, tensor in model.named_parameters() if id(tensor) in classifier}
    if isinstance(model, VisionTransformer):
        fresh |= {name for name, _ in model.named_parameters() if name.startswith("fc_norm.")}
    return fresh


def _mismatch(
    path: Path, model: nn.Module, missing: list[str], unexpected: list[str], reshaped: list[str]
) -> str:
    parts = [
        f"{len(names)} {what} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        for what, names in (
            ("missing", missing),
            ("left over", unexpected),
            ("of another shape", reshaped),
        )
        if names
    ]
    return (
        f"The weights file {path} is not of a {type(model).__name__} like the one configured: "
        f"tensors {', '.join(parts)}. Choose the preset or backbone that the file was made with."
    )
