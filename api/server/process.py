"""Serves MLflow and Fovea in this process, with what `mlflow server` would set before it starts uvicorn."""

import gc
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import uvicorn.main

from api.server.mlflow_environment import open_stores, server_environment
from api.server.mlflow_options import MlflowOptions, parse_options
from api.server.server_command import FACTORIES, App


def run_server(arguments: Sequence[str]) -> None:
    """Serve until a signal ends it; `arguments` are the options of `mlflow server`.

    Raises click.ClickException, MlflowException or ApiError where the server cannot start.
    """
    options = parse_options(arguments)
    environment = server_environment(options)
    os.environ.update(environment)
    open_stores(options, environment)
    if _num_workers(options) == 1:
        _import_application(options)
    gc.enable()
    # Uvicorn shuts down in order, then sends the signal to itself once more.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.main.main(uvicorn_arguments(options), prog_name="uvicorn", standalone_mode=False)


def _import_application(options: MlflowOptions) -> None:
    """Import here what uvicorn would import next, and exempt all of it from garbage collection."""
    import_module(_factory(options).partition(":")[0])
    gc.collect()
    gc.freeze()


def _num_workers(options: MlflowOptions) -> int:
    return options.workers or 1


def _factory(options: MlflowOptions) -> str:
    return FACTORIES[App(options.app_name or App.SERVER)]


def uvicorn_arguments(options: MlflowOptions) -> list[str]:
    """The command line of uvicorn that `mlflow server` would run, without the program's name."""
    # Importing it any earlier would be before the environment is set.
    from mlflow.server import _UVICORN_LOG_CONFIG  # noqa: PLC0415

    given = shlex.split(options.uvicorn_opts or "")
    names = {word.partition("=")[0] for word in given}
    log_config = [] if "--log-config" in names else ["--log-config", str(_UVICORN_LOG_CONFIG)]
    return [
        *given,
        *log_config,
        *("--host", options.host, "--port", str(options.port)),
        *("--workers", str(_num_workers(options))),
        *("--factory", _factory(options)),
    ]
