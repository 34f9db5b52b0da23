"""`mlflow run -b fovea-ray` with a real Ray head and store: each way in which a run can end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient, projects
from mlflow.entities import Run
from mlflow.exceptions import ExecutionException

from tests.mlflow_database import new_store
from tests.waiting import DEADLINE_S, until
from tracking_plugin import ray_head
from tracking_plugin.names import Tag
from tracking_plugin.project_backend import absolute_uri
from tracking_plugin.ray_head import LocalHead, local_head
from tracking_plugin.ray_run import RayRun

PROJECT = Path(__file__).parent / "tiny_project"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    uri = new_store(tmp_path_factory.mktemp("store"))
    mlflow.set_tracking_uri(uri)
    yield MlflowClient(uri)
    mlflow.set_tracking_uri("")


@pytest.fixture(scope="module")
def head() -> Iterator[LocalHead]:
    """The head that all runs of this process share."""
    head = local_head()
    yield head
    head.close()


def run_project(entry_point: str, *, synchronous: bool = True, **options: Any) -> RayRun:
    run = projects.run(
        str(options.pop("uri", PROJECT)),
        entry_point=entry_point,
        backend="fovea-ray",
        synchronous=synchronous,
        experiment_id="0",
        **options,
    )
    assert isinstance(run, RayRun)
    return run


def mlflow_run(entry_point: str, store: MlflowClient, head: LocalHead) -> subprocess.Popen[str]:
    """The command `mlflow run`, with the existing head."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "run", str(PROJECT)),
            *("-e", entry_point, "-b", "fovea-ray", "--experiment-id", "0"),
        ],
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": store.tracking_uri,
            "FOVEA_RAY_ADDRESS": head.address,
            "RAY_AUTH_TOKEN": head.token,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def killed_at_the_end(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def other_run_with_metrics(store: MlflowClient, run_id: str) -> Run | None:
    run = newest_run(store)
    return run if run.info.run_id != run_id and run.data.metrics else None


def newest_run(store: MlflowClient) -> Run:
    return store.search_runs(["0"], order_by=["attributes.start_time DESC"], max_results=1)[0]


def test_a_job_that_succeeds_is_a_finished_run(store: MlflowClient, head: LocalHead) -> None:
    submitted = run_project("log", parameters={"value": "2.5"}, run_name="named")

    run = store.get_run(submitted.run_id)
    assert run.info.status == submitted.get_status() == "FINISHED"
    assert run.info.run_name == "named"
    assert run.data.metrics == {"train/loss": 2.5}
    assert run.data.params == {"value": "2.5"}
    assert run.data.tags["mlflow.project.backend"] == "fovea-ray"
    assert run.data.tags["mlflow.project.entryPoint"] == "log"
    assert run.data.tags["mlflow.source.type"] == "PROJECT"
    assert run.data.tags[Tag.STATUS] == "completed"
    assert run.data.tags["directory"] == str(PROJECT)


def test_a_job_that_fails_is_a_failed_run(store: MlflowClient, head: LocalHead) -> None:
    with pytest.raises(ExecutionException, match="failed"):
        run_project("raise")

    run = newest_run(store)
    assert run.info.status == "FAILED"
    assert run.data.tags[Tag.STATUS] == "error"


def test_a_job_that_dies_leaves_the_end_of_its_log_in_the_run(
    store: MlflowClient, head: LocalHead
) -> None:
    with pytest.raises(ExecutionException, match="failed"):
        run_project("die")

    run = newest_run(store)
    assert run.info.status == "FAILED"
    assert run.data.tags[Tag.STATUS] == "error"
    assert "the last line of the log" in run.data.tags[Tag.MESSAGE]


def test_a_cancelled_run_is_killed_and_its_job_stopped(
    store: MlflowClient, head: LocalHead
) -> None:
    submitted = run_project("linger", synchronous=False)
    until(lambda: store.get_run(submitted.run_id).data.metrics, "the job's first metric")
    assert submitted.get_status() == "RUNNING"

    submitted.cancel()

    assert submitted.get_status() == "KILLED"
    assert store.get_run(submitted.run_id).info.status == "KILLED"
    assert store.get_run(submitted.run_id).data.tags[Tag.STATUS] == "stopped"
    assert submitted.wait() is False


def test_a_named_cluster_gets_a_copy_without_data(
    store: MlflowClient, head: LocalHead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_of_project(tmp_path, also=["data/patient.txt", "lib/data/loader.py"])
    monkeypatch.setenv("RAY_AUTH_TOKEN", head.token)
    monkeypatch.setenv("FOVEA_RAY_ADDRESS", head.address)
    # Ray would use this instead of the address that we pass.
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:1")

    submitted = run_project("log", uri=project, synchronous=False)
    assert submitted.wait() is True

    tags = store.get_run(submitted.run_id).data.tags
    assert tags["files"] == "MLproject job.py lib"
    assert tags["directory"] != str(project)


def test_the_command_waits_until_the_job_has_ended(store: MlflowClient, head: LocalHead) -> None:
    with mlflow_run("log", store, head) as command, killed_at_the_end(command):
        output, _ = command.communicate(timeout=DEADLINE_S)

    assert command.returncode == 0, output
    assert newest_run(store).info.status == "FINISHED"


def test_ctrl_c_at_the_command_kills_the_run(store: MlflowClient, head: LocalHead) -> None:
    before = newest_run(store).info.run_id
    with mlflow_run("linger", store, head) as command, killed_at_the_end(command):
        assert command.stdout is not None
        until(lambda: "waiting for its end" in command.stdout.readline(), "the command's wait")
        run = until(lambda: other_run_with_metrics(store, before), "the job's first metric")
        command.send_signal(signal.SIGINT)
        output, _ = command.communicate(timeout=DEADLINE_S)

    assert store.get_run(run.info.run_id).info.status == "KILLED", output


def test_an_unreachable_cluster_fails_the_run_with_the_reason(store: MlflowClient) -> None:
    with pytest.raises(ExecutionException, match=r"http://127\.0\.0\.1:1 accepts no jobs"):
        run_project("log", backend_config={"address": "http://127.0.0.1:1"})

    run = newest_run(store)
    assert run.info.status == "FAILED"
    assert "http://127.0.0.1:1" in run.data.tags[Tag.MESSAGE]


def test_not_waiting_is_refused_with_a_local_head(store: MlflowClient) -> None:
    with pytest.raises(ExecutionException, match="cluster that outlives this process"):
        run_project("log", backend_config={"wait": False})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite:////srv/mlflow.db", "sqlite:////srv/mlflow.db"),
        ("sqlite:///mlflow.db", f"sqlite:///{Path.cwd()}/mlflow.db"),
        ("mlruns", f"file://{Path.cwd()}/mlruns"),
        ("databricks", "databricks"),
    ],
)
def test_paths_of_stores_on_disk_become_absolute(given: str, expected: str) -> None:
    assert absolute_uri(given) == expected


@pytest.mark.soak
def test_a_second_head_accepts_jobs_and_its_loss_fails_their_runs(
    store: MlflowClient, head: LocalHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    second: list[LocalHead] = []
    monkeypatch.setattr(ray_head, "_heads", lambda: second)
    submitted = run_project("linger", synchronous=False)
    until(lambda: store.get_run(submitted.run_id).data.metrics, "the job's first metric")

    second[0].close()

    assert submitted.wait() is False
    run = store.get_run(submitted.run_id)
    assert run.info.status == "FAILED"
    assert f"The Ray job {submitted.job_id} is lost" in run.data.tags[Tag.MESSAGE]


def copy_of_project(directory: Path, also: list[str]) -> Path:
    project = directory / "copied_project"
    for name in ["MLproject", "job.py"]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text((PROJECT / name).read_text())
    for name in also:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("not for the cluster")
    return project
