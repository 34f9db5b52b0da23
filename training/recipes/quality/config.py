"""Settings of the quality recipe; the defaults are those of the preset `small`."""

from typing import Any, ClassVar

from pydantic import Field

from training.recipes.classification.config import ClassifierConfig, Preset, complete_config
from training.recipes.quality.classes import REASONS

UNCHANGED_BRIGHTNESS: dict[str, Any] = {
    "smallest_crop": 1.0,
    "rand_augment_ops": 0,
    "random_erasing": 0.0,
}
"""An augmentation that crops, darkens or erases would degrade the images that are called gradable."""


class QualityConfig(ClassifierConfig):
    """All settings of the quality recipe."""

    recipe_version: ClassVar[int] = 2
    """Since 2, overexposed copies of dark images have saturated parts, too."""

    preset: Preset = Field(Preset.SMALL, description="defaults for everything below")
    degraded_copies: int = Field(
        1, ge=1, le=len(REASONS), description="degraded copies of each image, each in another way"
    )


def quality_config(given: dict[str, Any], *, has_gpu: bool) -> QualityConfig:
    """The complete configuration. Raises ConfigError that names every wrong setting."""
    return complete_config(QualityConfig, given, has_gpu=has_gpu, defaults=UNCHANGED_BRIGHTNESS)
