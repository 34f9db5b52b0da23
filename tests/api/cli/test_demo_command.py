"""`fovea demo` with a fake training: its links, its exit code, its child processes."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.fake_head import start_fake_head
from tests.ports import free_port
from tests.servers import START_DEADLINE_S
from tests.waiting import until
from tracking_plugin.ray_detached_head import HeadFiles, find_head, stop_head

# The demo with another program in place of `python -m training`.
DEMO = """
import sys
from pathlib import Path
from api.cli import demo_command as demo
demo.training_arguments = lambda request: [sys.executable, "-c", sys.argv[3]]
request = demo.DemoRequest(
    port=int(sys.argv[1]), data=None, epochs=1, exit_when_done=True, data_dir=Path(sys.argv[2])
)
sys.exit(demo.run_demo(request))
"""
FINISHES = "import mlflow; mlflow.set_experiment('retinal-demo'); mlflow.start_run()"
FAILS = f"{FINISHES}; mlflow.end_run('FAILED')"
STARTS_A_HEAD = (
    "from pathlib import Path; from tests.fake_head import start_fake_head; "
    "start_fake_head(Path({data_dir!r}))"
)
HAS_NO_RUN = "import sys; sys.exit('no run')"
LINGERS = f"{FINISHES}; import time; print('lingering', flush=True); time.sleep(600)"


@dataclass(frozen=True, kw_only=True)
class Demo:
    process: subprocess.Popen[str]
    url: str


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that MLflow's tables are made once."""
    return tmp_path_factory.mktemp("demo")


@contextmanager
def demo(data_dir: Path, training: str) -> Iterator[Demo]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", DEMO, str(port), str(data_dir), training],
        # The demo must not log to a run that the caller's shell names.
        env={**os.environ, "MLFLOW_RUN_ID": "somebody-elses"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Demo(process=process, url=f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.communicate()


def test_it_prints_the_links_of_a_finished_run_and_ends_the_ray_head_of_its_server(
    data_dir: Path,
) -> None:
    with demo(data_dir, f"{FINISHES}; {STARTS_A_HEAD.format(data_dir=str(data_dir))}") as running:
        output, errors = running.process.communicate(timeout=START_DEADLINE_S)

    assert running.process.returncode == 0, errors
    experiment, run, dashboard = output.splitlines()[-3:]
    assert experiment.startswith(f"Experiment: {running.url}/#/experiments/")
    assert run.startswith(f"Run:        {running.url}/#/experiments/")
    assert experiment.endswith("/runs?workflowType=machine_learning")
    run_id = run.rpartition("/runs/")[2].removesuffix("?workflowType=machine_learning")
    assert dashboard == f"Dashboard:  {running.url}/monitor/#/runs/{run_id}"
    assert "somebody-elses" not in run
    assert HeadFiles(data_dir).log.exists(), "there was a head"
    assert find_head(data_dir) is None
    assert stat.S_IMODE((data_dir / "server.log").stat().st_mode) == 0o600


def test_it_fails_if_the_run_failed_and_leaves_a_ray_head_that_was_there_before(
    data_dir: Path,
) -> None:
    start_fake_head(data_dir)
    until(lambda: find_head(data_dir), "the head")
    with demo(data_dir, FAILS) as running:
        _, errors = running.process.communicate(timeout=START_DEADLINE_S)

    assert find_head(data_dir) is not None
    stop_head(data_dir)
    assert running.process.returncode == 1
    assert f"The run ended as FAILED: {running.url}/#/experiments/" in errors


def test_it_fails_if_the_training_created_no_run(data_dir: Path) -> None:
    with demo(data_dir, HAS_NO_RUN) as running:
        _, errors = running.process.communicate(timeout=START_DEADLINE_S)

    assert running.process.returncode == 1
    assert "ended with exit code 1 before it created a run" in errors


@pytest.mark.parametrize(
    ("signal_number", "exit_code"),
    [
        (signal.SIGINT, 128 + signal.SIGINT),
        pytest.param(signal.SIGTERM, 128 + signal.SIGTERM, marks=pytest.mark.soak),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_its_child_processes_end_with_it(
    data_dir: Path, signal_number: signal.Signals, exit_code: int
) -> None:
    with demo(data_dir, LINGERS) as running:
        assert running.process.stdout is not None
        until(lambda: "lingering" in running.process.stdout.readline(), "the training's start")
        children = psutil.Process(running.process.pid).children(recursive=True)
        assert len(children) == 2

        running.process.send_signal(signal_number)

        assert running.process.wait(60) == exit_code
        until(lambda: not any(map(psutil.Process.is_running, children)), "the children's end")
