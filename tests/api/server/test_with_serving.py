"""`fovea serve --with-serving`, with a small program in place of the diagnosis service."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from api.errors import StartError
from api.server.server_command import ServerRequest
from api.server.with_serving import ServicePlace, server_url, service_command, service_place
from tests.mlflow_database import copy_empty_database
from tests.ports import LOOPBACK, free_port
from tests.servers import START_DEADLINE_S, STOP_DEADLINE_S
from tests.waiting import until

SERVE = """
import sys
from api.server import with_serving
from api.cli import serve_command
from api.cli.main import main
program = sys.argv.pop(1)
made = with_serving.service_command
def service_command(*given):
    command = made(*given)
    arguments = [sys.executable, "-c", program, *command.arguments]
    return with_serving.ServerCommand(arguments=arguments, environment=command.environment)
serve_command.service_command = service_command
main()
"""
NOTES_ITS_START = """
import json, os, signal, sys
path = os.environ["NOTED_AT"]
with open(path + ".part", "w") as file:
    json.dump({"pid": os.getpid(), "arguments": sys.argv, "environment": dict(os.environ)}, file)
os.rename(path + ".part", path)
signal.pause()
"""


@dataclass(frozen=True, kw_only=True)
class Both:
    """The command, its server, and what the service has noted when it started."""

    command: subprocess.Popen[bytes]
    url: str
    service: dict[str, object]
    log: Path

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.command.pid).children(recursive=True)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that MLflow's tables are made once."""
    folder = tmp_path_factory.mktemp("both") / "data"
    folder.mkdir()
    copy_empty_database(folder / "mlflow.db")
    return folder


@contextmanager
def both(data_dir: Path, folder: Path) -> Iterator[Both]:
    port, noted, log = free_port(), folder / "service.json", folder / "both.log"
    with log.open("wb") as output:
        command = subprocess.Popen(
            [
                sys.executable,
                "-c",
                SERVE,
                NOTES_ITS_START,
                "serve",
                "--with-serving",
                "--port",
                str(port),
            ],
            env={
                **os.environ,
                "FOVEA_DATA_DIR": str(data_dir),
                "FOVEA_GRPC_ADDRESS": f"localhost:{free_port()}",
                "FOVEA_SERVING_TOKEN": "secret",
                "NOTED_AT": str(noted),
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: noted.exists() or command.poll() is not None, "the service", START_DEADLINE_S)
        assert command.poll() is None, log.read_text()
        url = f"http://{LOOPBACK}:{port}"
        yield Both(command=command, url=url, service=json.loads(noted.read_text()), log=log)
    finally:
        if command.poll() is None:
            command.terminate()
            command.wait(STOP_DEADLINE_S)


def test_both_start_and_end_together(data_dir: Path, tmp_path: Path) -> None:
    with both(data_dir, tmp_path) as started:
        environment = started.service["environment"]
        assert isinstance(environment, dict)
        assert environment["MLFLOW_TRACKING_URI"] == started.url
        assert environment["FOVEA_SERVING_TOKEN"] == "secret"
        assert environment["FOVEA_SERVING_OWNER_PID"] == str(started.command.pid)
        processes = started.processes()
        assert started.service["pid"] in [process.pid for process in processes]

        os.kill(int(str(started.service["pid"])), signal.SIGKILL)
        until(lambda: "has ended with exit code -9" in started.log.read_text(), "the message")
        assert httpx.get(f"{started.url}/api/health").is_success, "the server goes on"

        started.command.terminate()

        assert started.command.wait(STOP_DEADLINE_S) == 0
        assert not any(map(psutil.Process.is_running, processes))


def test_kill_9_of_the_command_ends_both(data_dir: Path, tmp_path: Path) -> None:
    with both(data_dir, tmp_path) as started:
        processes = started.processes()
        assert len(processes) >= 2

        started.command.kill()

        until(lambda: not any(map(psutil.Process.is_running, processes)), "the end of both")


@pytest.mark.parametrize(
    ("address", "host"),
    [("localhost:50051", "127.0.0.1"), ("127.0.0.1:50051", "127.0.0.1"), ("[::1]:50051", "::1")],
)
def test_the_service_listens_where_the_server_looks_for_it(address: str, host: str) -> None:
    assert service_place(address) == ServicePlace(host=host, port=50051)


@pytest.mark.parametrize("address", ["10.0.0.5:50051", "gpu.example:50051"])
def test_a_service_on_another_machine_cannot_be_started(address: str) -> None:
    with pytest.raises(StartError, match="FOVEA_GRPC_ADDRESS"):
        service_place(address)


def test_the_service_takes_its_models_from_the_server() -> None:
    request = ServerRequest(
        host="0.0.0.0", port=5000, workers=1, data_dir=Path("/srv"), mlflow_options=()
    )
    other = {"MLFLOW_TRACKING_URI": "http://elsewhere", "FOVEA_SERVING_MODEL": "retina"}

    command = service_command(
        ServicePlace(host="127.0.0.1", port=50051), server_url(request), other
    )

    assert command.environment["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000"
    assert command.environment["FOVEA_SERVING_MODEL"] == "retina"
    assert command.arguments[1:3] == ["-m", "serving"]
