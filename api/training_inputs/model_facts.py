"""Reads from a base model's folder which family it is of, its licence and its size."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.training_inputs.folder_files import UncountedError, WalkLimits, folders_of_files
from tracking_plugin.base_models import (
    CARD_FILE,
    MAX_CARD_BYTES,
    STABLE_DIFFUSION_BY_TEXT_WIDTH,
    card_licence,
)
from tracking_plugin.data_roots import DataRoots
from tracking_plugin.printable import printable

INDEX = "model_index.json"
_MAX_JSON_BYTES = 256 * 1024
_LONGEST_CLASS_NAME = 250

_FAMILIES: Mapping[str, str] = {
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusion3Pipeline": "sd3",
    "FluxPipeline": "flux",
    "QwenImagePipeline": "qwen-image",
    "ZImagePipeline": "z-image",
}
"""The family of each pipeline class of diffusers that has only one."""
_STABLE_DIFFUSION = "StableDiffusionPipeline"


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What a folder or a file says about itself; `unknown` is why a fact is None, else empty."""

    family: str | None = None
    pipeline: str | None = None
    """The class of diffusers' pipeline."""
    licence: str = ""
    size_bytes: int | None = None
    unknown: str = ""


def read_model(path: Path, roots: DataRoots, limits: WalkLimits) -> ModelFacts:
    """The facts of a diffusers folder, or of a single file of weights."""
    if path.is_file():
        reason = "a file of weights does not say of which family it is"
        return ModelFacts(size_bytes=path.stat().st_size, unknown=reason)
    pipeline, reason = _pipeline(path)
    family = _family(path, pipeline)
    if not reason and family is None:
        reason = f"no family is known for the pipeline {printable(pipeline or '', 100)}"
    size_bytes = None
    try:
        size_bytes = sum(
            entry.stat().st_size
            for files in folders_of_files(path, roots, limits)
            for entry in files
        )
    except UncountedError as error:
        reason = "; ".join(part for part in (reason, f"no size, because {error}") if part)
    return ModelFacts(
        family=family,
        pipeline=pipeline,
        licence=card_licence(_head(path / CARD_FILE, MAX_CARD_BYTES)),
        size_bytes=size_bytes,
        unknown=reason,
    )


def _pipeline(folder: Path) -> tuple[str | None, str]:
    """The class of the pipeline; or None, and why it is not known."""
    if not (folder / INDEX).is_file():
        return None, f"no family, because the folder has no {INDEX}"
    name = _read_json(folder / INDEX).get("_class_name")
    if not isinstance(name, str) or not name:
        return None, f"no family, because {INDEX} does not name a pipeline in _class_name"
    return name[:_LONGEST_CLASS_NAME], ""


def _family(folder: Path, pipeline: str | None) -> str | None:
    if pipeline != _STABLE_DIFFUSION:
        return _FAMILIES.get(pipeline or "")
    width = _read_json(folder / "unet" / "config.json").get("cross_attention_dim")
    return STABLE_DIFFUSION_BY_TEXT_WIDTH.get(width) if isinstance(width, int) else None


def _read_json(path: Path) -> Mapping[str, Any]:
    """The object in a small file; empty if it is none."""
    try:
        found = json.loads(_head(path, _MAX_JSON_BYTES))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _head(path: Path, max_bytes: int) -> str:
    """The beginning of a text file; empty if it cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(max_bytes).decode("utf-8", errors="replace")
    except OSError:
        return ""
