"""Checks at the start that MLflow accepts the names that a training uses, some of them at its end."""

from collections.abc import Callable

from mlflow.exceptions import MlflowException
from mlflow.utils.validation import (
    _validate_experiment_name,
    _validate_model_alias_name,
    _validate_model_alias_name_reserved,
    _validate_model_name,
)

from training.errors import ConfigError, first_line

MAX_MODEL_NAME_CHARS = 256
MAX_RUN_NAME_CHARS = 250
"""Longer names do not fit into the columns of MLflow's databases."""


def require_names(*, register_as: str, experiment_name: str, run_name: str) -> None:
    """Raise ConfigError that lists every name that MLflow refuses."""
    problems = [
        _refusal("register_as", register_as, _validate_model_name),
        _excess("register_as", register_as, MAX_MODEL_NAME_CHARS),
        _refusal("experiment_name", experiment_name, _validate_experiment_name),
        _excess("run_name", run_name, MAX_RUN_NAME_CHARS),
    ]
    if refused := [problem for problem in problems if problem]:
        raise ConfigError("; ".join(refused))


def require_alias(field: str, alias: str) -> None:
    """Raise ConfigError if MLflow refuses the alias."""
    for validate in (_validate_model_alias_name, _validate_model_alias_name_reserved):
        if refused := _refusal(field, alias, validate):
            raise ConfigError(refused)


def _refusal(field: str, name: str, validate: Callable[[str], None]) -> str:
    try:
        validate(name)
    except MlflowException as error:
        return f"{field}: MLflow refuses the name {name[:40]!r}: {first_line(error)}"
    return "" if name.strip() else f"{field}: a name was expected, but {name!r} came"


def _excess(field: str, name: str, max_chars: int) -> str:
    if len(name) <= max_chars:
        return ""
    return f"{field}: at most {max_chars} characters were expected, but {len(name)} came"
