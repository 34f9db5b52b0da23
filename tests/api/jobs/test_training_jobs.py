"""Trainings that the server starts, on real Ray with two ranks: from their start to each possible end."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from websockets.sync.client import connect

from tests.api.jobs.processes import processes_called, ranks
from tests.api.jobs.trainings import DEADLINE_S, PARAMS, Trainings, trainings
from tests.waiting import until
from tracking_plugin.ray_head import LocalHead

EXACT = {"epochs": 16, "deterministic": True, "seed": 7, "checkpoint_every_steps": 20}
NUM_STEPS = 144
ENDLESS = {"epochs": 5000}


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, head: LocalHead) -> Iterator[Trainings]:
    with trainings(tmp_path_factory.mktemp("jobs"), head) as running:
        yield running


@dataclass(frozen=True)
class Undisturbed:
    """A run that finished, and the first lines of its log as the socket sent them."""

    run_id: str
    published: Sequence[str]


@pytest.fixture(scope="module")
def finished(training: Trainings) -> Undisturbed:
    with connect(f"{training.server.url.replace('http', 'ws', 1)}/ws") as socket:
        run_id = training.start(**EXACT)
        published: list[str] = []
        while not any("training from step 0" in line for line in published):
            message = json.loads(socket.recv(timeout=DEADLINE_S))
            if message["type"] == "log" and message["run_id"] == run_id:
                published += [line["message"] for line in message["lines"]]
    training.wait(run_id, "completed")
    return Undisturbed(run_id, published)


@pytest.fixture
def undisturbed(finished: Undisturbed) -> str:
    return finished.run_id


@pytest.fixture
def published(finished: Undisturbed) -> Sequence[str]:
    return finished.published


def test_a_started_training_is_scheduled_trains_and_finishes(
    training: Trainings, undisturbed: str
) -> None:
    entry = training.entry(undisturbed)
    assert (entry["status"], entry["progress"], entry["attempt"]) == ("completed", 1.0, 1)
    assert training.mlflow_status(undisturbed) == ("FINISHED", "completed")
    assert len(training.curve(undisturbed)) == NUM_STEPS
    assert training.http.get(f"/api/training/{undisturbed}").json() == entry


def test_its_log_is_published_and_kept(
    training: Trainings, undisturbed: str, published: Sequence[str]
) -> None:
    stored = until(
        lambda: [file.path for file in training.mlflow.list_artifacts(undisturbed, "logs")],
        "the stored log",
    )
    assert stored == ["logs/training.log"]
    lines = training.logs(undisturbed)
    assert any(f"training from step 0 to {NUM_STEPS}" in line for line in lines)
    assert lines[: len(published)] == published
    path = training.mlflow.download_artifacts(undisturbed, stored[0])
    assert Path(path).read_text().splitlines() == lines
    assert (
        training.http.get(f"/api/training/{undisturbed}/logs?limit=1").json()[0]["message"]
        in (lines[-1])
    )


@pytest.mark.parametrize(
    "pauses", [(False, True), pytest.param((False, True) * 2, marks=pytest.mark.soak)]
)
def test_paused_both_ways_it_ends_with_the_same_weights(
    training: Trainings, undisturbed: str, pauses: tuple[bool, ...]
) -> None:
    run_id = training.start(**EXACT)
    training.wait_for_step(run_id, 3)
    for release in pauses:
        paused = training.acknowledged("pause", run_id, release=release)
        assert (paused["training_status"], paused["released"]) == ("paused", release)
        assert training.entry(run_id)["status"] == "paused"
        held_at = training.curve(run_id)
        training.acknowledged("resume", run_id)
        assert training.curve(run_id)[: len(held_at)] == held_at
        training.wait_for_step(run_id, len(held_at) + 2)
    training.wait(run_id, "completed")
    assert training.mlflow_status(run_id) == ("FINISHED", "completed")
    assert training.entry(run_id)["attempt"] == 1 + sum(pauses)
    for metric in ("train/loss", "val/loss", "val/kappa"):
        assert training.curve(run_id, metric) == training.curve(undisturbed, metric)
    _assert_same_weights(training, run_id, undisturbed)


def test_a_paused_run_takes_no_step_and_keeps_its_processes(
    training: Trainings, head: LocalHead
) -> None:
    run_id = training.start(**ENDLESS)
    training.wait_for_step(run_id, 2)
    paused = training.acknowledged("pause", run_id)
    num_ranks = len(ranks(head))
    # The tracker delivers the last points within a second; a rank that continued would log more.
    observed = training.curve(run_id)
    until(lambda: training.curve(run_id)[-1][0] == paused["step"], "the last step's point")
    for _ in range(3):
        training.http.get("/api/stats")
        assert training.curve(run_id)[-1][0] == paused["step"]
    assert num_ranks == 2
    assert len(observed) <= paused["step"]
    stopped = training.acknowledged("stop", run_id)
    assert stopped["training_status"] in ("stopping", "stopped")
    training.wait(run_id, "stopped")
    assert training.mlflow_status(run_id) == ("KILLED", "stopped")
    assert training.curve(run_id)[-1][0] == paused["step"], "its metrics are complete"
    until(lambda: not ranks(head), "the end of the ranks")


def test_a_released_run_has_no_process_and_can_be_stopped(
    training: Trainings, head: LocalHead
) -> None:
    run_id = training.start(**ENDLESS)
    training.wait_for_step(run_id, 2)
    assert training.acknowledged("pause", run_id)["released"] is False
    assert training.acknowledged("pause", run_id, release=True)["released"] is True
    until(lambda: not ranks(head), "the end of the ranks")
    assert training.acknowledged("pause", run_id)["released"] is True, "it is paused already"
    training.acknowledged("stop", run_id)
    assert training.mlflow_status(run_id) == ("KILLED", "stopped")
    answer = training.post("resume", run_id)
    assert answer.status_code == 409
    assert "stopped" in answer.json()["error"]


def test_a_stop_during_start_up_ends_it_before_it_trains(training: Trainings) -> None:
    run_id = training.start(**ENDLESS)
    training.wait(run_id, "starting")
    training.post("stop", run_id, timeout_s=0)
    training.wait(run_id, "stopped")
    assert training.mlflow_status(run_id) == ("KILLED", "stopped")


def test_a_created_job_waits_for_its_start_and_can_be_cancelled(training: Trainings) -> None:
    body = {"type": "retinal", "data": str(training.data), "config": {"num_epochs": 3}}
    created = training.http.post("/api/training/", json=body)
    assert created.status_code == 201, created.text
    job_id = created.json()["id"]
    assert (created.json()["status"], created.json()["config"]) == ("pending", {"epochs": 3})
    assert training.mlflow.get_run(job_id).info.status == "SCHEDULED"
    cancelled = training.http.post(f"/api/training/{job_id}/cancel")
    assert cancelled.status_code == 200, cancelled.text
    training.wait(job_id, "stopped")
    assert training.mlflow_status(job_id) == ("KILLED", "stopped")
    assert training.http.post(f"/api/training/{job_id}/start").status_code == 409


def test_a_pause_before_the_start_prevents_the_start(training: Trainings) -> None:
    body = {"type": "retinal", "data": str(training.data), "config": dict(PARAMS)}
    job_id = training.http.post("/api/training/", json=body).json()["id"]
    training.post("pause", job_id, timeout_s=0)
    assert training.http.post(f"/api/training/{job_id}/start").status_code == 200
    training.wait(job_id, "paused")
    assert training.entry(job_id)["attempt"] == 0
    training.post("resume", job_id, timeout_s=0)
    training.wait(job_id, "completed")


def test_a_job_that_dies_is_a_failed_run_with_the_end_of_its_log(training: Trainings) -> None:
    run_id = training.start_on("/nowhere/at/all", **ENDLESS)
    entry = training.wait(run_id, "error")
    assert "/nowhere/at/all" in entry["message"]
    assert training.mlflow_status(run_id) == ("FAILED", "error")


def test_a_driver_that_is_killed_is_a_failed_run_that_says_so(
    training: Trainings, head: LocalHead
) -> None:
    run_id = training.start(**ENDLESS)
    training.wait_for_step(run_id, 2)
    for process in processes_called(head, "-m training fit", run_id):
        process.kill()
    entry = training.wait(run_id, "error")
    assert "FAILED" in entry["message"]
    assert "training from step 0" in entry["message"], "the end of its log"
    assert training.mlflow_status(run_id) == ("FAILED", "error")
    until(lambda: not ranks(head), "the end of the ranks")


def test_a_killed_training_is_resumed_from_its_checkpoint_bit_for_bit(
    training: Trainings, undisturbed: str, head: LocalHead
) -> None:
    run_id = training.start(**EXACT)
    training.wait_for_step(run_id, 25)
    for process in processes_called(head, "-m training fit", run_id):
        process.kill()
    entry = until(
        lambda: [it for it in [training.entry(run_id)] if it["can_resume"]], "its end", DEADLINE_S
    )[0]
    assert entry["status"] == "error"
    assert entry["message"].startswith("Interrupted, can be resumed. ")

    assert training.http.post(f"/api/jobs/{run_id}/resume").status_code == 200
    assert training.wait(run_id, "completed")["attempt"] == 2
    assert training.mlflow_status(run_id) == ("FINISHED", "completed")
    lines = training.logs(run_id)
    begun = [line for line in lines[lines.index("--- attempt 2 ---") :] if "from step" in line]
    assert begun
    assert "from step 0 " not in begun[0], "it goes on from its checkpoint"
    _assert_same_weights(training, run_id, undisturbed)


def test_the_figures_count_runs_and_jobs(training: Trainings, undisturbed: str) -> None:
    dashboard = training.http.get("/api/monitoring/dashboard").json()
    jobs = training.http.get("/api/training/")
    assert dashboard["usage"]["total_training_jobs"] == int(jobs.headers["X-Total-Count"])
    assert dashboard["system"]["jobs_completed"] >= 1
    assert dashboard["system"]["avg_duration_seconds"] > 0
    assert undisturbed in {job["id"] for job in jobs.json()}
    assert dashboard["popular_presets"][0]["recipe"] == "retinal"


def test_ray_says_how_many_ranks_can_run_at_once(training: Trainings, undisturbed: str) -> None:
    queues = {each["pool"]: each for each in training.http.get("/api/jobs/queue").json()}
    assert queues["cpu"]["num_slots"] == ray_cpus()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"recipe": "lora"}, "body.recipe"),
        ({"params": {"batch_size": 0}}, "body.params.batch_size"),
        ({"params": {"batch_size": "many"}}, "body.params.batch_size"),
        ({"params": {"no_such_thing": 1}}, "no_such_thing"),
        ({"workers": 0}, "body.workers"),
        ({"data": ""}, "body.data"),
        ({"surprise": 1}, "body.surprise"),
    ],
)
def test_bad_input_is_named_and_starts_nothing(
    training: Trainings, body: dict[str, object], named: str
) -> None:
    before = training.http.get("/api/runs").headers["X-Total-Count"]
    answer = training.http.post("/api/training/start", json=body)
    assert answer.status_code == 422
    assert named in answer.json()["details"]
    assert training.http.get("/api/runs").headers["X-Total-Count"] == before


def ray_cpus() -> float:
    """As Ray counts them, which heeds the limits of a container."""
    from ray._private.utils import get_num_cpus  # noqa: PLC0415 - importing Ray takes seconds

    return float(get_num_cpus())


def _assert_same_weights(training: Trainings, run_id: str, other: str) -> None:
    weights = [_last_weights(training, each) for each in (run_id, other)]
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name


def _last_weights(training: Trainings, run_id: str) -> dict[str, torch.Tensor]:
    folders = [file.path for file in training.mlflow.list_artifacts(run_id, "checkpoints")]
    newest = max(path for path in folders if "step_" in path)
    folder = Path(training.mlflow.download_artifacts(run_id, newest))
    return {
        f"{path.name}:{name}": tensor
        for path in folder.glob("*.safetensors")
        for name, tensor in load_file(path).items()
    }
