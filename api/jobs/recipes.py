"""What may be trained, and with which parameters: the recipes' own schemas, as they are shipped."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError
from jsonschema import Draft202012Validator

import tracking_plugin

FOLDER = Path(tracking_plugin.__file__).parent / "recipes"
"""`python -m training schema` writes them."""


@functools.cache
def recipe_schemas() -> Mapping[str, Mapping[str, Any]]:
    """JSON Schema of each recipe's parameters, by the recipe's name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def require_recipe(recipe: str, at: tuple[str, ...]) -> None:
    """RequestValidationError, naming the field `at`, where there is no such recipe."""
    if recipe not in recipe_schemas():
        known = ", ".join(recipe_schemas())
        raise _refusal((*at,), f"there is no {recipe[:64]!r}; {known} was expected")


def require_params(recipe: str, params: Mapping[str, Any], at: tuple[str, ...]) -> None:
    """RequestValidationError that names each parameter which the recipe does not take so."""
    validator = Draft202012Validator(recipe_schemas()[recipe])
    problems = [
        {"loc": (*at, *map(str, error.absolute_path)), "msg": _sentence(error.message)}
        for error in validator.iter_errors(dict(params))
    ]
    if problems:
        raise RequestValidationError(problems)


def _refusal(at: tuple[str, ...], message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": at, "msg": message}])


def _sentence(message: str) -> str:
    return message[:300]
