"""Parameters of jobs: checked against a JSON Schema, and written as command-line flags."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError
from jsonschema import Draft202012Validator

from tracking_plugin.data_roots import DataRoots

_MAX_MESSAGE_CHARS = 300

Schema = Mapping[str, Any]


def read_schema(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_text())
    return schema


def require_params(schema: Schema, params: Mapping[str, Any], at: tuple[str, ...]) -> None:
    """Raises RequestValidationError that names every parameter, below `at`, which `schema` refuses."""
    problems = [
        {
            "loc": (*at, *map(str, error.absolute_path)),
            "msg": error.message[:_MAX_MESSAGE_CHARS],
        }
        for error in Draft202012Validator(schema).iter_errors(dict(params))
    ]
    if problems:
        raise RequestValidationError(problems)


def require_allowed_paths(roots: DataRoots, paths: Iterable[tuple[str, str]]) -> None:
    """Raises RequestValidationError that names every path outside the allowed folders."""
    refusals = [(name, roots.refusal(path)) for name, path in paths]
    problems = [{"loc": ("body", name), "msg": reason} for name, reason in refusals if reason]
    if problems:
        raise RequestValidationError(problems)


def refusal(at: tuple[str, ...], message: str) -> RequestValidationError:
    """An error that names the field `at`."""
    return RequestValidationError([{"loc": at, "msg": message}])


def flags(params: Mapping[str, object]) -> Iterator[str]:
    """One word per parameter; None leaves a parameter out."""
    for name, value in params.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif value is not None:
            # "=" keeps a value that begins with a dash from being read as a flag.
            yield f"--{flag}={value}"
