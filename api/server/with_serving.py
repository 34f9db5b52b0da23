"""Runs a server and the diagnosis service beside it, and ends both together."""

import ipaddress
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType

from api.errors import StartError
from api.location import own_environment
from api.server.readiness import until_answering
from api.server.serve import OWNER_PID_VARIABLE, allow_many_sockets, require_free_port
from api.server.server_command import ServerCommand, ServerRequest
from api.server.subprocesses import running
from api.settings import PREFIX
from tracking_plugin.server_environment import direct_variables

SERVICE_OWNER_VARIABLE = "FOVEA_SERVING_OWNER_PID"
TRACKING_VARIABLE = "MLFLOW_TRACKING_URI"
LOOPBACK = "127.0.0.1"

POLL_INTERVAL_S = 0.25
SERVER_GRACE_S = 15.0
SERVICE_GRACE_S = 60.0
"""Longer than the 30 s for which the service finishes requests by default."""

_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - only compared


@dataclass(frozen=True, kw_only=True)
class ServicePlace:
    """Where the diagnosis service listens on this machine."""

    host: str
    port: int


def service_place(grpc_address: str) -> ServicePlace:
    """Where the service must listen to be found at FOVEA_GRPC_ADDRESS; StartError on another machine."""
    host, _, port = grpc_address.rpartition(":")
    host = LOOPBACK if host == "localhost" else host.strip("[]")
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise StartError(
            "--with-serving starts the diagnosis service on this machine, and "
            f"{PREFIX}GRPC_ADDRESS names {grpc_address}: leave out one of them"
        )
    return ServicePlace(host=host, port=int(port))


def server_url(request: ServerRequest) -> str:
    """The address of the server for programs on this machine."""
    host = LOOPBACK if request.host in _WILDCARDS else request.host
    return f"http://{f'[{host}]' if ':' in host else host}:{request.port}"


def service_command(
    place: ServicePlace, tracking_uri: str, environment: Mapping[str, str]
) -> ServerCommand:
    """The program of the service, whose models come from the server.

    FOVEA_SERVING_TRACKING_URI of the caller names another registry to it.
    """
    arguments = [sys.executable, "-m", "serving", "--host", place.host, "--port", str(place.port)]
    given = {
        **environment,
        TRACKING_VARIABLE: tracking_uri,
        **direct_variables(tracking_uri, environment),
        SERVICE_OWNER_VARIABLE: str(os.getpid()),
    }
    return ServerCommand(arguments=arguments, environment=own_environment(given))


def run_both(server: ServerCommand, service: ServerCommand, place: ServicePlace, url: str) -> int:
    """Serve until a signal or the end of the server; returns the exit code.

    Both end with this process, also by kill -9. The server goes on if the service ends.
    """
    require_free_port(place.host, place.port)
    signal.signal(signal.SIGTERM, _exit)
    allow_many_sockets()
    environment = {**server.environment, OWNER_PID_VARIABLE: str(os.getpid())}
    try:
        with running(
            server.arguments, environment, stop_signal=signal.SIGTERM, grace_s=SERVER_GRACE_S
        ) as server_process:
            if not _is_up(server_process, url):
                return server_process.returncode or 0
            with running(
                service.arguments,
                service.environment,
                stop_signal=signal.SIGTERM,
                grace_s=SERVICE_GRACE_S,
            ) as service_process:
                return _wait(server_process, service_process)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _is_up(server: subprocess.Popen[bytes], url: str) -> bool:
    """Whether the server answers: the service asks it for its model. False once it has ended."""
    try:
        return until_answering(server, url)
    except TimeoutError as error:
        raise StartError(str(error)) from None


def _wait(server: subprocess.Popen[bytes], service: subprocess.Popen[bytes]) -> int:
    """The server's exit code, once it has ended."""
    while service.poll() is None:
        try:
            return server.wait(POLL_INTERVAL_S)
        except subprocess.TimeoutExpired:
            continue
    print(
        f"fovea: the diagnosis service has ended with exit code {service.returncode}; the server goes "
        "on. Its lines above say why; `python -m serving` starts it again.",
        file=sys.stderr,
        flush=True,
    )
    return server.wait()


def _exit(_: int, __: FrameType | None) -> None:
    sys.exit(0)
