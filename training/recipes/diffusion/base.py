"""Opens the base model of a training, and attaches to it what is trained."""

import diffusers
import torch
import transformers

from training.config import Precision
from training.diffusion.families.family import Family, load_family
from training.diffusion.methods.components import Components
from training.diffusion.methods.registry import attach
from training.diffusion.methods.trained_part import TrainedPart
from training.precision import autocast_type, resolve_precision
from training.process import Process
from training.recipes.diffusion.config import DiffusionConfig
from training.recipes.diffusion.options import method_options


def open_base(config: DiffusionConfig, process: Process) -> Family:
    """The base model on the device of this rank. Raises WeightsError if it cannot be used."""
    quiet_libraries()
    return load_family(
        config.base,
        dtype=weight_type(config.precision, process),
        device=process.device,
        clip_skip=config.clip_skip,
    )


def attach_method(config: DiffusionConfig, family: Family) -> TrainedPart:
    """What is trained, with its first weights. Raises ConfigError if it does not fit the base model."""
    return attach(config.method, Components.of(family), method_options(config), config.seed)


def quiet_libraries() -> None:
    """Without the progress bars of diffusers and transformers, which end up in logs."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def weight_type(precision: Precision, process: Process) -> torch.dtype:
    """The type of frozen weights: that of the arithmetic, as nothing is lost by it."""
    return autocast_type(resolve_precision(precision, process.device)) or torch.float32
