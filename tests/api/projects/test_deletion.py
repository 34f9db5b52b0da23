"""Deleting a project removes all of it; a running one has to be stopped first."""

import uuid

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.api.client.fake_ray import TrainingServer
from tests.api.projects.project_client import ProjectClient, refusal
from tests.api.projects.simulated_pipeline import SimulatedPipeline


def test_a_deleted_project_leaves_nothing(
    projects: ProjectClient, training: TrainingServer
) -> None:
    project_id = projects.create()["project_id"]
    detail = projects.until_status(project_id, "completed")
    experiment_id, run_id = detail["experiment_id"], detail["run_id"]
    client = MlflowClient(training.url)
    artifacts = training.server.data_dir / "artifacts"
    assert (artifacts / experiment_id / run_id).is_dir()

    deleted = projects.delete(project_id)

    assert deleted.status_code == 200
    body = deleted.json()
    # The pipeline, and its candidate.
    assert body["deleted"]["num_runs"] == 2
    assert body["deleted"]["num_models"] == 1
    assert "Deleted the upload" in body["message"]
    assert refusal(projects.http.get(f"/projects/{project_id}")) == (404, "PROJECT_NOT_FOUND")
    assert refusal(projects.delete(project_id)) == (404, "PROJECT_NOT_FOUND")
    assert project_id not in projects.folders()
    assert not list(artifacts.rglob(f"*{run_id}*"))
    with pytest.raises(MlflowException):
        client.get_run(run_id)
    with pytest.raises(MlflowException):
        client.get_experiment(experiment_id)
    assert client.search_registered_models(f"name='project-{project_id}'") == []


def test_a_running_project_is_deleted_only_if_it_is_to_stop(
    projects: ProjectClient, pipeline: SimulatedPipeline, training: TrainingServer
) -> None:
    pipeline.waits = True
    project_id = projects.create()["project_id"]
    run_id = projects.get(project_id)["run_id"]
    projects.until_status(project_id, "analyzing", "processing")

    refused = projects.delete(project_id)
    assert refusal(refused) == (409, "CONFLICT")
    assert "?stop=true" in refused.json()["error"]

    assert projects.delete(project_id, stop=True).status_code == 200
    jobs = httpx.get(f"{training.url}/api/jobs").json()
    assert all(job["status"] != "training" for job in jobs if job["id"] == run_id)


def test_a_cancelled_project_keeps_what_it_has_found(
    projects: ProjectClient, pipeline: SimulatedPipeline, completed_id: str
) -> None:
    pipeline.waits = True
    project_id = projects.create()["project_id"]
    pipeline.release(3)
    projects.until_status(project_id, "processing")

    cancelled = projects.http.post(f"/projects/{project_id}/cancel")

    assert cancelled.status_code == 200
    detail = projects.until_status(project_id, "cancelled")
    assert detail["leaks"][0]["column"] == "score"
    ended = projects.http.post(f"/projects/{completed_id}/cancel")
    assert refusal(ended) == (409, "CONFLICT")


def test_models_of_others_under_the_same_name_stay(
    projects: ProjectClient, pipeline: SimulatedPipeline, training: TrainingServer
) -> None:
    name = pipeline.model_name = f"shared-{uuid.uuid4().hex}"
    client = MlflowClient(training.url)
    client.create_registered_model(name)
    project_id = projects.create(settings=f'{{"register_as": "{name}"}}')["project_id"]
    projects.until_status(project_id, "completed")

    assert len(client.search_model_versions(f"name='{name}'")) == 1
    assert projects.delete(project_id).status_code == 200

    assert client.search_registered_models(f"name='{name}'")[0].name == name
    assert client.search_model_versions(f"name='{name}'") == []
