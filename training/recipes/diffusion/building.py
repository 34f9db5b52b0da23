"""Builds the diffusion recipe on a rank: loads the base model, reads the data and reports them."""

from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from training.config import Precision
from training.diffusion.data.report import data_report, report_lines, write_names
from training.diffusion.families.family import Family, load_family
from training.diffusion.families.licence import licence_note
from training.precision import autocast_type, resolve_precision
from training.process import Process
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.data import DiffusionData, find_data
from training.recipes.diffusion.inputs import training_order
from training.recipes.diffusion.recipe import DiffusionRecipe
from training.recipes.diffusion.spec import require_base
from training.recipes.images.data import allowed_folders

NAMES = "image-names.json"


def build_recipe(
    config: DiffusionConfig, cache_dir: Path, process: Process, *, has_checkpoint: bool = False
) -> DiffusionRecipe:
    """A collective. Raises TrainingError if the base model or the data cannot be used."""
    require_base(config)
    quiet_libraries()
    family = load_family(
        config.base,
        dtype=weight_type(config.precision, process),
        device=process.device,
        clip_skip=config.clip_skip,
    )
    data = find_data(config, family.pixels_per_cell, allowed_folders(), process)
    for bucket in {image.placement.bucket for image in data.scan.images}:
        family.latent_shape(bucket.height, bucket.width)
    report = _report(config, data, family, process)
    if process.is_main:
        names = cache_dir / NAMES
        write_names(names, data.scan, family.token_report)
        print("\n".join(report_lines(report)), flush=True)
        print(f"Held out: {len(data.held_out):,} images, which are only measured.", flush=True)
        print(f"Names of the images, for you alone: {names}", flush=True)
    return DiffusionRecipe(
        config, data, family, process, cache_dir, report, has_checkpoint=has_checkpoint
    )


def quiet_libraries() -> None:
    """Without the progress bars of diffusers and transformers, which end up in logs."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def weight_type(precision: Precision, process: Process) -> torch.dtype:
    """The type of frozen weights: that of the arithmetic, as nothing is lost by it."""
    return autocast_type(resolve_precision(precision, process.device)) or torch.float32


def _report(
    config: DiffusionConfig, data: DiffusionData, family: Family, process: Process
) -> dict[str, Any]:
    plan = training_order(config, data, process).plan(config.epochs)
    return {
        **data_report(data.scan, plan, family.token_report),
        "held_out": len(data.held_out),
        "base_model": {"family": family.name, "digest": family.base_digest},
        "licence": licence_note(family.folder),
    }
