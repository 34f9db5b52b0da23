"""Converts `--param name=value` options to the types that a recipe's JSON Schema names."""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from api.errors import ApiError
from api.jobs.schemas import RecipeEntry
from tracking_plugin.printable import printable

Schema = Mapping[str, Any]

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_EXPECTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


class ParamError(ApiError):
    """A recipe or a parameter that the server would refuse."""


def resolve_recipe(recipes: Iterable[RecipeEntry], name: str) -> RecipeEntry:
    """The recipe of that name; raises ParamError that lists the recipes if there is none."""
    by_name = {recipe.name: recipe for recipe in recipes}
    if name not in by_name:
        raise ParamError(
            f"--recipe {printable(name)}: the server has no such recipe, expected one of "
            f"{', '.join(by_name)}"
        )
    return by_name[name]


def typed_params(
    recipe: RecipeEntry, options: Iterable[str]
) -> dict[str, bool | int | float | str]:
    """The `name=value` options by name; raises ParamError that names a wrong parameter."""
    params: dict[str, bool | int | float | str] = {}
    for option in options:
        name, has_value, value = option.partition("=")
        if not has_value:
            raise ParamError(f"--param {printable(option)}: expected name=value")
        # The options of `python -m training` are spelled with hyphens.
        name = name.strip().replace("-", "_")
        if name in params:
            raise ParamError(f"--param {printable(name)}: given twice")
        params[name] = _typed(recipe, name, value)
    return params


def _typed(recipe: RecipeEntry, name: str, value: str) -> bool | int | float | str:
    properties: Mapping[str, Schema] = recipe.params_schema.get("properties", {})
    if name not in properties:
        raise ParamError(f"--param {printable(name)}: {_unknown(recipe, name, properties)}")
    schema = _resolved(properties[name], recipe.params_schema)
    choices = schema.get("enum")
    if choices is not None and value not in map(str, choices):
        expected = f"one of {', '.join(map(str, choices))}"
    else:
        try:
            return _converted(value, str(schema.get("type", "string")))
        except (ValueError, KeyError):
            expected = _EXPECTED[str(schema["type"])]
    raise ParamError(f"--param {printable(name)}: expected {expected}, got {printable(value)!r}")


def _converted(value: str, kind: str) -> bool | int | float | str:
    match kind:
        case "boolean":
            return _BOOLEANS[value.lower()]
        case "integer":
            return int(value)
        case "number":
            number = float(value)
            if not math.isfinite(number):
                raise ValueError(value)
            return number
        case _:
            return value


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema itself, or the one that its reference names, such as `#/$defs/Preset`."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = root
    for part in str(reference).removeprefix("#/").split("/"):
        found = found[part]
    return found if isinstance(found, Mapping) else {}


def _unknown(recipe: RecipeEntry, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    similar = difflib.get_close_matches(name, names, n=3)
    hint = (
        f"did you mean {' or '.join(similar)}?"
        if similar
        else f"its parameters are {', '.join(names)}"
    )
    return f"the recipe {recipe.name} has no such parameter, {hint}"
