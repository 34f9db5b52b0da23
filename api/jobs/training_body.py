"""Translates `type` and `config` of POST /api/training/ into a recipe and its settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.exceptions import RequestValidationError

from api.jobs.params import refusal, require_params
from api.jobs.recipes import recipe_schemas
from tracking_plugin.base_models import HUB_ID

DIFFUSION = "diffusion"
METHOD = "method"

METHOD_OF_TYPE: Mapping[str, str] = {
    "lora": "lora",
    "lokr": "lokr",
    "dora": "dora",
    "dreambooth": "dreambooth",
    "textual_inversion": "textual_inversion",
    "full": "full",
    "full_finetune": "full",
}
"""The types that are no recipe: methods of the recipe `diffusion`."""

SETTING_OF_FIELD: Mapping[str, str] = {
    "num_epochs": "epochs",
    "lora_rank": "rank",
    "lora_alpha": "alpha",
}
"""The fields of `config` that a recipe calls otherwise; all others have the recipe's names."""


@dataclass(frozen=True, kw_only=True)
class _BaseModelSettings:
    """The settings of a recipe that name the model to start from, by where the model is."""

    path: str = "weights"
    hub_id: str | None = None


_BASE_MODEL_SETTINGS: Mapping[str, _BaseModelSettings] = {
    DIFFUSION: _BaseModelSettings(path="base_model", hub_id="base_model_id")
}


def base_model_setting(recipe: str, model: str, at: tuple[str, ...]) -> str:
    """The setting of a recipe that takes `model`, a path or an id on the hub.

    Raises RequestValidationError for an id on the hub if the recipe loads paths alone.
    """
    settings = _BASE_MODEL_SETTINGS.get(recipe, _BaseModelSettings())
    if not re.fullmatch(HUB_ID, model):
        return settings.path
    if settings.hub_id is None:
        message = (
            f"{model} is an id on the hub, and the recipe {recipe[:64]} starts from a file: "
            "download the model, and give the absolute path of its weights"
        )
        raise refusal(at, message)
    return settings.hub_id


def recipe_of_type(type_: str) -> str:
    """The recipe of a type. Raises RequestValidationError that names all types there are."""
    recipe = DIFFUSION if type_ in METHOD_OF_TYPE else type_
    schemas = recipe_schemas()
    if recipe not in schemas:
        methods = METHOD_OF_TYPE if DIFFUSION in schemas else ()
        known = ", ".join(dict.fromkeys((*schemas, *methods)))
        raise refusal(("body", "type"), f"there is no {type_[:64]!r}; {known} was expected")
    return recipe


def settings_of_config(
    type_: str, config: Mapping[str, Any], at: tuple[str, ...]
) -> dict[str, Any]:
    """The recipe's settings. Raises RequestValidationError that names the field of `config`."""
    settings: dict[str, Any] = {}
    field_of: dict[str, str] = {}
    for field, value in config.items():
        setting = SETTING_OF_FIELD.get(field, field)
        if setting in settings:
            both = f"it is the same as {field_of[setting]}: give one of them"
            raise refusal((*at, field), both)
        settings[setting], field_of[setting] = value, field
    if type_ in METHOD_OF_TYPE:
        if METHOD in settings:
            raise refusal((*at, METHOD), f"the type {type_} says it: leave it out")
        settings[METHOD] = METHOD_OF_TYPE[type_]
    _require_settings(recipe_of_type(type_), settings, field_of, at)
    return settings


def _require_settings(
    recipe: str, settings: Mapping[str, Any], field_of: Mapping[str, str], at: tuple[str, ...]
) -> None:
    try:
        require_params(recipe_schemas()[recipe], settings, at)
    except RequestValidationError as error:
        problems = [
            {**problem, "loc": _as_given(tuple(problem["loc"]), field_of, at)}
            for problem in error.errors()
        ]
        raise RequestValidationError(problems) from None


def _as_given(
    loc: tuple[str, ...], field_of: Mapping[str, str], at: tuple[str, ...]
) -> tuple[str, ...]:
    """The place of a problem by the name that the request has used."""
    if len(loc) <= len(at):
        return loc
    setting, *rest = loc[len(at) :]
    return (*at, field_of.get(setting, setting), *rest)
