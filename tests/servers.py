"""A real `fovea serve` for the tests, on a free port, ended by its pid, with the Ray head that it has started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.mlflow_database import copy_empty_database
from tests.ports import LOOPBACK, free_port
from tests.waiting import until
from tests.warm_servers import IS_SUPPORTED, WarmProcess, template
from tracking_plugin.ray_detached_head import stop_head

START_DEADLINE_S = 180.0
STOP_DEADLINE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers."""

    url: str
    port: int
    data_dir: Path
    log: Path
    process: subprocess.Popen[bytes] | WarmProcess

    def stop(self, signal_number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code after `signal_number`."""
        self.process.send_signal(signal_number)
        return self.process.wait(STOP_DEADLINE_S)

    def kill(self) -> None:
        """All of its processes at once, as a machine that loses its power."""
        process = psutil.Process(self.process.pid)
        processes = [process, *process.children(recursive=True)]
        for each in processes:
            each.send_signal(signal.SIGKILL)
        self.process.wait(STOP_DEADLINE_S)
        psutil.wait_procs(processes, STOP_DEADLINE_S)


@contextmanager
def fovea_server(
    data_dir: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    working_dir: Path | None = None,
    command: str = "serve",
    port: int | None = None,
    makes_tables: bool = False,
    keeps_head: bool = False,
    is_cold: bool = False,
) -> Iterator[Server]:
    """`fovea serve`, or another of its servers, with `options` while inside.

    It begins with MLflow's tables in place, unless it `makes_tables`, and with MLflow and Fovea imported,
    unless it `is_cold` or has options or settings of MLflow: both take seconds. Its Ray head, if it starts
    one, ends with it, unless it `keeps_head` for the next server on the same folder.
    """
    port = port or free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    database = data_dir / "mlflow.db"
    if not (makes_tables or "--backend-store-uri" in options or database.exists()):
        copy_empty_database(database)
    log = data_dir.parent / f"{data_dir.name}-{port}.log"
    arguments = [command, "--port", str(port), *options]
    variables = {
        **os.environ,
        # Even a head that is kept ends with the tests.
        "FOVEA_RAY_OWNER_PID": str(os.getpid()),
        **(environment or {}),
        "FOVEA_DATA_DIR": str(data_dir),
    }
    process: subprocess.Popen[bytes] | WarmProcess
    with log.open("wb") as output:
        if is_cold or working_dir or not IS_SUPPORTED or are_read_early(options, environment or {}):
            process = subprocess.Popen(
                [str(Path(sys.executable).parent / "fovea"), *arguments],
                env=variables,
                cwd=working_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        else:
            process = template().start(arguments, variables, output)
    server = Server(
        url=f"http://{LOOPBACK}:{port}", port=port, data_dir=data_dir, log=log, process=process
    )
    try:
        until(lambda: answers(server), f"the server's answer; {log}", START_DEADLINE_S)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_DEADLINE_S)
        if not keeps_head:
            stop_head(data_dir)


STORES = ("--backend-store-uri", "--default-artifact-root", "--artifacts-destination")


def are_read_early(options: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether MLflow may read an option or a setting while it is imported: a copy would not heed it.

    Ray is not imported by then.
    """
    of_mlflow = options[options.index("--") + 1 :] if "--" in options else ()
    return (
        any(not name.startswith(("FOVEA_", "RAY_")) for name in environment)
        or (bool(options) and options[0] != "--")
        or any(name not in STORES for name in of_mlflow[::2])
    )


def answers(server: Server) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    try:
        return httpx.get(f"{server.url}/api/health", timeout=10).is_success
    except httpx.TransportError:
        return False
