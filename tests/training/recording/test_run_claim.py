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

from training.recording.run_claim import RunInUseError, claimed_run
from training.recording.run_record import RunRecord


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    tracking_uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = MlflowClient(tracking_uri)
    experiment = client.create_experiment("e", artifact_location=str(tmp_path / "artifacts"))
    return RunRecord(tracking_uri, client.create_run(experiment))


def tags(record: RunRecord) -> dict[str, str]:
    return dict(MlflowClient(record.tracking_uri).get_run(record.run_id).data.tags)


def process_tag(pid: int, *, host: str = socket.gethostname(), delay_s: float = 0.0) -> str:
    started = psutil.Process(pid).create_time() - delay_s
    return json.dumps({"host": host, "pid": pid, "started": started})


def test_a_claim_names_its_process_and_leaves_no_files(record: RunRecord, tmp_path: Path) -> None:
    with claimed_run(record, tmp_path / "work"):
        assert json.loads(tags(record)["fovea.process"])["pid"] == os.getpid()
    assert not (tmp_path / "work").exists()
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
    record: RunRecord, tmp_path: Path, tag: str
) -> None:
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
