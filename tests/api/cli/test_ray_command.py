"""`fovea ray status` and `fovea ray stop` on a head that is found, silent, elsewhere, or not there."""

from pathlib import Path

import pytest

from api.cli import ray_command
from tests.api.cli.conftest import Fovea
from tests.fake_head import start_fake_head
from tests.waiting import until
from tracking_plugin.ray_detached_head import find_head
from tracking_plugin.ray_head import HeadError


class Client:
    """Of a head with jobs that end one by one once they are stopped."""

    def __init__(self, *jobs: str) -> None:
        self.jobs = list(jobs)
        self.stopped: list[str] = []

    def unfinished(self) -> list[str]:
        left = self.jobs[:]
        if self.stopped and self.jobs:
            self.jobs.pop()
        return left

    def stop(self, job: str) -> None:
        assert job in self.jobs
        self.stopped.append(job)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOVEA_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Of a running head with two jobs."""
    start_fake_head(data_dir)
    until(lambda: find_head(data_dir), "the head")
    client = Client("a", "b")
    monkeypatch.setattr(ray_command, "_client", lambda head: client)
    monkeypatch.setattr(ray_command, "_POLL_S", 0)
    return client


@pytest.mark.parametrize("command", ["status", "stop"])
def test_a_folder_without_a_head_is_named(fovea: Fovea, data_dir: Path, command: str) -> None:
    result = fovea("ray", command)

    assert result.code == 0
    assert result.out.startswith(f"No Ray head runs for {data_dir}")


def test_status_and_stop_end_the_jobs_before_the_head(
    fovea: Fovea, client: Client, data_dir: Path
) -> None:
    shown = fovea("ray", "status")
    assert "http://127.0.0.1:9" in shown.out
    assert "with 2 jobs" in shown.out
    assert "token" not in shown.out

    stopped = fovea("ray", "stop")
    assert stopped.code == 0
    assert client.stopped == ["a", "b"]
    assert client.jobs == []
    assert "Waiting for 2 jobs" in stopped.out
    assert f"The Ray head of {data_dir} has ended" in stopped.out
    assert find_head(data_dir) is None


def test_stop_now_waits_for_no_job(fovea: Fovea, client: Client, data_dir: Path) -> None:
    assert "has ended" in fovea("ray", "stop", "--now").out
    assert client.stopped == []
    assert find_head(data_dir) is None


def test_a_head_that_does_not_answer_is_ended_all_the_same(fovea: Fovea, data_dir: Path) -> None:
    start_fake_head(data_dir)
    until(lambda: find_head(data_dir), "the head")
    assert "its jobs are unknown" in fovea("ray", "status").out
    stopped = fovea("ray", "stop")
    assert "cannot be stopped one by one" in stopped.out
    assert find_head(data_dir) is None


@pytest.mark.parametrize("command", ["status", "stop"])
def test_a_head_elsewhere_is_one_sentence(
    fovea: Fovea, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def elsewhere(data_dir: Path) -> None:
        raise HeadError("runs on another machine")

    monkeypatch.setattr(ray_command, "find_head", elsewhere)
    result = fovea("ray", command)
    assert result.code == 1
    assert result.err == "fovea: runs on another machine\n"
