"""Describes what was trained for MLflow's model registry, with files that other programs load."""

import importlib.metadata
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from training.diffusion.export.diffusers_adapter import write_diffusers
from training.diffusion.export.embeddings import write_embeddings
from training.diffusion.export.facts import TrainingFacts
from training.diffusion.export.kohya_adapter import write_kohya
from training.diffusion.export.pipeline_folder import write_pipeline
from training.diffusion.families.family import Family
from training.diffusion.methods.adapters import AdapterPart
from training.diffusion.methods.full import FullPart
from training.diffusion.methods.textual_inversion import TextualInversionPart
from training.diffusion.methods.trained_part import TrainedPart
from training.recipe import PackagedModel
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.drawing import sample_settings

REGISTERED_CODE = Path(__file__).with_name("registered_generator.py")
REQUIREMENTS = ("diffusers", "mlflow", "numpy", "peft", "safetensors", "torch", "transformers")
TITLE = "fovea"


def package_generator(
    config: DiffusionConfig, family: Family, part: TrainedPart, report: Mapping[str, Any]
) -> PackagedModel:
    """The model, and a writer of its files in the formats of diffusers and kohya."""
    settings = sample_settings(config, family)
    return PackagedModel(
        code=REGISTERED_CODE,
        settings={
            "recipe": "diffusion",
            "method": str(config.method),
            "family": family.name,
            "base_model": str(family.folder),
            "base_digest": family.base_digest,
            "licence": report["licence"],
            "size": settings.width,
            "steps": settings.steps,
            "guidance": settings.guidance,
            "seed": config.seed,
        },
        input_example=np.array([config.prompts[0] if config.prompts else ""]),
        input_shape=(-1,),
        output_shape=(-1, settings.height, settings.width, 3),
        output_type="uint8",
        requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
        write_files=partial(_write_files, config, family, part, report),
    )


def training_facts(
    config: DiffusionConfig, family: Family, report: Mapping[str, Any]
) -> TrainingFacts:
    """What the files say of their training; no name of a file or caption of an image."""
    return TrainingFacts(
        title=TITLE,
        base_model=family.folder.name,
        base_model_hash=family.base_digest,
        resolution=(config.resolution, config.resolution),
        steps=report["steps"]["total_steps"],
        epochs=config.epochs,
        seed=config.seed,
        learning_rate=config.learning_rate,
        num_images=report["steps"]["images"],
        clip_skip=config.clip_skip,
        min_snr_gamma=config.min_snr_gamma or None,
        licence=report["licence"],
        trigger=config.placeholder,
        finished_at=time.time(),
    )


def _write_files(
    config: DiffusionConfig,
    family: Family,
    part: TrainedPart,
    report: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    folder: Path,
) -> dict[str, Path]:
    """Write the best weights in every format that they have; returns the paths by name."""
    part.load_checkpoint(weights)
    facts = training_facts(config, family, report)
    if isinstance(part, FullPart):
        return {"pipeline": write_pipeline(part, family.folder, folder / "pipeline")}
    if isinstance(part, TextualInversionPart):
        write_embeddings(part, folder / "embeddings", facts)
        return {"embeddings": folder / "embeddings"}
    assert isinstance(part, AdapterPart)  # there is no other kind
    write_diffusers(part, folder / "diffusers", facts)
    kohya = folder / "kohya" / f"{TITLE}.safetensors"
    return {"diffusers": folder / "diffusers", "kohya": write_kohya(part, kohya, facts)}
