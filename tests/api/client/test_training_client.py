"""Control and jobs through both clients, on a real server."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient

from api.client import FoveaClient, RequestRefusedError
from api.control.instruction_schemas import InstructionStatus
from api.control.transitions import Action
from api.training_inputs.schemas import DatasetKind
from tests.api.client.both_clients import Call
from tests.api.client.fake_ray import REPORT_PATH, TrainingServer
from tests.api.client.simulated_loop import simulated_loop
from tests.servers import Server
from tests.waiting import DEADLINE_S, until
from tracking_plugin.mlflow_links import run_link
from tracking_plugin.names import RunStatus


def test_a_run_pauses_resumes_and_stops(call: Call, server: Server) -> None:
    with simulated_loop(server.url) as loop:
        paused = call(server.url, "pause", loop.run_id, timeout_s=DEADLINE_S)
        assert (paused.acknowledged, paused.training_status) == (True, RunStatus.PAUSED)
        assert paused.step == loop.step

        resumed = call(server.url, "resume", loop.run_id, timeout_s=DEADLINE_S)
        assert (resumed.acknowledged, resumed.training_status) == (True, RunStatus.TRAINING)

        stopped = call(server.url, "stop", loop.run_id, timeout_s=DEADLINE_S)
        assert stopped.acknowledged
        until(lambda: loop.mlflow_status == "KILLED", "the run's end")

        audit = call(server.url, "commands", loop.run_id, limit=2)

    assert [entry.action for entry in audit.entries] == [Action.STOP, Action.RESUME]
    assert audit.total == 3


def test_a_run_carries_out_a_one_time_command(call: Call, server: Server) -> None:
    with simulated_loop(server.url, understands=["sample_now"]) as loop:
        done = call(
            server.url, "instruct", loop.run_id, "sample_now", {"count": 2}, wait_s=DEADLINE_S
        )
        assert (done.status, done.message) == (InstructionStatus.DONE, "Sampled")
        assert done.step == loop.taken[0].step

        with pytest.raises(RequestRefusedError, match="and not dance") as refused:
            call(server.url, "instruct", loop.run_id, "dance")
        assert refused.value.status == 409

        listed = call(server.url, "instructions", loop.run_id, limit=1)
        audit = call(server.url, "commands", loop.run_id)

    assert (listed.entries[0].name, listed.total) == ("dance", 2)
    assert audit.entries[1].arguments == {"count": 2}


def test_a_client_waits_longer_than_its_command(server: Server) -> None:
    with simulated_loop(server.url) as loop, FoveaClient(server.url, timeout_s=1) as client:
        loop.may_step.clear()
        # The run may have passed `may_step` before it was cleared.
        client.pause(loop.run_id, timeout_s=0)
        client.resume(loop.run_id, timeout_s=0)

        answer = client.pause(loop.run_id, timeout_s=3)

    assert not answer.acknowledged


def test_a_release_that_the_server_cannot_resume_is_refused(call: Call, server: Server) -> None:
    with (
        simulated_loop(server.url) as loop,
        pytest.raises(RequestRefusedError, match="was not started by this server") as refused,
    ):
        call(server.url, "pause", loop.run_id, release=True)

    assert refused.value.status == 409


def test_recipes_have_a_schema_of_their_parameters(call: Call, server: Server) -> None:
    recipes = {recipe.name: recipe for recipe in call(server.url, "recipes")}
    retinal = recipes["retinal"]

    assert "quality" in recipes
    assert "epochs" in retinal.params_schema["properties"]


def test_a_job_is_created_read_and_cancelled(call: Call, server: Server) -> None:
    created = call(
        server.url,
        "create_job",
        "retinal",
        data="/data",
        base_model="random",
        config={"num_epochs": 2},
        output_name="fundus",
    )
    assert created.config == {"epochs": 2, "weights": "random"}
    assert (created.data, created.output_name) == ("/data", "fundus")

    assert call(server.url, "job", created.id).status is RunStatus.PENDING
    assert call(server.url, "job_progress", created.id).progress == 0
    assert call(server.url, "job_logs", created.id, limit=5) == []
    assert created.id in [job.id for job in call(server.url, "jobs").entries]

    call(server.url, "cancel_job", created.id)
    until(lambda: call(server.url, "job", created.id).status is RunStatus.STOPPED, "its end")


def test_a_job_is_started_once_and_trains(call: Call, trainer: TrainingServer) -> None:
    job = call(trainer.url, "create_job", "retinal", config={"seed": 7})

    assert call(trainer.url, "start_job", job.id).job_id == job.id
    until(lambda: call(trainer.url, "job", job.id).status is RunStatus.COMPLETED, "its end")

    assert "--seed=7" in trainer.ray.entrypoints[job.id]
    with pytest.raises(RequestRefusedError, match="was started before"):
        call(trainer.url, "start_job", job.id)


def test_a_training_starts_immediately(call: Call, trainer: TrainingServer) -> None:
    started = call(
        trainer.url,
        "start",
        "retinal",
        data="/data",
        params={"epochs": 3},
        experiment_name="control",
        workers=2,
    )

    entrypoint = until(lambda: trainer.ray.entrypoints.get(started.run_id), "its job")
    assert "--workers 2" in entrypoint
    assert "--data=/data --epochs=3" in entrypoint
    run = call(trainer.url, "runs", experiment="control", limit=1).entries[0]
    assert run.run_id == started.run_id
    tags = MlflowClient(trainer.url).get_run(started.run_id).data.tags
    assert tags["mlflow.user"]
    assert tags["mlflow.source.name"].endswith("training/__main__.py")
    assert tags["mlflow.source.type"] == "JOB"


def test_an_evaluation_is_a_job_with_reports(call: Call, trainer: TrainingServer) -> None:
    evaluated = MlflowClient(trainer.url).create_run("0").info

    job = call(
        trainer.url, "evaluate", evaluated.run_id, split="val", params={"modality": "fundus"}
    )

    assert (job.kind, job.config["run_id"]) == ("evaluate", evaluated.run_id)
    until(lambda: call(trainer.url, "job", job.id).status is RunStatus.COMPLETED, "its end")
    assert f"--run-id={evaluated.run_id}" in trainer.ray.entrypoints[job.id]
    assert "--split=val" in trainer.ray.entrypoints[job.id]
    assert "--modality=fundus" in trainer.ray.entrypoints[job.id]
    assert call(trainer.url, "evaluation_reports", job.id) == [
        run_link(trainer.url, "0", evaluated.run_id, REPORT_PATH)
    ]


def test_jobs_are_listed_by_kind(call: Call, trainer: TrainingServer) -> None:
    evaluated = MlflowClient(trainer.url).create_run("0").info
    evaluation = call(trainer.url, "evaluate", evaluated.run_id).id
    training = call(trainer.url, "create_job", "retinal").id

    def ids(**query: object) -> set[str]:
        return {job.id for job in call(trainer.url, "jobs", **query).entries}

    assert ids() & {evaluation, training} == {training}
    assert ids(kind="evaluate") & {evaluation, training} == {evaluation}
    assert ids(kind=None) >= {evaluation, training}


def test_job_kinds_have_a_schema_of_their_parameters(call: Call, server: Server) -> None:
    kinds = {kind.name: kind for kind in call(server.url, "job_kinds")}

    assert kinds["evaluate"].params_schema["required"] == ["run_id"]
    assert kinds["training"].can_pause


def test_a_training_names_its_data_and_its_model_by_their_ids(
    call: Call, trainer: TrainingServer, tmp_path: Path
) -> None:
    """The testing steps of the document of system E."""
    url, name = trainer.url, uuid.uuid4().hex
    for file in ("a.png", "a.txt", "b.png", "weights.safetensors"):
        (tmp_path / file).write_bytes(b"x")
    with httpx.Client(base_url=url, timeout=DEADLINE_S) as http:
        before = http.get("/api/monitoring/dashboard").json()

        data = call(url, "add_dataset", name, str(tmp_path))
        model = call(url, "add_base_model", name, path=str(tmp_path / "weights.safetensors"))
        assert (data.num_images, data.num_captions, model.size_bytes) == (2, 1, 1)
        config = {"learning_rate": 0.0001, "batch_size": 4, "num_epochs": 10}
        body = {"dataset_id": data.id, "base_model_id": model.id, "output_name": "my_model"}
        job = call(url, "create_job", "retinal", config=config, **body)
        with pytest.raises(RequestRefusedError, match=f"used by the job {job.id}"):
            call(url, "delete_dataset", data.id)
        with pytest.raises(RequestRefusedError, match=f"used by the job {job.id}"):
            call(url, "delete_base_model", model.id)

        assert http.post(f"/api/training/{job.id}/start").json()["status"] == "started"
        until(lambda: call(url, "job", job.id).status is RunStatus.COMPLETED, "its end")
        entrypoint = trainer.ray.entrypoints[job.id]
        assert f"--data={tmp_path} " in entrypoint
        assert f"--weights={tmp_path}/weights.safetensors" in entrypoint
        assert "--epochs=10" in entrypoint
        progress = http.get(f"/api/training/{job.id}/progress").json()
        assert (progress["progress"], progress["current_step"], progress["loss"]) == (1.0, 3, 0.5)
        assert http.get(f"/api/training/{job.id}/logs?limit=5").json() == []

        after = http.get("/api/monitoring/dashboard").json()
    assert grown(before["usage"], after["usage"]) == {
        "total_training_jobs": 1,
        "total_runs": 1,
        "total_datasets": 1,
        "total_base_models": 1,
    }
    assert grown(before["system"], after["system"]) == {"total_jobs": 1, "jobs_completed": 1}
    assert after["usage"]["avg_wait_seconds"] >= 0
    assert after["recent_activity"][0]["run_id"] == job.id

    until(lambda: forgotten(call, url, data.id), "the job's end")
    assert call(url, "delete_base_model", model.id).id == model.id


def grown(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """The counts that are not as before, without mean times."""
    return {
        name: number - before[name]
        for name, number in after.items()
        if not name.startswith("avg") and number != before[name]
    }


def forgotten(call: Call, url: str, dataset_id: int) -> bool:
    try:
        return bool(call(url, "delete_dataset", dataset_id).id == dataset_id)
    except RequestRefusedError:
        return False


def test_data_sets_and_models_are_renamed_counted_and_listed(
    call: Call, trainer: TrainingServer, tmp_path: Path
) -> None:
    url, name = trainer.url, uuid.uuid4().hex
    data = call(url, "add_dataset", f"{name}-a", str(tmp_path), kind=DatasetKind.CLASS_FOLDERS)
    model = call(url, "add_base_model", f"{name}-a", hub_id="some/model", licence="mit")
    (tmp_path / "a.png").write_bytes(b"x")

    assert call(url, "count_dataset", data.id).num_images == 1
    assert call(url, "rename_dataset", data.id, name).name == name
    assert call(url, "rename_base_model", model.id, name).name == name
    assert call(url, "inspect_base_model", model.id).licence == "mit"
    kept = call(url, "datasets", kind=DatasetKind.CLASS_FOLDERS, limit=1000).entries
    assert call(url, "dataset", data.id) in kept
    assert call(url, "base_model", model.id) in call(url, "base_models", limit=1000).entries
    call(url, "delete_dataset", data.id)
    call(url, "delete_base_model", model.id)
    for method, found in (("dataset", data), ("base_model", model)):
        with pytest.raises(RequestRefusedError, match="There is no"):
            call(url, method, found.id)


def test_a_job_that_has_not_begun_gets_another_priority(
    call: Call, trainer: TrainingServer
) -> None:
    job = call(trainer.url, "create_job", "retinal", priority=2)

    assert (job.priority, job.queue_position) == (2, None)
    assert call(trainer.url, "set_priority", job.id, 9).priority == 9
    assert {queue.pool for queue in call(trainer.url, "queues")} == {"gpu", "cpu"}
    with pytest.raises(RequestRefusedError, match="cannot be resumed"):
        call(trainer.url, "resume_job", job.id)


def test_an_unknown_job_is_named(call: Call, server: Server) -> None:
    for method in ("job", "job_progress", "job_logs", "start_job", "cancel_job", "resume_job"):
        with pytest.raises(RequestRefusedError, match=r"no job 'no job\?'"):
            call(server.url, method, "no job?")
