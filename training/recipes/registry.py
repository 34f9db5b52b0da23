"""The registry of recipes. A new recipe is a folder with a RecipeSpec and one line here."""

import importlib
from typing import cast

from training.errors import ConfigError
from training.recipe_spec import RecipeSpec

RECIPES: dict[str, str] = {
    "retinal": "training.recipes.retinal.spec:RetinalSpec",
    "quality": "training.recipes.quality.spec:QualitySpec",
    "segmentation": "training.recipes.segmentation.spec:SegmentationSpec",
    "diffusion": "training.recipes.diffusion.spec:DiffusionSpec",
    "tables": "training.recipes.tables.spec:TablesSpec",
}
"""Module and class of each RecipeSpec; imported on use, because many recipes need torch."""


def recipe_spec(name: str) -> RecipeSpec:
    """The recipe of that name. Raises ConfigError if there is none."""
    if name not in RECIPES:
        raise ConfigError(f"recipe: there is no {name!r}; choose one of {', '.join(RECIPES)}.")
    module, class_name = RECIPES[name].split(":")
    return cast(RecipeSpec, getattr(importlib.import_module(module), class_name)())
