"""`--param name=value` becomes what the recipe's schema says, or a sentence that names it."""

import pytest

from api.cli.recipe_params import ParamError, chosen_recipe, typed_params
from api.jobs.schemas import RecipeEntry

RECIPE = RecipeEntry(
    name="retinal",
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


def test_words_become_values_of_the_schemas_types() -> None:
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
        (["epochs"], r"--param epochs: name=value was expected"),
        (["epochs=many"], r"--param epochs: a whole number was expected, but 'many' came"),
        (["epochs=1.5"], r"--param epochs: a whole number was expected, but '1\.5' came"),
        (["learning_rate=nan"], r"--param learning_rate: a number was expected, but 'nan' came"),
        (["compile=maybe"], r"--param compile: true or false was expected, but 'maybe' came"),
        (["preset=large"], r"--param preset: one of auto, small was expected, but 'large' came"),
        (["epoch=3"], r"--param epoch: the recipe retinal has no such parameter, .*mean epochs\?"),
        (["zzz=3"], r"--param zzz: .* it takes compile, epochs, "),
        (["epochs=1", "epochs=2"], r"--param epochs: given twice"),
        (["\x1b[2J=1"], r"^--param \[2J: "),
    ],
)
def test_a_parameter_that_is_wrong_is_named(words: list[str], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        typed_params(RECIPE, words)


def test_a_recipe_that_is_none_is_named() -> None:
    with pytest.raises(ParamError, match=r"--recipe fundus: .* one of retinal was expected"):
        chosen_recipe([RECIPE], "fundus")
