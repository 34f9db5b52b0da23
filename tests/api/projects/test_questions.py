"""A project waits while a question is open, and decisions of its owner start its pipeline (again)."""

import json

import pytest
from mlflow import MlflowClient

from tests.api.client.fake_ray import TrainingServer
from tests.api.projects.project_client import UNCLEAR, ProjectClient, refusal
from tests.api.projects.simulated_pipeline import SimulatedPipeline
from tests.waiting import until

UNDECIDED = "size,weight,disposition\n" + "".join(
    f"{row % 11},{row % 13},{('CANDIDATE', 'CONFIRMED', 'FALSE POSITIVE')[row % 3]}\n"
    for row in range(60)
)
RANK = "leave them out of training and rank them"


def waiting(projects: ProjectClient) -> str:
    created = projects.create(UNCLEAR, problem_description="Look at this")
    assert created["question"]["id"] == "target"
    project_id: str = created["project_id"]
    return project_id


def test_the_answer_to_the_question_starts_the_pipeline(
    projects: ProjectClient, training: TrainingServer
) -> None:
    project_id = waiting(projects)
    before = projects.get(project_id)
    assert before["status"] == projects.progress(project_id)["status"] == "analyzing"
    assert before["run_id"] is None
    assert set(before["question"]["options"]) == {"a", "b", "c"}

    answered = projects.answer(project_id, "target", "b")

    assert answered.status_code == 200
    after = answered.json()
    assert after["question"] is None
    assert after["target"]["column"] == "b"
    assert after["answers"][0] | {"answered_at": 0} == {
        "id": "target",
        "answer": "b",
        "who": "anonymous",
        "answered_at": 0,
    }
    projects.until_status(project_id, "completed")
    assert """'--answers={"target": "b"}'""" in training.ray.entrypoints[after["run_id"]]


@pytest.mark.parametrize(
    ("question_id", "answer", "expected"),
    [
        ("target", "nothing", (422, "VALIDATION_ERROR")),
        ("problem_type", "regression", (409, "CONFLICT")),
        ("target", "x" * 501, (422, "VALIDATION_ERROR")),
    ],
)
def test_a_wrong_answer_is_refused_and_the_question_stays(
    projects: ProjectClient, question_id: str, answer: str, expected: tuple[int, str]
) -> None:
    project_id = waiting(projects)

    assert refusal(projects.answer(project_id, question_id, answer)) == expected

    after = projects.get(project_id)
    assert (after["question"]["id"], after["answers"]) == ("target", [])


def test_an_answer_without_a_question_is_refused(
    projects: ProjectClient, completed_id: str
) -> None:
    assert refusal(projects.answer(completed_id, "target", "age")) == (409, "CONFLICT")
    assert refusal(projects.answer("nothing", "target", "age")) == (404, "PROJECT_NOT_FOUND")


def test_answers_and_settings_can_be_given_with_the_upload(
    projects: ProjectClient, pipeline: SimulatedPipeline, training: TrainingServer
) -> None:
    pipeline.waits = True
    created = projects.create(
        UNCLEAR,
        answers=json.dumps({"target": "b"}),
        settings=json.dumps({"budget_s": 20, "learners": ["linear"], "group": "c"}),
    )

    assert created["question"] is None
    detail = projects.get(created["project_id"])
    assert detail["group"] == {"column": "c", "reason": "the settings name it"}
    command = until(lambda: training.ray.entrypoints.get(detail["run_id"]), "the job")
    assert "--budget-s=20.0" in command
    assert """'--learners=["linear"]'""" in command
    assert "--group=c" in command
    assert projects.delete(created["project_id"], stop=True).status_code == 200


def test_an_offer_and_an_override_start_the_pipeline_again_as_new_runs(
    projects: ProjectClient, pipeline: SimulatedPipeline, training: TrainingServer
) -> None:
    pipeline.waits = True
    created = projects.create(UNDECIDED, problem_description="Predict the disposition")
    project_id = created["project_id"]
    first = projects.get(project_id)
    assert [offer["id"] for offer in first["offers"]] == ["undecided_labels"]

    ranked = projects.answer(project_id, "undecided_labels", RANK).json()
    body = {"column": "size", "reason": "It is known before the label.", "who": "Ada"}
    kept = projects.http.post(f"/projects/{project_id}/override", json=body).json()
    pipeline.waits = False

    assert ranked["target"]["ranks_undecided"] is True
    assert ranked["target"]["classes"] == {"CONFIRMED": 20, "FALSE POSITIVE": 20}
    assert len({first["run_id"], ranked["run_id"], kept["run_id"]}) == 3
    assert kept["overrides"][0] | {"at": 0} == {**body, "at": 0}
    projects.until_status(project_id, "completed")
    command = training.ray.entrypoints[kept["run_id"]]
    assert RANK in command
    assert '"why": "It is known before the label."' in command
    client = MlflowClient(training.url)
    assert client.get_run(first["run_id"]).info.status == "KILLED"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"column": "outcome"}, 422),
        ({"column": "nothing"}, 422),
        ({"who": " "}, 422),
        ({"reason": ""}, 422),
    ],
)
def test_an_override_names_a_column_and_who_and_why(
    projects: ProjectClient, completed_id: str, change: dict[str, str], expected: int
) -> None:
    body = {"column": "age", "reason": "known before", "who": "Ada", **change}
    refused = projects.http.post(f"/projects/{completed_id}/override", json=body)
    assert refusal(refused)[0] == expected


def test_the_engine_of_a_project_is_that_of_its_pipeline(
    projects: ProjectClient, training: TrainingServer
) -> None:
    created = projects.create(settings=json.dumps({"engine": "autogluon"}))
    detail = projects.until_status(created["project_id"], "completed")
    assert " --engine=autogluon" in training.ray.entrypoints[detail["run_id"]]
    refused = projects.post(settings=json.dumps({"engine": "h2o"}))
    assert refusal(refused) == (422, "VALIDATION_ERROR")
    assert "'autogluon' or 'tabicl'" in refused.text
