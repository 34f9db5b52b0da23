"""`fovea demo`: start a server, train with two processes, and print the links to the run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api.cli.options import LOOPBACK, Port
from api.client import FoveaClient
from api.errors import ApiError, StartError
from api.location import own_environment
from api.runs.schemas import RunSummary
from api.server.readiness import until_answering
from api.server.serve import (
    HEAD_OWNER_PID_VARIABLE,
    OWNER_PID_VARIABLE,
    require_free_port,
    writable_directory,
)
from api.server.subprocesses import running
from api.settings import load_settings
from api.storage.data_files import SERVER_LOG
from api.timestamps import unix_ms, utc
from tracking_plugin.mlflow_links import run_link, runs_link
from tracking_plugin.mlflow_status import MlflowStatus
from tracking_plugin.private_files import open_private
from tracking_plugin.ray_detached_head import find_head, stop_head
from tracking_plugin.ray_head import HeadError
from tracking_plugin.server_environment import direct_variables

EXPERIMENT = "retinal-demo"
WORKERS = 2
INTERRUPTED = 128 + signal.SIGINT

_POLL_INTERVAL_S = 0.25
_SERVER_GRACE_S = 15.0
_TRAINING_GRACE_S = 60.0
_LOG_TAIL_LINES = 20
# The demo must not log to a run or an experiment that the caller's shell names.
_FOREIGN_VARIABLES = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")


commands = typer.Typer()


@dataclass(frozen=True, kw_only=True)
class DemoRequest:
    """The options of `fovea demo`."""

    port: int
    data: Path | None
    epochs: int | None
    exit_when_done: bool
    data_dir: Path

    @property
    def server_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


@commands.command()
def demo(
    port: Port = 5000,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with train|val|test/<class>/; default: a synthetic set."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Passes over the training split; default: 8."),
    ] = None,
    *,
    exit_when_done: Annotated[
        bool, typer.Option("--exit", help="End with the run: 0 if it FINISHED, else 1.")
    ] = False,
) -> None:
    """Start a server, train the demo model with 2 processes, and keep serving until Ctrl-C."""
    request = DemoRequest(
        port=port,
        data=data,
        epochs=epochs,
        exit_when_done=exit_when_done,
        data_dir=writable_directory(load_settings().data_dir),
    )
    raise typer.Exit(run_demo(request))


def run_demo(request: DemoRequest) -> int:
    """Run the demo to its end; the exit code is 0 if the run FINISHED."""
    require_free_port(LOOPBACK, request.port)
    if request.data is not None and not request.data.is_dir():
        raise StartError(
            f"--data {request.data} is not a folder: expected one that contains train, val and test"
        )
    signal.signal(signal.SIGTERM, _exit_on_sigterm)
    try:
        return _serve_and_train(request)
    except KeyboardInterrupt:
        return INTERRUPTED


def training_arguments(request: DemoRequest) -> list[str]:
    """The command line of the training, a program of its own that this package must not import."""
    data = ["--data", str(request.data.absolute())] if request.data is not None else []
    epochs = ["--epochs", str(request.epochs)] if request.epochs is not None else []
    return [
        *(sys.executable, "-m", "training", "fit", "--recipe", "retinal", "--preset", "small"),
        *("--launcher", "ray", "--workers", str(WORKERS), "--no-gpus"),
        *("--experiment-name", EXPERIMENT),
        *data,
        *epochs,
    ]


def _serve_and_train(request: DemoRequest) -> int:
    log = request.data_dir / SERVER_LOG
    environment = _demo_environment(request, os.environ)
    arguments = [
        sys.executable,
        "-m",
        "api",
        "serve",
        "--host",
        LOOPBACK,
        "--port",
        str(request.port),
    ]
    print(f"Starting the server at {request.server_url} (its log: {log})", flush=True)
    with (
        _head_of_the_demo_ended(request.data_dir),
        os.fdopen(open_private(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as output,
        running(
            arguments,
            environment,
            stop_signal=signal.SIGTERM,
            grace_s=_SERVER_GRACE_S,
            output=output,
        ) as server,
    ):
        _wait_until_healthy(request.server_url, server, log)
        print(
            f"Watch it live at {request.server_url}/monitor/, or from another terminal: "
            "`fovea watch`, `fovea pause`, `fovea resume`, `fovea stop`, "
            f"each with --url {request.server_url}",
            flush=True,
        )
        run = _train(request, environment)
        if run.mlflow_status != MlflowStatus.FINISHED:
            page = _run_page(request.server_url, run)
            print(f"The run ended as {run.mlflow_status}: {page}", file=sys.stderr)
            return 1
        if not request.exit_when_done:
            print("The run has FINISHED. Serving until Ctrl-C.")
        _print_links(request.server_url, run)
        return 0 if request.exit_when_done else _wait_for_end(server, log)


@contextmanager
def _head_of_the_demo_ended(data_dir: Path) -> Iterator[None]:
    """At the end, end the Ray head of the data folder, unless it was there before."""
    try:
        was_there = find_head(data_dir) is not None
    except HeadError as error:
        raise StartError(str(error)) from error
    try:
        yield
    finally:
        if not was_there:
            stop_head(data_dir)


def _demo_environment(request: DemoRequest, base: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in base.items() if name not in _FOREIGN_VARIABLES}
    return own_environment(
        {
            **kept,
            OWNER_PID_VARIABLE: str(os.getpid()),
            # Even kill -9 of the demo then ends the Ray head that its server starts.
            HEAD_OWNER_PID_VARIABLE: str(os.getpid()),
            "FOVEA_DATA_DIR": str(request.data_dir),
            "MLFLOW_TRACKING_URI": request.server_url,
            **direct_variables(request.server_url, base),
        }
    )


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    try:
        if until_answering(server, url):
            return
    except TimeoutError as error:
        raise StartError(f"{error}. {_tail(log)}") from None
    raise StartError(f"The server ended while it started. {_tail(log)}")


def _train(request: DemoRequest, environment: Mapping[str, str]) -> RunSummary:
    since_ms = unix_ms()
    with running(
        training_arguments(request),
        environment,
        stop_signal=signal.SIGTERM,
        grace_s=_TRAINING_GRACE_S,
    ) as training:
        exit_code = training.wait()
    run = _first_run(request.server_url, since_ms)
    if run is None:
        raise ApiError(f"The training ended with exit code {exit_code} before it created a run")
    return run


def _first_run(server_url: str, since_ms: int) -> RunSummary | None:
    """The first run of the demo's experiment that started at or after `since_ms`."""
    since = utc(since_ms)
    with FoveaClient(server_url) as client:
        runs = client.runs(experiment=EXPERIMENT)
    started = [
        run for run in runs.entries if run.start_time is not None and run.start_time >= since
    ]
    return started[-1] if started else None


def _wait_for_end(server: subprocess.Popen[bytes], log: Path) -> int:
    try:
        server.wait()
    except KeyboardInterrupt:
        return 0
    raise ApiError(f"The server ended unexpectedly. {_tail(log)}")


def _print_links(url: str, run: RunSummary) -> None:
    print(f"Experiment: {runs_link(url, run.experiment_id)}")
    print(f"Run:        {_run_page(url, run)}")
    print(f"Dashboard:  {url}/monitor/#/runs/{run.run_id}", flush=True)


def _run_page(url: str, run: RunSummary) -> str:
    return run_link(url, run.experiment_id, run.run_id)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
    return "\n".join([f"The last lines of {log}:", *lines])


def _exit_on_sigterm(signal_number: int, _: FrameType | None) -> None:
    sys.exit(128 + signal_number)
