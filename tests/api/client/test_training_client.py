"""Control and jobs through both clients, on a real server."""

import pytest
from mlflow import MlflowClient

from api.client import FoveaClient, RequestRefusedError
from api.control.instruction_schemas import InstructionStatus
from api.control.transitions import Action
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


def test_an_unknown_job_is_named(call: Call, server: Server) -> None:
    for method in ("job", "job_progress", "job_logs", "start_job", "cancel_job"):
        with pytest.raises(RequestRefusedError, match=r"no job 'no job\?'"):
            call(server.url, method, "no job?")
