"""Builds the diffusion recipe on a rank: loads the base model, reads the data and reports them."""

from functools import cache
from pathlib import Path
from typing import Any

from training.diffusion.data.order import StepPlan
from training.diffusion.data.report import CountTokens, data_report, report_lines, write_names
from training.diffusion.data.scan import content_digest
from training.diffusion.families.family import Family
from training.diffusion.families.licence import licence_note
from training.process import Process
from training.recipes.diffusion.base import open_base
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.data import DiffusionData, find_data
from training.recipes.diffusion.inputs import training_order
from training.recipes.diffusion.recipe import DiffusionRecipe
from training.recipes.diffusion.spec import require_base
from training.recipes.images.data import allowed_folders

NAMES = "image-names-{digest}.json"
"""Other data have a file of their own."""


def build_recipe(
    config: DiffusionConfig, cache_dir: Path, process: Process, *, has_checkpoint: bool = False
) -> DiffusionRecipe:
    """A collective. Raises TrainingError if the base model or the data cannot be used."""
    require_base(config)
    family = open_base(config, process)
    data = find_data(config, family.pixels_per_cell, allowed_folders(), process)
    for bucket in {image.placement.bucket for image in data.scan.images}:
        family.latent_shape(bucket.height, bucket.width)
    order = training_order(config, data, process)
    # The report and the file of names count the tokens of the same captions.
    count_tokens = cache(family.token_report)
    report = _report(data, family, order.plan(config.epochs), count_tokens)
    if process.is_main:
        names = cache_dir / NAMES.format(digest=content_digest(data.scan))
        write_names(names, data.scan, count_tokens)
        print("\n".join(report_lines(report)), flush=True)
        print(f"Held out: {len(data.held_out):,} images, which are only measured.", flush=True)
        print(f"Names of the images, for you alone: {names}", flush=True)
    return DiffusionRecipe(
        config, data, family, process, order, cache_dir, report, has_checkpoint=has_checkpoint
    )


def _report(
    data: DiffusionData, family: Family, plan: StepPlan, count_tokens: CountTokens
) -> dict[str, Any]:
    return {
        **data_report(data.scan, plan, count_tokens),
        "held_out": len(data.held_out),
        "base_model": {"family": family.name, "digest": family.base_digest},
        "licence": licence_note(family.folder),
    }
