"""The diffusion recipe in the registry: how it is configured, checked, built on a rank and evaluated.

Slow imports happen where they are used: the driver of a cluster's job only configures.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from training.config import EvaluateConfig, FrozenConfig, LoopConfig
from training.errors import ConfigError
from training.process import Process
from training.recipe import EvaluationReport, RecordedRecipe, TrainedModel
from training.recipes.diffusion.config import (
    DiffusionConfig,
    DiffusionEvaluateConfig,
    diffusion_config,
)

PACKAGES = ("diffusers", "peft", "transformers")
CACHE = "diffusion-cache"
"""In the data folder: latents and embeddings that runs share."""


class DiffusionSpec:
    """Implements `training.recipe.LoopSpec`."""

    @property
    def config_class(self) -> type[LoopConfig]:
        return DiffusionConfig

    @property
    def evaluate_class(self) -> type[EvaluateConfig]:
        return DiffusionEvaluateConfig

    def configure(self, given: Mapping[str, Any], *, has_gpu: bool) -> DiffusionConfig:
        return diffusion_config(dict(given))

    def check(self, config: FrozenConfig, data_dir: Path) -> None:
        require_packages()
        from training.diffusion.data.captioned_folder import list_captioned  # noqa: PLC0415
        from training.diffusion.families.hub import base_folder  # noqa: PLC0415
        from training.diffusion.families.pipeline_folder import (  # noqa: PLC0415
            open_pipeline_folder,
        )
        from training.recipes.diffusion.data import caption_rules, data_folder  # noqa: PLC0415
        from training.recipes.images.data import allowed_folders  # noqa: PLC0415

        diffusion = cast(DiffusionConfig, config)
        require_base(diffusion)
        require_known_checker(diffusion)
        open_pipeline_folder(base_folder(diffusion.base))
        list_captioned(data_folder(diffusion), caption_rules(diffusion), allowed_folders())

    def evaluate(
        self, trained: TrainedModel, options: EvaluateConfig, data_dir: Path, process: Process
    ) -> EvaluationReport:
        from training.recipes.diffusion.evaluation import evaluate_generator  # noqa: PLC0415

        return evaluate_generator(trained, cast(DiffusionEvaluateConfig, options), process)

    def build(
        self, config: LoopConfig, data_dir: Path, process: Process, *, has_checkpoint: bool = False
    ) -> RecordedRecipe:
        require_packages()
        from training.recipes.diffusion.building import build_recipe  # noqa: PLC0415

        return build_recipe(
            cast(DiffusionConfig, config),
            data_dir / CACHE,
            process,
            has_checkpoint=has_checkpoint,
        )


def require_packages() -> None:
    """Raises ConfigError that says what to install."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"The recipe diffusion needs {', '.join(missing)}: "
            "pip install 'mlflow-fovea[diffusion]'."
        )


def require_known_checker(config: DiffusionConfig) -> None:
    """Raises ConfigError for an encoder or a name that would be refused after the training."""
    from training.diffusion.quality.encoder_choice import require_choice  # noqa: PLC0415
    from training.diffusion.quality.gate import require_name  # noqa: PLC0415

    if config.check_images:
        require_choice(config.check_encoder)
    if config.allow_memorised is not None:
        require_name(config.allow_memorised)


def require_base(config: DiffusionConfig) -> None:
    """Raises ConfigError if no base model is named."""
    if not config.base:
        raise ConfigError(
            "base_model: give the folder of a diffusers pipeline, with its model_index.json, or "
            "--base-model-id with its id on the hub."
        )
