"""The recipes that can be trained, with the JSON Schemas of their parameters that are shipped."""

import functools
from collections.abc import Mapping
from pathlib import Path

import tracking_plugin
from api.jobs.params import Schema, read_schema, refusal

FOLDER = Path(tracking_plugin.__file__).parent / "recipes"
"""Written by `python -m training schema`."""


@functools.cache
def recipe_schemas() -> Mapping[str, Schema]:
    """JSON Schema of each recipe's parameters, by the recipe's name."""
    return {path.stem: read_schema(path) for path in sorted(FOLDER.glob("*.json"))}


def require_recipe(recipe: str, at: tuple[str, ...]) -> None:
    """Raises RequestValidationError for the field `at` if there is no such recipe."""
    if recipe not in recipe_schemas():
        known = ", ".join(recipe_schemas())
        raise refusal(at, f"there is no {recipe[:64]!r}; {known} was expected")
