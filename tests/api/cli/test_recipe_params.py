"""`--param name=value` becomes a value of the schema's type, or an error that names it."""

import pytest

from api.cli.recipe_params import ParamError, resolve_recipe, typed_params
from api.jobs.schemas import RecipeEntry

RECIPE = RecipeEntry(
    name="retinal",
    kind="training",
    params_schema={
        "$defs": {"Preset": {"enum": ["auto", "small"], "type": "string"}},
        "properties": {
            "epochs": {"type": "integer", "minimum": 1},
            "learning_rate": {"type": "number"},
            "compile": {"type": "boolean"},
            "weights": {"type": "string"},
            "preset": {"$ref": "#/$defs/Preset"},
            "size": {"type": "integer", "enum": [1, 2]},
            "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
    },
)


def test_values_have_the_types_of_the_schema() -> None:
    words = [
        "epochs=3",
        "learning-rate=1e-3",
        "compile=True",
        "weights=a=b c.pth",
        "preset=small",
        "size=2",
    ]

    assert typed_params(RECIPE, words) == {
        "epochs": 3,
        "learning_rate": 0.001,
        "compile": True,
        "weights": "a=b c.pth",
        "preset": "small",
        "size": 2,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["epochs"], r"--param epochs: expected name=value"),
        (["epochs=many"], r"--param epochs: expected a whole number, got 'many'"),
        (["epochs=1.5"], r"--param epochs: expected a whole number, got '1\.5'"),
        (["learning_rate=nan"], r"--param learning_rate: expected a number, got 'nan'"),
        (["compile=maybe"], r"--param compile: expected true or false, got 'maybe'"),
        (["preset=large"], r"--param preset: expected one of auto, small, got 'large'"),
        (["epoch=3"], r"--param epoch: the recipe retinal has no such parameter, .*mean epochs\?"),
        (["zzz=3"], r"--param zzz: .* its parameters are compile, epochs, "),
        (["epochs=1", "epochs=2"], r"--param epochs: given twice"),
        (["\x1b[2J=1"], r"^--param \[2J: "),
    ],
)
def test_a_wrong_parameter_is_named(words: list[str], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        typed_params(RECIPE, words)


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(ParamError, match=r"--recipe fundus: .* expected one of retinal"):
        resolve_recipe([RECIPE], "fundus")
