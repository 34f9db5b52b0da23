"""The galaxy shows projects with their status, samples and score, and a bounded number of their runs."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag

from api.pages import TOTAL_COUNT_HEADER
from api.projects.galaxy import MAX_RUNS
from tests.api.client.both_clients import Call, call_async, call_blocking
from tests.api.projects.project_client import UNCLEAR, ProjectClient
from tracking_plugin.names import CANDIDATE_LOSS, Tag

NUM_CANDIDATES = MAX_RUNS + 6


def test_a_finished_project_has_its_samples_score_and_runs(
    projects: ProjectClient, completed_id: str
) -> None:
    shown = _shown(projects)[completed_id]

    assert (shown["status"], shown["progress_percentage"]) == ("completed", 100)
    assert (shown["num_samples"], shown["has_question"]) == (60, False)
    assert shown["holdout_score"]["value"] == 0.79
    assert shown["num_runs"] == 2
    pipeline, candidate = shown["runs"]
    assert (pipeline["run_id"], pipeline["is_candidate"]) == (shown["run_id"], False)
    assert pipeline["holdout_score"] == shown["holdout_score"]
    assert (candidate["is_candidate"], candidate["holdout_score"]) == (True, None)


def test_of_hundreds_of_candidates_the_best_are_listed(projects: ProjectClient) -> None:
    project_id = projects.create(project_name="many candidates")["project_id"]
    detail = projects.until_status(project_id, "completed")
    client = MlflowClient(projects.server.url)

    def add(number: int) -> str:
        tags = {"mlflow.parentRunId": detail["run_id"], str(Tag.CANDIDATE): str(number)}
        run_id = str(client.create_run(detail["experiment_id"], tags=tags).info.run_id)
        # The last has no loss, as a candidate that has failed.
        if number < NUM_CANDIDATES:
            client.log_batch(run_id, [Metric(CANDIDATE_LOSS, 1 / number, 0, 0)], [], [])
        return run_id

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(add, range(1, NUM_CANDIDATES + 1)))
    client.log_batch(added[0], tags=[RunTag(Tag.STATUS, "training")])

    shown = _shown(projects)[project_id]

    assert shown["num_runs"] == NUM_CANDIDATES + 2
    assert len(shown["runs"]) == MAX_RUNS
    candidates = [it for it in shown["runs"] if it["is_candidate"]]
    losses = [it["selection_loss"] for it in candidates]
    assert losses == sorted(losses)
    assert losses[0] == pytest.approx(1 / (NUM_CANDIDATES - 1))
    assert added[-1] not in {it["run_id"] for it in candidates}


def test_a_project_with_a_question_has_no_runs_and_a_deleted_one_is_gone(
    projects: ProjectClient,
) -> None:
    waiting = projects.create(UNCLEAR, problem_description="Look at this")["project_id"]

    shown = _shown(projects)[waiting]

    assert (shown["has_question"], shown["runs"], shown["num_runs"]) == (True, [], 0)
    assert shown["run_id"] is None
    assert projects.delete(waiting).status_code == 200
    assert waiting not in _shown(projects)


def test_the_galaxy_has_pages_and_a_limit(projects: ProjectClient, completed_id: str) -> None:
    first = projects.http.get("/projects/galaxy", params={"limit": 1})

    assert len(first.json()) == 1
    assert int(first.headers[TOTAL_COUNT_HEADER]) >= 1
    assert projects.http.get("/projects/galaxy", params={"limit": 501}).status_code == 422
    assert projects.get(completed_id)["project_id"] == completed_id


@pytest.mark.parametrize("call", [call_blocking, call_async])
def test_both_clients_read_the_galaxy(
    projects: ProjectClient, completed_id: str, call: Call
) -> None:
    page = call(projects.server.url, "galaxy")
    shown = next(it for it in page.entries if it.project_id == completed_id)

    assert page.total == len(page.entries)
    assert shown.model_dump(mode="json") == _shown(projects)[completed_id]
    first = call(projects.server.url, "galaxy", limit=1, offset=1)
    assert first.entries == page.entries[1:2]


def _shown(projects: ProjectClient) -> dict[str, Any]:
    response = projects.http.get("/projects/galaxy")
    assert response.status_code == 200, response.text
    return {it["project_id"]: it for it in response.json()}
