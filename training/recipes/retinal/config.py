"""Settings of the retinal recipe."""

from typing import Any

from pydantic import Field

from training.config import PATH
from training.recipes.classification.config import ClassifierConfig, complete_config


class RetinalConfig(ClassifierConfig):
    """All settings of the retinal recipe."""

    taxonomy: str = Field(
        "", description="YAML file; by default from the folder names", json_schema_extra=PATH
    )


def retinal_config(given: dict[str, Any], *, has_gpu: bool) -> RetinalConfig:
    """The complete configuration of the retinal recipe, as `complete_config` makes it."""
    return complete_config(RetinalConfig, given, has_gpu=has_gpu)
