"""The body of POST /api/training/ becomes a recipe with its settings, and mistakes have the body's own names."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError

from api.jobs import training_body
from api.jobs.training_body import (
    METHOD_OF_TYPE,
    base_model_setting,
    recipe_of_type,
    settings_of_config,
)

AT = ("body", "config")
LORA_STUDIO = {
    "learning_rate": 0.0001,
    "batch_size": 4,
    "num_epochs": 10,
    "lora_rank": 4,
    "lora_alpha": 32,
}
"""The example of the document of system E."""
SETTINGS = ("learning_rate", "batch_size", "epochs", "rank", "alpha")
DIFFUSION_SCHEMA = {
    "properties": {
        **{name: {"type": "number", "exclusiveMinimum": 0} for name in SETTINGS},
        "method": {"enum": sorted(set(METHOD_OF_TYPE.values()))},
    },
    "additionalProperties": False,
}


@pytest.fixture
def diffusion(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe, as far as its settings are used here."""
    schemas: Mapping[str, Any] = {"diffusion": DIFFUSION_SCHEMA, "other": {}}
    monkeypatch.setattr(training_body, "recipe_schemas", lambda: schemas)


@pytest.mark.parametrize("type_", METHOD_OF_TYPE)
@pytest.mark.usefixtures("diffusion")
def test_a_method_is_a_type_with_the_settings_of_the_recipe(type_: str) -> None:
    assert recipe_of_type(type_) == "diffusion"
    assert settings_of_config(type_, LORA_STUDIO, AT) == {
        "learning_rate": 0.0001,
        "batch_size": 4,
        "epochs": 10,
        "rank": 4,
        "alpha": 32,
        "method": METHOD_OF_TYPE[type_],
    }


@pytest.mark.usefixtures("diffusion")
def test_the_recipe_itself_is_a_type_too() -> None:
    assert settings_of_config("diffusion", {"method": "dora", "epochs": 1}, AT) == {
        "method": "dora",
        "epochs": 1,
    }


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"num_epochs": 0}, ("num_epochs",)),
        ({"lora_rank": "many"}, ("lora_rank",)),
        ({"rank": 0}, ("rank",)),
        ({"lora_rank": 4, "rank": 8}, ("rank",)),
        ({"method": "dora"}, ("method",)),
        ({"no_such_thing": 1}, ()),
    ],
)
@pytest.mark.usefixtures("diffusion")
def test_a_mistake_has_the_name_that_the_request_has_used(
    config: dict[str, Any], field: tuple[str, ...]
) -> None:
    with pytest.raises(RequestValidationError) as refused:
        settings_of_config("lora", config, AT)
    assert tuple(refused.value.errors()[0]["loc"]) == (*AT, *field)


@pytest.mark.usefixtures("diffusion")
def test_an_unknown_type_is_refused_with_recipes_and_methods() -> None:
    with pytest.raises(RequestValidationError) as refused:
        recipe_of_type("midjourney")
    message = refused.value.errors()[0]["msg"]
    assert "'midjourney'" in message
    assert {"diffusion,", "other,", "lora,"} <= set(message.split())


@pytest.mark.parametrize(
    ("recipe", "model", "setting"),
    [
        ("diffusion", "/models/sd", "base_model"),
        ("diffusion", "owner/name-1.0", "base_model_id"),
        ("retinal", "/models/a.safetensors", "weights"),
        ("retinal", "models/sub/a.safetensors", "weights"),
    ],
)
def test_the_base_model_is_a_setting_of_the_recipe(recipe: str, model: str, setting: str) -> None:
    assert base_model_setting(recipe, model, AT) == setting


def test_an_id_on_the_hub_is_refused_where_a_recipe_starts_from_a_file() -> None:
    with pytest.raises(RequestValidationError, match="owner/name is an id on the hub"):
        base_model_setting("retinal", "owner/name", AT)
