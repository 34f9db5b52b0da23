"""A training goes on over kill -9 of its server: the next server has all of it, and `fovea ray stop` ends it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from tests.api.jobs.trainings import DEADLINE_S, Trainings, trainings
from tests.waiting import until
from tracking_plugin.ray_detached_head import find_head
from tracking_plugin.ray_head_record import HeadRecord
from tracking_plugin.ray_job_api import RayEndpoint
from tracking_plugin.ray_job_client import RayJobClient
from tracking_plugin.ray_processes import processes_in

EXACT = {"epochs": 16, "deterministic": True, "seed": 7, "checkpoint_every_steps": 20}
ENDLESS = {"epochs": 5000}
CURVES = ("train/loss", "val/loss", "val/kappa")


@pytest.mark.timeout(600)
def test_a_training_survives_a_kill_of_its_server_and_ends_with_its_head(tmp_path: Path) -> None:
    with trainings(tmp_path, keeps_head=True) as first:
        run_id, head = pause_and_kill(first, **ENDLESS)
    with trainings(tmp_path, port=first.server.port) as second:
        assert second.wait(run_id, "paused")["attempt"] == 1
        assert head_of(second) == head
        second.acknowledged("resume", run_id)
        second.wait_for_step(run_id, len(second.curve(run_id)) + 2)
        steps = [step for step, _ in second.curve(run_id)]
        assert steps == list(range(1, len(steps) + 1)), "each point once, none lost"

        assert "1 job" in fovea_ray(second, "status")
        processes = processes_in(Path(head.folder))
        assert "has ended" in fovea_ray(second, "stop")
        assert psutil.wait_procs(processes, timeout=10)[1] == []
        assert not Path(head.folder).exists()
        entry = second.wait(run_id, "error", "stopped")
        assert entry["message"]
        assert second.mlflow_status(run_id)[0] in ("FAILED", "KILLED")
        assert "No Ray head runs" in fovea_ray(second, "status")


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_training_survives_two_kills_of_its_server_bit_for_bit(tmp_path: Path) -> None:
    with trainings(tmp_path, keeps_head=True) as first:
        undisturbed = first.start(**EXACT)
        first.wait(undisturbed, "completed")
        expected = {metric: first.curve(undisturbed, metric) for metric in CURVES}
        run_id, head = pause_and_kill(first, **EXACT)
        port = first.server.port
    with trainings(tmp_path, port=port, keeps_head=True) as second:
        assert second.wait(run_id, "paused")["attempt"] == 1
        second.acknowledged("resume", run_id)
        second.wait_for_step(run_id, len(second.curve(run_id)) + 2)
        second.server.kill()
    # It trains on without a server, which gets the metrics of this time afterwards.
    until(lambda: "epoch 13 evaluated" in printed(head, run_id), "epoch 13", DEADLINE_S)
    with trainings(tmp_path, port=port) as third:
        assert third.wait(run_id, "completed")["attempt"] == 1
        assert third.mlflow_status(run_id) == ("FINISHED", "completed")
        assert {metric: third.curve(run_id, metric) for metric in CURVES} == expected
        until(lambda: "Finished:" in third.logs(run_id)[-1], "the last line of the log")
        assert third.logs(run_id) == printed(head, run_id).splitlines(), "each once, none lost"


def pause_and_kill(training: Trainings, **params: object) -> tuple[str, HeadRecord]:
    """Start a training, pause it, and kill the server; returns the run's id and the server's head."""
    run_id = training.start(**params)
    training.wait_for_step(run_id, 3)
    # The server accepts the command and is killed, maybe before the run receives it.
    training.post("pause", run_id, timeout_s=0)
    head = head_of(training)
    training.server.kill()
    return run_id, head


def head_of(training: Trainings) -> HeadRecord:
    head = find_head(training.server.data_dir)
    assert head is not None
    return head


def printed(head: HeadRecord, run_id: str) -> str:
    """The output of the run's job, as Ray stores it."""
    headers = {"Authorization": f"Bearer {head.token}"}
    jobs = requests.get(f"{head.address}/api/jobs/", headers=headers, timeout=30).json()
    job_id = next(
        job["submission_id"] for job in jobs if job["metadata"].get("mlflow_run_id") == run_id
    )
    return RayJobClient(RayEndpoint(head.address, head.token)).logs(job_id)


def fovea_ray(training: Trainings, command: str) -> str:
    return subprocess.run(
        [str(Path(sys.executable).parent / "fovea"), "ray", command],
        env={**os.environ, "FOVEA_DATA_DIR": str(training.server.data_dir)},
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
    ).stdout
