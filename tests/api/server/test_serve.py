"""`fovea serve` from its first to its last moment, on real processes."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.api.control.loops import answer, new_run, post, tags, training
from tests.ports import LOOPBACK, free_port
from tests.servers import STOP_DEADLINE_S, fovea_server
from tests.valkey import valkey_server
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
    with fovea_server(data_dir, working_dir=foreign_directory, makes_tables=True) as server:
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        databases = {path: stat.S_IMODE(path.stat().st_mode) for path in data_dir.glob("*.db*")}
        assert databases[data_dir / "mlflow.db"] == 0o600
        assert set(databases.values()) == {0o600}
        assert psutil.Process(server.process.pid).children() == [], "one process is enough"

        assert server.stop(signal.SIGTERM) == 0

        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/api/health")


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_kill_9_of_the_command_leaves_nothing_behind(
    data_dir: Path, tmp_path: Path, workers: int
) -> None:
    with (
        valkey_server(tmp_path / "valkey") as bus_url,
        fovea_server(
            data_dir, "--workers", str(workers), environment={"FOVEA_BUS_URL": bus_url}
        ) as server,
    ):
        processes = psutil.Process(server.process.pid).children(recursive=True)

        server.stop(signal.SIGKILL)

        until(lambda: not any(map(psutil.Process.is_running, processes)), "the server's end")


def test_runs_that_mlflow_keeps_in_files_are_controlled_all_the_same(tmp_path: Path) -> None:
    options = ("--", "--backend-store-uri", str(tmp_path / "mlruns"))
    environment = {"MLFLOW_ALLOW_FILE_STORE": "true"}
    with fovea_server(tmp_path / "data", *options, environment=environment) as server:
        run_id = new_run(server.url)
        with training(server.url, run_id) as loop:
            answer(post(server.url, "pause", run_id))
            loop.report_acknowledged("paused", 1)
        assert tags(server.url, run_id)[0] == "paused"
    assert (tmp_path / "data" / "fovea.db").is_file()


@pytest.mark.parametrize("command", [("serve", "--workers", "2"), ("hub",)])
def test_processes_that_share_no_bus_are_refused(data_dir: Path, command: tuple[str, ...]) -> None:
    ended = subprocess.run(
        [str(Path(sys.executable).parent / "fovea"), *command],
        env={**os.environ, "FOVEA_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("fovea: ")
    assert "FOVEA_BUS_URL=redis://" in ended.stderr


def test_plain_mlflow_server_refuses_processes_that_share_no_bus(tmp_path: Path) -> None:
    mlflow = Path(sys.executable).parent / "mlflow"
    ended = subprocess.run(
        [str(mlflow), "server", "--app-name", "fovea", "--port", str(free_port())],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert "4 server processes need a shared bus" in ended.stderr


def test_it_ends_with_the_process_that_asked_for_it(data_dir: Path) -> None:
    with (
        subprocess.Popen(["sleep", "600"]) as owner,
        fovea_server(
            data_dir, environment={"FOVEA_OWNER_PID": str(owner.pid)}, is_cold=True
        ) as server,
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
