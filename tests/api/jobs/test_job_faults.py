"""Trainings whose ranks are killed, whose disk is full, or which do not stop: no job is lost or left behind."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.api.jobs.processes import ranks
from tests.api.jobs.trainings import trainings
from tests.small_disk import fill, small_disk
from tests.training.data.images import make_folder
from tests.waiting import until
from tracking_plugin.ray_head import LocalHead

LESS_THAN_A_CHECKPOINT = 64 * 1024
ENDLESS = {"epochs": 5000, "checkpoint_every_steps": 5}


def test_a_rank_killed_while_pausing_restarts_and_pauses(tmp_path: Path, head: LocalHead) -> None:
    with trainings(tmp_path, head) as training:
        run_id = training.start(**ENDLESS)
        training.wait_for_step(run_id, 6)
        training.post("pause", run_id, timeout_s=0)
        ranks(head)[1].kill()
        training.wait(run_id, "paused")
        training.acknowledged("resume", run_id)
        training.acknowledged("stop", run_id)
        training.wait(run_id, "stopped")
        steps = [step for step, _ in training.curve(run_id)]
        assert sorted(set(steps)) == list(range(1, max(steps) + 1)), "none lost"


def test_an_unreachable_cluster_is_an_error_that_says_so(tmp_path: Path, head: LocalHead) -> None:
    with trainings(tmp_path, FOVEA_RAY_ADDRESS="http://127.0.0.1:9") as training:
        run_id = training.start(epochs=1)
        entry = training.wait(run_id, "error")
        assert "127.0.0.1:9" in entry["message"]
        assert training.mlflow_status(run_id) == ("FAILED", "error")


def test_a_job_that_does_not_stop_in_time_is_ended(tmp_path: Path, head: LocalHead) -> None:
    with trainings(tmp_path, head, FOVEA_OBEY_TIMEOUT_S="3") as training:
        run_id = training.start(**ENDLESS)
        training.wait_for_step(run_id, 1)
        rank = ranks(head)[0]
        # A suspended process receives no command.
        rank.suspend()
        try:
            training.post("stop", run_id, timeout_s=0)
            entry = training.wait(run_id, "stopped")
        finally:
            _resume(rank)
        assert training.mlflow_status(run_id) == ("KILLED", "stopped")
        assert entry["message"]
        until(lambda: not ranks(head), "the end of the ranks")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for the logs of a run and for some of its checkpoints."""
    with small_disk(tmp_path / "disk", size_kib=32 * 1024) as disk:
        yield disk


@pytest.mark.soak
def test_a_pause_with_a_full_disk_fails_with_the_reason_until_there_is_room(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOVEA_DATA_DIR", str(disk))
    with closing(LocalHead()) as head, trainings(tmp_path, head) as training:
        # One long epoch, because a checkpoint is also saved at the end of each epoch.
        make_folder(tmp_path / "many", {"train": 400, "val": 4, "test": 4})
        run_id = training.start_on(str(tmp_path / "many"))
        training.wait_for_step(run_id, 2)
        fill(disk / "filler", left_bytes=LESS_THAN_A_CHECKPOINT)
        refused = training.post("pause", run_id, release=True, timeout_s=100).json()
        assert (refused["status"], refused["training_status"]) == ("error", "training")
        assert "No space left on device" in refused["message"]
        assert not refused["released"]
        assert training.outcomes(run_id) == [("pause", "failed")]
        training.wait_for_step(run_id, len(training.curve(run_id)) + 2)

        (disk / "filler").unlink()
        assert training.acknowledged("pause", run_id, release=True)["released"]
        training.acknowledged("resume", run_id)
        training.wait_for_step(run_id, len(training.curve(run_id)) + 2)
        training.acknowledged("stop", run_id)
        training.wait(run_id, "stopped")
        steps = [step for step, _ in training.curve(run_id)]
        assert steps == list(range(1, len(steps) + 1)), "each point once, none lost"


def _resume(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.resume()
