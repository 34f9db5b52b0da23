"""The learners of tables, with the JSON Schemas of their hyperparameters that are shipped."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError

import tracking_plugin
from api.jobs.params import Schema, read_schema, refusal, require_params

FOLDER = Path(tracking_plugin.__file__).parent / "learners"
"""Written by `python -m training schema`."""


@functools.cache
def learner_schemas() -> Mapping[str, Schema]:
    """JSON Schema of each learner's hyperparameters, by the learner's name."""
    return {path.stem: read_schema(path) for path in sorted(FOLDER.glob("*.json"))}


def require_settings(
    learners: Sequence[str] | None, hyperparameters: Mapping[str, Any], at: tuple[str, ...]
) -> None:
    """Raises RequestValidationError, below `at`, for unknown learners and wrong hyperparameters."""
    schemas = learner_schemas()
    unknown = [name for name in learners or () if name not in schemas]
    if unknown:
        known = ", ".join(schemas)
        raise refusal((*at, "learners"), f"there is no {unknown[0][:64]!r}; {known} were expected")
    if not hyperparameters:
        return
    if learners is None or len(learners) != 1:
        message = "they are those of one learner: name exactly one"
        raise refusal((*at, "hyperparameters"), message)
    require_hyperparameters(learners[0], hyperparameters, (*at, "hyperparameters"))


def require_hyperparameters(
    learner: str, hyperparameters: Mapping[str, Any], at: tuple[str, ...]
) -> None:
    """Raises RequestValidationError that names each one which the learner has not or refuses."""
    schema = learner_schemas()[learner]
    unknown = [name for name in hyperparameters if name not in schema["properties"]]
    if unknown:
        known = ", ".join(schema["properties"])
        message = f"{schema['title']} has no {unknown[0][:64]!r}; it has {known}"
        raise refusal(at, message)
    require_params(schema, hyperparameters, at)


def require_any_learner(hyperparameters: Mapping[str, Any], at: tuple[str, ...]) -> None:
    """Raises RequestValidationError for one that no learner has, or that all which have it refuse."""
    for name, value in hyperparameters.items():
        schemas = [it for it in learner_schemas().values() if name in it["properties"]]
        if not schemas:
            raise refusal(at, f"no model has {name[:64]!r}")
        refused: list[RequestValidationError] = []
        for schema in schemas:
            try:
                require_params(schema, {name: value}, at)
            except RequestValidationError as error:
                refused.append(error)
        if len(refused) == len(schemas):
            raise refused[0]
