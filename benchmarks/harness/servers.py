"""Starts real servers on a given core, and ends them with all their child processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from api.server.server_command import UVICORN_OPTIONS
from benchmarks.harness.cpu_affinity import SERVER_CORE, started_on
from tests.ports import LOOPBACK, free_port
from tests.waiting import until

START_DEADLINE_S = 120.0
STOP_DEADLINE_S = 15.0

_BIN = Path(sys.executable).parent
_UVICORN_WORDS = [word for option in UVICORN_OPTIONS.items() for word in option]
# `fovea serve` sets these; both servers get them, since they are settings, not part of Fovea.
_MLFLOW_SETTINGS = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server; its figures sum over all its processes."""

    url: str
    process: psutil.Popen

    def cpu_s(self) -> float:
        return sum(time.clock_gettime(_cpu_clock(process.pid)) for process in self.processes())

    def rss_bytes(self) -> int:
        return sum(int(process.memory_info().rss) for process in self.processes())

    def processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def plain_mlflow(folder: Path) -> Iterator[Server]:
    """`mlflow server` without Fovea, with the options that `fovea serve` passes."""
    folder.mkdir(parents=True)
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--uvicorn-opts", " ".join(_UVICORN_WORDS)),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", (folder / "artifacts").as_uri()),
    ]
    with _running(command, folder, "/health", _MLFLOW_SETTINGS) as server:
        yield server


@contextmanager
def fovea_serve(folder: Path, bus_url: str = "memory://") -> Iterator[Server]:
    folder.mkdir(parents=True)
    command = [str(_BIN / "fovea"), "serve"]
    with _running(command, folder, "/api/health", _fovea_environment(folder, bus_url)) as server:
        yield server


@contextmanager
def fovea_hub(folder: Path, bus_url: str, core: int) -> Iterator[Server]:
    """A separate hub for the server whose data is in `folder`."""
    command = [str(_BIN / "fovea"), "hub"]
    with _running(
        command, folder, "/api/health", _fovea_environment(folder, bus_url), core
    ) as server:
        yield server


@contextmanager
def asgi_server(
    factory: str,
    folder: Path,
    core: int = SERVER_CORE,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Uvicorn, run as `fovea serve` runs it, with the application that `factory` returns."""
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", factory, "--workers", "1"),
        *_UVICORN_WORDS,
        *("--log-level", "warning"),
    ]
    with _running(command, folder, "/", environment or {}, core) as server:
        yield server


def _cpu_clock(pid: int) -> int:
    """The clock id of clock_getcpuclockid(3): nanoseconds, where /proc has hundredths of a second."""
    return (~pid << 3) | 2


def _fovea_environment(folder: Path, bus_url: str) -> dict[str, str]:
    return {"FOVEA_DATA_DIR": str(folder), "FOVEA_BUS_URL": bus_url}


@contextmanager
def _running(
    command: Sequence[str],
    folder: Path,
    ready_path: str,
    environment: Mapping[str, str],
    core: int = SERVER_CORE,
) -> Iterator[Server]:
    port = free_port()
    log = folder / f"{port}.log"
    with log.open("wb") as output, started_on(core):
        process = psutil.Popen(
            [*command, "--host", LOOPBACK, "--port", str(port)],
            env={**os.environ, **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(url=f"http://{LOOPBACK}:{port}", process=process)
    try:
        until(
            lambda: _is_ready(server, ready_path, log),
            "the server's first response",
            START_DEADLINE_S,
        )
        yield server
    finally:
        _end(server)


def _is_ready(server: Server, path: str, log: Path) -> bool:
    assert server.process.poll() is None, log.read_text()
    with suppress(httpx.TransportError):
        return httpx.get(f"{server.url}{path}", timeout=10).is_success
    return False


def _end(server: Server) -> None:
    if server.process.poll() is not None:
        return
    processes = server.processes()
    _signal(processes, signal.SIGTERM)
    _, left = psutil.wait_procs(processes, STOP_DEADLINE_S)
    _signal(left, signal.SIGKILL)
    psutil.wait_procs(left, STOP_DEADLINE_S)


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
