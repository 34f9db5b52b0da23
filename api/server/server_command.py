"""Builds the command line by which `fovea serve` and `fovea hub` replace their process; nothing is started here."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from api.errors import StartError
from api.live.messages import LARGEST_MESSAGE_BYTES
from api.location import ROOT, own_environment
from api.server.forwarded_headers import PROXY_OPTIONS
from api.storage.data_files import MLFLOW_DATABASE

# websockets-sansio is the fastest of uvicorn's implementations, and compressing each message for
# each socket costs a factor of three.
UVICORN_OPTIONS = {
    "--http": "api.server.http_protocol:BoundedHttpProtocol",
    "--ws": "websockets-sansio",
    "--ws-per-message-deflate": "false",
    "--ws-max-size": str(LARGEST_MESSAGE_BYTES),
    "--ws-ping-interval": "30",
    "--ws-ping-timeout": "30",
    # A thousand browsers come back at the same moment when a server was restarted.
    "--backlog": "4096",
    # A client that reads nothing would keep the server from ending.
    "--timeout-graceful-shutdown": "10",
    "--app-dir": str(ROOT),
}

_OWN_OPTIONS = ("--host", "-h", "--port", "-p", "--workers", "-w", "--app-name")
_OTHER_SERVERS = ("--gunicorn-opts", "--waitress-opts", "--dev")
_JOB_EXECUTION = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"
_DEFAULT_ENVIRONMENT = {
    # MLflow's job runner is seven processes that outlive a killed server; nothing here needs it.
    _JOB_EXECUTION: "false",
    # Trainings may concern patients: send nothing about them to anybody by default.
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class App(StrEnum):
    """Names of our applications among the `mlflow.app` entry points."""

    SERVER = "fovea"
    HUB = "fovea-hub"


FACTORIES = {App.SERVER: "api.app:create_app", App.HUB: "api.app:create_hub_app"}


@dataclass(frozen=True, kw_only=True)
class ServerRequest:
    """The arguments of `fovea serve` or `fovea hub`."""

    app: App = App.SERVER
    host: str
    port: int
    workers: int
    data_dir: Path
    mlflow_options: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ServerCommand:
    """A process that replaces this one."""

    arguments: list[str]
    environment: dict[str, str]


def server_command(request: ServerRequest, environment: Mapping[str, str]) -> ServerCommand:
    """Serve our application with our defaults; options and variables of the caller come first."""
    _refuse_options_of_ours(request.mlflow_options)
    options, uvicorn_options = _take_option(request.mlflow_options, "--uvicorn-opts")
    given = uvicorn_options or environment.get("MLFLOW_UVICORN_OPTS", "")
    environment = {**_DEFAULT_ENVIRONMENT, **environment}
    arguments = [
        *(sys.executable, "-m", *_program(environment), "--app-name", request.app),
        *("--host", request.host, "--port", str(request.port)),
        *("--workers", str(request.workers)),
        *("--uvicorn-opts", _with_our_uvicorn_options(given)),
        *_store_options(request.data_dir, options, environment),
        *options,
    ]
    return ServerCommand(arguments=arguments, environment=own_environment(environment))


def _program(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Our own single process, unless MLflow's job runner is wanted, which `mlflow server` starts."""
    wants_jobs = environment[_JOB_EXECUTION].lower() in ("true", "1")
    return ("mlflow", "server") if wants_jobs else ("api.server",)


def _refuse_options_of_ours(options: Sequence[str]) -> None:
    names = {option.split("=", 1)[0] for option in options}
    if ours := names.intersection(_OWN_OPTIONS):
        raise StartError(
            f"{', '.join(sorted(ours))} came after --: give it to `fovea serve` itself, before the --"
        )
    if others := names.intersection(_OTHER_SERVERS):
        raise StartError(
            f"{', '.join(sorted(others))} came after --: Fovea's application needs uvicorn, "
            "whose options --uvicorn-opts takes"
        )


def _take_option(options: Sequence[str], name: str) -> tuple[list[str], str]:
    """`options` without `name`, and its value."""
    rest, value = list(options), ""
    for index, option in enumerate(options):
        if option.startswith(f"{name}="):
            return [*rest[:index], *rest[index + 1 :]], option.split("=", 1)[1]
        if option == name:
            return [*rest[:index], *rest[index + 2 :]], "".join(rest[index + 1 : index + 2])
    return rest, value


def _with_our_uvicorn_options(given: str) -> str:
    named = {word.split("=", 1)[0] for word in shlex.split(given)}
    ours = [
        word
        for name, value in UVICORN_OPTIONS.items()
        if name not in named
        for word in (name, value)
    ]
    if not named.intersection(PROXY_OPTIONS):
        # By default uvicorn believes the X-Forwarded-For of every client on this machine, so that a
        # line of the audit could name any address.
        ours.append("--no-proxy-headers")
    return f"{given} {shlex.join(ours)}".strip()


def _store_options(
    data_dir: Path, options: Sequence[str], environment: Mapping[str, str]
) -> list[str]:
    def is_named(*names: str) -> bool:
        given = {option.split("=", 1)[0] for option in options}
        variables = (
            f"MLFLOW_{name.removeprefix('--').replace('-', '_').upper()}" for name in names
        )
        return bool(given.intersection(names)) or any(environment.get(name) for name in variables)

    ours: list[str] = []
    if not is_named("--backend-store-uri"):
        ours += ["--backend-store-uri", sqlite_uri(data_dir / MLFLOW_DATABASE)]
    if not is_named("--default-artifact-root", "--artifacts-destination"):
        ours += ["--artifacts-destination", (data_dir / "artifacts").as_uri()]
    return ours


def sqlite_uri(path: Path) -> str:
    """The URI of a SQLite file, whatever characters its path has."""
    return f"sqlite:///{quote(str(path), safe=os.sep)}"
