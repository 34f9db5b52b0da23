"""The recipes that can be trained, with the JSON Schemas of their parameters that are shipped."""

import functools
from collections.abc import Mapping
from pathlib import Path

import tracking_plugin
from api.jobs.params import Schema, read_schema, refusal

FOLDER = Path(tracking_plugin.__file__).parent / "recipes"
"""Written by `python -m training schema`."""

DEFAULT_RECIPE = "retinal"
"""What is trained if a request names none; forms offer it first."""


@functools.cache
def recipe_schemas() -> Mapping[str, Schema]:
    """JSON Schema of each recipe's parameters, by the recipe's name: DEFAULT_RECIPE, then the others."""
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    names.sort(key=lambda name: name != DEFAULT_RECIPE)
    return {name: read_schema(FOLDER / f"{name}.json") for name in names}


def require_recipe(recipe: str, at: tuple[str, ...]) -> None:
    """Raises RequestValidationError for the field `at` if there is no such recipe."""
    if recipe not in recipe_schemas():
        known = ", ".join(recipe_schemas())
        raise refusal(at, f"there is no {recipe[:64]!r}; {known} was expected")
