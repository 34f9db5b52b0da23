"""The unchanged client of the galaxy frontend: its requests, its types, and its WebSocket class."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from mlflow import MlflowClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.api.client.fake_ray import TrainingServer
from tests.api.projects.galaxy_frontend import (
    ProjectDetail,
    ProjectProgress,
    ProjectResponse,
    ProjectSummary,
    TrainingWebSocket,
)
from tests.api.projects.project_client import UNCLEAR, ProjectClient
from tests.api.projects.simulated_pipeline import EVALUATION, LEAK, RANKED, SimulatedPipeline
from tests.waiting import DEADLINE_S
from tracking_plugin.names import PipelineStage


@pytest.fixture
def ws_url(training: TrainingServer) -> str:
    return f"{training.url.replace('http', 'ws')}/api/v1/ws"


@pytest.fixture
def socket(ws_url: str) -> Iterator[TrainingWebSocket]:
    socket = TrainingWebSocket(ws_url)
    yield socket
    socket.disconnect()


def test_a_project_goes_through_all_stages_and_its_socket_tells_each(
    projects: ProjectClient, pipeline: SimulatedPipeline, socket: TrainingWebSocket
) -> None:
    pipeline.waits = True
    created = ProjectResponse.model_validate(projects.create(project_name="My patients"))
    assert (created.project_name, created.status) == ("My patients", "created")
    assert created.dataset_info["num_rows"] == 60
    socket.connect(created.project_id)
    first = socket.until(lambda event: event.event_type == "progress_update")
    assert first[0].event_type == "stage_change"
    for stage in PipelineStage:
        pipeline.release()
        socket.until(
            lambda event, stage=stage: (  # type: ignore[misc]
                event.event_type == "progress_update"
                and event.data["current_stage"] == stage
                and event.data["progress_percentage"] >= int(12.5 * (stage.number + 1)) - 1
            )
        )
    last = socket.until(lambda event: event.event_type == "completed")[-1]

    assert last.project_id == created.project_id
    assert last.data["status"] == "completed"
    assert socket.num_opened == 1
    progress = ProjectProgress.model_validate(projects.progress(created.project_id))
    assert (progress.status, progress.progress_percentage) == ("completed", 100)
    detail = projects.get(created.project_id)
    assert ProjectDetail.model_validate(detail).selected_models == ["catboost", "linear"]
    assert detail["prediction_endpoint"].endswith("/predict")
    assert detail["leaks"] == [{key: LEAK[key] for key in detail["leaks"][0]}]
    assert detail["holdout_score"] == {
        "metric": "macro_f1",
        "value": 0.79,
        "interval": [0.77, 0.81],
    }
    assert detail["selection_score"]["value"] == 0.8
    assert detail["evaluation_report"] == EVALUATION
    assert detail["ranked"] == RANKED


def test_a_socket_of_a_finished_project_begins_with_its_end(
    completed_id: str, socket: TrainingWebSocket
) -> None:
    socket.connect(completed_id)

    kinds = [event.event_type for event in socket.until(lambda it: it.event_type == "completed")]
    assert kinds == ["stage_change", "progress_update", "completed"]
    socket.send({"type": "no such thing"})
    [error] = socket.until(lambda it: it.event_type == "error")
    assert (error.data["error_code"], socket.close_codes) == ("VALIDATION_ERROR", [])


def test_a_failed_pipeline_is_an_error_with_its_reason(
    projects: ProjectClient, pipeline: SimulatedPipeline, socket: TrainingWebSocket
) -> None:
    pipeline.fails = True
    project_id = projects.create()["project_id"]

    socket.connect(project_id)
    error = socket.until(lambda event: event.event_type == "error")[-1]

    assert error.data["error"] == "No model could be trained."
    assert error.data["error_code"] == "PIPELINE_FAILED"
    detail, progress = projects.get(project_id), projects.progress(project_id)
    assert (detail["status"], detail["error_code"]) == ("failed", "PIPELINE_FAILED")
    assert progress["error_code"] == "PIPELINE_FAILED"


def test_projects_are_listed_newest_first_by_page_and_by_status(
    projects: ProjectClient, training: TrainingServer, completed_id: str
) -> None:
    vague = {"problem_description": "Look at this", "project_name": "vague"}
    older, newer = (projects.create(UNCLEAR, **vague)["project_id"] for _ in range(2))

    listed = projects.http.get("/projects", params={"limit": 2})
    second = projects.http.get("/projects/", params={"limit": 1, "offset": 1})
    waiting = projects.http.get("/projects", params={"status": "analyzing", "limit": 1})
    completed = projects.http.get("/projects", params={"status": "completed"})
    uploading = projects.http.get("/projects", params={"status": "uploading"})

    found = [ProjectSummary.model_validate(entry) for entry in listed.json()]
    assert [entry.project_id for entry in found] == [newer, older]
    assert found[0].problem_description == "Look at this"
    assert [entry["project_id"] for entry in second.json()] == [older]
    assert [entry["project_id"] for entry in waiting.json()] == [newer]
    assert int(waiting.headers["X-Total-Count"]) >= 2
    [done] = [it for it in completed.json() if it["project_id"] == completed_id]
    score = {"metric": "macro_f1", "value": 0.79, "interval": [0.77, 0.81]}
    assert (done["holdout_score"], done["current_stage"]) == (score, "model_deployment")
    assert waiting.json()[0]["holdout_score"] is None
    assert uploading.json() == []
    # Two projects of one name have experiments of their own.
    ids = [projects.get(it)["experiment_id"] for it in (older, newer)]
    tags = [MlflowClient(training.url).get_experiment(it).tags["fovea.project"] for it in ids]
    assert tags == [older, newer]


def test_a_socket_answers_pings_and_what_it_does_not_understand(
    completed_id: str, ws_url: str
) -> None:
    with connect(f"{ws_url}/projects/{completed_id}/stream") as socket:
        received = [json.loads(socket.recv(DEADLINE_S))["event_type"] for _ in range(3)]
        for text, expected in (
            ('{"type": "ping"}', "pong"),
            ("ping", "pong"),
            ("{", "error"),
            ('{"type": [1]}', "error"),
        ):
            socket.send(text)
            received.append(json.loads(socket.recv(DEADLINE_S))["event_type"])
            assert received[-1] == expected
        socket.send("x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed):
            socket.recv(DEADLINE_S)
        assert socket.close_code == 1009


def test_an_unknown_project_is_an_error_and_no_disconnect(
    socket: TrainingWebSocket,
) -> None:
    socket.connect("nothing")

    error = socket.until(lambda event: event.event_type == "error")[-1]

    assert error.data["error_code"] == "PROJECT_NOT_FOUND"
    assert socket.close_codes == []


def test_only_ten_sockets_follow_one_project(completed_id: str, ws_url: str) -> None:
    url = f"{ws_url}/projects/{completed_id}/stream"
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect(url)).recv(DEADLINE_S)
        refused = stack.enter_context(connect(url))
        with pytest.raises(ConnectionClosed):
            refused.recv(DEADLINE_S)
        assert refused.close_code == 4429
