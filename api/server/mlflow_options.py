"""The options of `mlflow server`, parsed without importing MLflow's command line and the server with it.

MLflow's server reads its environment while it is imported, and `mlflow.cli` imports it: the environment
would come too late. A test compares this list with MLflow's own command.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from mlflow.environment_variables import (
    MLFLOW_ENABLE_WORKSPACES,
    MLFLOW_TRACE_ARCHIVAL_CONFIG,
    MLFLOW_WORKSPACE_STORE_URI,
)
from mlflow.utils import cli_args


@dataclass(frozen=True, kw_only=True)
class MlflowOptions:
    """The options of one server, each under MLflow's own name."""

    backend_store_uri: str | None
    read_replica_backend_store_uri: str | None
    registry_store_uri: str | None
    default_artifact_root: str | None
    serve_artifacts: bool
    artifacts_only: bool
    artifacts_destination: str
    host: str
    port: int
    workers: int | None
    static_prefix: str | None
    allowed_hosts: str | None
    cors_allowed_origins: str | None
    disable_security_middleware: bool
    x_frame_options: str | None
    uvicorn_opts: str | None
    expose_prometheus: str | None
    app_name: str | None
    trace_archival_config: Path | None
    secrets_cache_ttl: int
    secrets_cache_max_size: int
    workspace_store_uri: str | None
    enable_workspaces: bool


def parse_options(arguments: Sequence[str]) -> MlflowOptions:
    """Parse what follows `mlflow server`; click.ClickException says what is wrong."""
    with COMMAND.make_context("mlflow server", list(arguments)) as context:
        values = dict(context.params)
        source = context.get_parameter_source("enable_workspaces")
    if not values["enable_workspaces"] and source is not ParameterSource.COMMANDLINE:
        # Click takes any text in a flag's variable for true, also "false".
        values["enable_workspaces"] = MLFLOW_ENABLE_WORKSPACES.get()
    return MlflowOptions(**values)


def _static_prefix(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    if not value.startswith("/"):
        raise click.UsageError("--static-prefix must begin with a '/'.")
    if value.endswith("/"):
        raise click.UsageError("--static-prefix should not end with a '/'.")
    if "{" in value or "}" in value:
        raise click.UsageError("--static-prefix must not contain '{' or '}'.")
    return value


def _option(name: str, envvar: str | None = None, **settings: Any) -> Callable[[Any], Any]:
    return click.option(name, envvar=envvar, default=settings.pop("default", None), **settings)


_OPTIONS = (
    _option("--backend-store-uri", "MLFLOW_BACKEND_STORE_URI"),
    _option("--read-replica-backend-store-uri", "MLFLOW_READ_REPLICA_BACKEND_STORE_URI"),
    _option("--registry-store-uri", "MLFLOW_REGISTRY_STORE_URI"),
    _option("--default-artifact-root", "MLFLOW_DEFAULT_ARTIFACT_ROOT"),
    cli_args.SERVE_ARTIFACTS,
    _option("--artifacts-only", "MLFLOW_ARTIFACTS_ONLY", is_flag=True, default=False),
    cli_args.ARTIFACTS_DESTINATION,
    cli_args.HOST,
    cli_args.PORT,
    cli_args.WORKERS,
    _option("--static-prefix", "MLFLOW_STATIC_PREFIX", callback=_static_prefix),
    cli_args.ALLOWED_HOSTS,
    cli_args.CORS_ALLOWED_ORIGINS,
    cli_args.DISABLE_SECURITY_MIDDLEWARE,
    cli_args.X_FRAME_OPTIONS,
    _option("--uvicorn-opts", "MLFLOW_UVICORN_OPTS"),
    _option("--expose-prometheus", "MLFLOW_EXPOSE_PROMETHEUS"),
    _option("--app-name"),
    _option(
        "--trace-archival-config",
        MLFLOW_TRACE_ARCHIVAL_CONFIG.name,
        type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    ),
    _option("--secrets-cache-ttl", type=click.IntRange(10, 300), default=60),
    _option("--secrets-cache-max-size", type=click.IntRange(1, 10000), default=1000),
    _option("--workspace-store-uri", MLFLOW_WORKSPACE_STORE_URI.name),
    _option("--enable-workspaces/--disable-workspaces", default=False),
)


def _command() -> click.Command:
    command: Any = lambda **_: None  # noqa: E731 - only its parameters are used
    for option in reversed(_OPTIONS):
        command = option(command)
    return click.command()(command)


COMMAND = _command()
