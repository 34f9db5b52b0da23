"""One process at a time has a run; another one is refused before it has changed anything."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from tests.mlflow_database import new_store
from training.recording.run_claim import RunInUseError, claimed_run
from training.recording.run_record import RunRecord


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> tuple[MlflowClient, str]:
    folder = tmp_path_factory.mktemp("store")
    client = MlflowClient(new_store(folder))
    return client, client.create_experiment("e", artifact_location=str(folder / "artifacts"))


@pytest.fixture
def record(experiment: tuple[MlflowClient, str]) -> RunRecord:
    client, experiment_id = experiment
    return RunRecord(client.tracking_uri, client.create_run(experiment_id))


def tags(record: RunRecord) -> dict[str, str]:
    return dict(MlflowClient(record.tracking_uri).get_run(record.run_id).data.tags)


def process_tag(pid: int, *, host: str = socket.gethostname(), delay_s: float = 0.0) -> str:
    started = psutil.Process(pid).create_time() - delay_s
    return json.dumps({"host": host, "pid": pid, "started": started})


def test_a_claim_names_its_process_and_leaves_no_files(record: RunRecord, tmp_path: Path) -> None:
    with claimed_run(record, tmp_path / "work"):
        assert json.loads(tags(record)["fovea.process"])["pid"] == os.getpid()
    assert not (tmp_path / "work").exists()
    assert "fovea.process" not in tags(record)
    with claimed_run(record, tmp_path / "work"):
        pass


def test_a_second_claim_is_refused_and_changes_nothing(record: RunRecord, tmp_path: Path) -> None:
    with claimed_run(record, tmp_path / "work"):
        before = tags(record)
        with (
            pytest.raises(RunInUseError, match=f"in use, and was not changed.* {os.getpid()} on"),
            claimed_run(record, tmp_path / "work"),
        ):
            raise AssertionError("The run was claimed twice.")
        assert tags(record) == before
    with claimed_run(record, tmp_path / "work"):
        pass


def test_a_process_with_another_data_folder_is_found_too(record: RunRecord, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        record.set_tags({"fovea.process": process_tag(other.pid)})
        before = tags(record)
        try:
            with (
                pytest.raises(RunInUseError, match=f"Process {other.pid} on this machine"),
                claimed_run(record, tmp_path / "elsewhere"),
            ):
                raise AssertionError("The run was claimed twice.")
        finally:
            other.kill()
        assert tags(record) == before
    with claimed_run(record, tmp_path / "elsewhere"):
        pass


def test_a_process_on_another_machine_is_found_by_what_it_logs(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = MlflowClient(record.tracking_uri)
    record.set_tags({"fovea.process": process_tag(os.getppid(), host="another-machine")})
    before = tags(record)
    steps = iter(range(10))

    def the_other_process_logs(_seconds: float) -> None:
        client.log_metric(record.run_id, "system/cpu", 1.0, step=next(steps))

    monkeypatch.setattr("training.recording.run_claim.time.sleep", the_other_process_logs)
    with (
        pytest.raises(RunInUseError, match="A process on another-machine trains it"),
        claimed_run(record, tmp_path / "work"),
    ):
        raise AssertionError("The run was claimed twice.")
    assert tags(record) == before


@pytest.mark.parametrize(
    "tag",
    [
        process_tag(os.getppid(), host="another-machine"),
        process_tag(os.getppid(), delay_s=3600),
        "",
        "{",
        "[]",
        '{"pid": "many", "host": 1}',
        json.dumps({"host": socket.gethostname(), "pid": -1, "started": 0}),
        json.dumps({"host": socket.gethostname()}),
    ],
)
def test_a_process_that_is_gone_or_a_strange_tag_keeps_nobody_from_the_run(
    record: RunRecord, tmp_path: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.recording.run_claim.LISTEN_S", 0.01)
    record.set_tags({"fovea.process": tag})
    with claimed_run(record, tmp_path / "work"):
        pass


def test_a_child_that_outlives_the_process_does_not_keep_the_run(
    record: RunRecord, tmp_path: Path
) -> None:
    with claimed_run(record, tmp_path / "work"):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(reader, 1)
            os._exit(0)
    try:
        with claimed_run(record, tmp_path / "work"):
            pass
    finally:
        os.write(writer, b"x")
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
