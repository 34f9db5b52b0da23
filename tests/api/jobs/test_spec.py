"""The command of a job: whatever its parameters hold, each stays one word."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.jobs.recipes import recipe_schemas
from api.jobs.spec import JobSpec, command
from training.__main__ import build_parser
from training.cli_options import given_values
from training.recipes.registry import RECIPES

RUN_ID = "a" * 32


def parsed(spec: JobSpec) -> dict[str, Any]:
    """As the training program reads it."""
    words = shlex.split(command(spec, RUN_ID))
    assert words[:3] == ["python", "-m", "training"]
    namespace = build_parser("retinal").parse_args(words[3:])
    assert (namespace.run_id, namespace.recipe) == (RUN_ID, "retinal")
    return given_values(namespace, RECIPES["retinal"].config_class)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"batch_size": 8}, {"batch_size": "8"}),
        ({"learning_rate": 1e-4}, {"learning_rate": "0.0001"}),
        ({"deterministic": True}, {"deterministic": "true"}),
        ({"compile": False}, {"compile": "false"}),
        ({"weights": "--run-id=b"}, {"weights": "--run-id=b"}),
        (
            {"weights": "a; rm -rf $HOME `id` 'x' \"y\""},
            {"weights": "a; rm -rf $HOME `id` 'x' \"y\""},
        ),
    ],
)
def test_parameters_arrive_as_they_were_given(
    params: dict[str, Any], expected: dict[str, str]
) -> None:
    assert parsed(JobSpec(recipe="retinal", params=params)) == expected


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_any_text_stays_one_word(text: str) -> None:
    assert parsed(JobSpec(recipe="retinal", data=text))["data"] == text


def test_the_shipped_schemas_are_those_of_the_recipes() -> None:
    schemas = {name: kind.config_class.model_json_schema() for name, kind in RECIPES.items()}
    assert recipe_schemas() == schemas, "run `python -m training schema`"
