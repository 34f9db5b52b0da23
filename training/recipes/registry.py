"""The recipes there are, by name."""

from training.errors import ConfigError
from training.recipe import RecipeKind
from training.recipes.retinal.spec import RetinalSpec

RECIPES: dict[str, RecipeKind] = {"retinal": RetinalSpec()}


def recipe_kind(name: str) -> RecipeKind:
    """The recipe called `name`; ConfigError if there is none."""
    if name not in RECIPES:
        raise ConfigError(f"recipe: there is no {name!r}; choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]
