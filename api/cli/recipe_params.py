"""A recipe's parameters as words of a command line, made into what its JSON Schema says they are."""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from api.errors import ApiError
from api.jobs.schemas import RecipeEntry
from api.printable import printable

Schema = Mapping[str, Any]

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_EXPECTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


class ParamError(ApiError):
    """A parameter that the recipe does not take so."""


def chosen_recipe(recipes: Iterable[RecipeEntry], name: str) -> RecipeEntry:
    """ParamError that lists the recipes where none has that name."""
    by_name = {recipe.name: recipe for recipe in recipes}
    if name not in by_name:
        raise ParamError(
            f"--recipe {printable(name)}: the server has no such recipe, one of "
            f"{', '.join(by_name)} was expected"
        )
    return by_name[name]


def typed_params(recipe: RecipeEntry, words: Iterable[str]) -> dict[str, bool | int | float | str]:
    """`name=value` words as values; ParamError names the parameter that is wrong."""
    params: dict[str, bool | int | float | str] = {}
    for word in words:
        name, has_value, value = word.partition("=")
        if not has_value:
            raise ParamError(f"--param {printable(word)}: name=value was expected")
        # As the training's own options are spelled.
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
    raise ParamError(
        f"--param {printable(name)}: {expected} was expected, but {printable(value)!r} came"
    )


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
    """What a reference such as `#/$defs/Preset` stands for."""
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
    hint = f"did you mean {' or '.join(similar)}?" if similar else f"it takes {', '.join(names)}"
    return f"the recipe {recipe.name} has no such parameter, {hint}"
