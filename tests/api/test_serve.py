"""`fovea serve` from its first to its last moment, on real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.ports import LOOPBACK, free_port
from tests.servers import STOP_DEADLINE_S, fovea_server
from tests.waiting import until

AWKWARD_NAME = "50% of it?"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that MLflow's tables are made once."""
    return tmp_path_factory.mktemp("serve") / AWKWARD_NAME


@pytest.fixture
def foreign_directory(tmp_path: Path) -> Path:
    """A working directory with another project's `api` in it."""
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("raise RuntimeError('somebody else')")
    return tmp_path


def test_it_serves_beside_another_api_and_ends_on_sigterm(
    data_dir: Path, foreign_directory: Path
) -> None:
    with fovea_server(data_dir, working_dir=foreign_directory) as server:
        assert (data_dir / "mlflow.db").is_file()
        processes = [server.process, *psutil.Process(server.process.pid).children(recursive=True)]
        assert len(processes) == 2

        assert server.stop(signal.SIGTERM) == 0

        assert not psutil.pid_exists(processes[1].pid)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/api/health")


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_of_the_command_leaves_nothing_behind(data_dir: Path, workers: int) -> None:
    with fovea_server(data_dir, "--workers", str(workers)) as server:
        processes = psutil.Process(server.process.pid).children(recursive=True)

        server.stop(signal.SIGKILL)

        until(lambda: not any(map(psutil.Process.is_running, processes)), "the server's end")


def test_it_ends_with_the_process_that_asked_for_it(data_dir: Path) -> None:
    with (
        subprocess.Popen(["sleep", "600"]) as owner,
        fovea_server(data_dir, environment={"FOVEA_OWNER_PID": str(owner.pid)}) as server,
    ):
        owner.kill()
        owner.wait()

        assert server.process.wait(STOP_DEADLINE_S) == 0


def test_plain_mlflow_server_says_when_another_api_is_in_the_way(
    foreign_directory: Path,
) -> None:
    mlflow = Path(sys.executable).parent / "mlflow"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [mlflow, "server", "--app-name", "fovea", "--host", LOOPBACK, "--port", str(free_port())],
        env={**environment, "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{foreign_directory}/m.db"},
        cwd=foreign_directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert f"{foreign_directory}/api/__init__.py would be imported instead" in ended.stderr
    assert "start the server with `fovea serve`" in ended.stderr
