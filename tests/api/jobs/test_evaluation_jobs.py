"""Evaluations that the server runs as jobs, on real Ray: their own runs, and their report on the scored run."""

from collections.abc import Iterator

import pytest

from tests.api.jobs.trainings import PARAMS, Trainings, trainings
from tests.waiting import until
from tracking_plugin.ray_head import LocalHead

REPORT = "evaluation/test_tta/clinical_report.html"


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, head: LocalHead) -> Iterator[Trainings]:
    with trainings(tmp_path_factory.mktemp("jobs"), head) as running:
        yield running


@pytest.fixture(scope="module")
def trained(training: Trainings) -> str:
    """The id of a run with a model; it was started as a job of its kind."""
    params = {**PARAMS, "epochs": 1, "batch_size": 4}
    job = training.create_job("training", data=str(training.data), params=params)
    assert (job["kind"], job["type"], job["config"]) == ("training", "retinal", params)
    training.wait(job["id"], "completed")
    return str(job["id"])


def test_an_evaluation_has_a_run_of_its_own_and_reports_on_the_scored_one(
    training: Trainings, trained: str
) -> None:
    job = training.create_job("evaluate", run_id=trained, tta=True, num_resamples=100)
    assert (job["kind"], job["type"], job["progress"]) == ("evaluate", "evaluate", 0.0)
    assert training.wait(job["id"], "completed")["progress"] == 1.0
    assert training.mlflow_status(job["id"]) == ("FINISHED", "completed")

    tags = training.mlflow.get_run(job["id"]).data.tags
    assert tags["mlflow.parentRunId"] == tags["fovea.evaluated_run"] == trained
    scored = training.mlflow.get_run(trained)
    assert training.mlflow.get_run(job["id"]).info.experiment_id == scored.info.experiment_id
    assert "test_tta/accuracy" in scored.data.metrics
    reports = training.mlflow.list_artifacts(trained, "evaluation/test_tta")
    assert REPORT in {file.path for file in reports}
    log = until(
        lambda: [file.path for file in training.mlflow.list_artifacts(job["id"], "logs")],
        "the stored log",
    )
    assert log == ["logs/evaluate.log"]


def test_without_a_run_id_the_training_is_shown_and_not_its_evaluation(
    training: Trainings, trained: str
) -> None:
    training.create_job("evaluate", start=False, run_id=trained)
    assert training.http.get("/api/metrics/latest").json()["run_id"] == trained


def test_an_evaluation_cannot_be_paused_and_ends_when_it_is_cancelled(
    training: Trainings, trained: str
) -> None:
    job_id = training.create_job("evaluate", run_id=trained)["id"]
    until(lambda: training.entry(job_id)["attempt"], "the submission")
    paused = training.post("pause", job_id)
    assert paused.status_code == 409
    assert "cannot be paused" in paused.json()["error"]
    assert training.http.post(f"/api/jobs/{job_id}/cancel").status_code == 200
    training.wait(job_id, "stopped")
    assert training.mlflow_status(job_id) == ("KILLED", "stopped")
    assert training.outcomes(job_id) == [("pause", "refused"), ("stop", "done")]


def test_an_evaluation_of_a_run_without_a_model_fails_and_says_why(training: Trainings) -> None:
    without_model = training.mlflow.create_run("0").info.run_id
    job_id = training.create_job("evaluate", run_id=without_model)["id"]
    assert "not one that this program has trained" in training.wait(job_id, "error")["message"]
    assert training.mlflow_status(job_id) == ("FAILED", "error")


def test_jobs_are_listed_by_kind_and_trainings_apart(training: Trainings, trained: str) -> None:
    job_id = training.create_job("evaluate", start=False, run_id=trained)["id"]

    def ids(path: str) -> set[str]:
        return {job["id"] for job in training.http.get(path).json()}

    assert {job_id, trained} <= ids("/api/jobs")
    assert job_id in ids("/api/jobs?kind=evaluate")
    assert trained not in ids("/api/jobs?kind=evaluate")
    assert ids("/api/training/") == ids("/api/jobs?kind=training") == {trained}
    assert training.http.get(f"/api/training/{job_id}").status_code == 404
    assert training.http.get("/api/jobs?kind=export").status_code == 422


def test_the_kinds_are_listed_with_their_parameters(training: Trainings) -> None:
    kinds = {kind["name"]: kind for kind in training.http.get("/api/jobs/kinds").json()}
    assert {name: kind["can_pause"] for name, kind in kinds.items()} == {
        "training": True,
        "evaluate": False,
        "project": True,
    }
    assert "run_id" in kinds["evaluate"]["params_schema"]["required"]
    assert "workers" in kinds["training"]["params_schema"]["properties"]
    recipes = training.http.get("/api/recipes").json()
    kinds = {recipe["name"]: recipe["kind"] for recipe in recipes}
    assert {"retinal", "quality"} <= kinds.keys()
    assert set(kinds.values()) == {"training"}


@pytest.mark.parametrize(
    ("kind", "params", "status", "named"),
    [
        ("export", {}, 422, "body.kind"),
        ("evaluate", {}, 422, "run_id"),
        ("evaluate", {"run_id": "a" * 32, "split": "all"}, 422, "body.params.split"),
        ("training", {"params": {"epochs": 0}}, 422, "body.params.params.epochs"),
        ("evaluate", {"run_id": "a" * 32}, 404, ""),
    ],
)
def test_bad_input_is_named_and_creates_nothing(
    training: Trainings, kind: str, params: dict[str, object], status: int, named: str
) -> None:
    before = training.http.get("/api/runs").headers["X-Total-Count"]
    answer = training.http.post("/api/jobs", json={"kind": kind, "params": params})
    assert answer.status_code == status, answer.text
    assert named in (answer.json()["details"] or "")
    assert training.http.get("/api/runs").headers["X-Total-Count"] == before
