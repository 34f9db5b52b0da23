"""Checks what a server needs, then replaces this process by it."""

import errno
import ipaddress
import os
import resource
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from api.errors import StartError
from api.server.server_command import ServerCommand
from api.settings import PREFIX
from api.storage.data_files import protect_data

OWNER_PID_VARIABLE = f"{PREFIX}OWNER_PID"
HEAD_OWNER_PID_VARIABLE = f"{PREFIX}RAY_OWNER_PID"


def require_loopback(host: str) -> None:
    """Raise StartError unless only this machine can reach `host`: there is no login yet."""
    if not all(ipaddress.ip_address(address).is_loopback for address in _addresses(host)):
        raise StartError(
            f"--host {host} would let other machines in, and nobody has to log in: choose 127.0.0.1, "
            "or say --insecure where a firewall or a proxy with a login stands in front"
        )


def require_free_port(host: str, port: int) -> None:
    """Raise StartError if uvicorn could not listen on `host` and `port`."""
    family = socket.AF_INET6 if ":" in _addresses(host)[0] else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(_why_not(host, port, error)) from None


def writable_directory(path: Path) -> Path:
    """Make the data folder `path` and return it, absolute; StartError if it cannot be written to."""
    absolute = path.expanduser().absolute()
    try:
        protect_data(absolute)
        with tempfile.TemporaryFile(dir=absolute):
            return absolute
    except OSError as error:
        raise StartError(
            f"The data directory {absolute} cannot be written to ({error.strerror}): "
            f"name another one with {PREFIX}DATA_DIR"
        ) from None


def become(command: ServerCommand) -> NoReturn:
    """Replace this process, so that signals reach the server as if it had been started directly."""
    allow_many_sockets()
    environment = {OWNER_PID_VARIABLE: str(os.getpid()), **command.environment}
    os.execve(command.arguments[0], command.arguments, environment)


def allow_many_sockets() -> None:
    """Raise the limit on open files: each socket takes one, and many shells allow 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise StartError(
            f"--host {host} is no address of this machine: 127.0.0.1 or a name was expected"
        ) from None
    return [str(address[0]).split("%")[0] for *_, address in found]


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program: choose another with --port"
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system's own programs: choose one above 1023"
    return f"The server cannot listen on {host} port {port}: {error.strerror}"
