"""With MLflow's workspaces enabled, a request sees only the runs of its workspace."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Metric, Workspace
from mlflow.server import (
    ARTIFACTS_DESTINATION_ENV_VAR,
    BACKEND_STORE_URI_ENV_VAR,
    SERVE_ARTIFACTS_ENV_VAR,
    handlers,
    workspace_helpers,
)
from mlflow.store.tracking.sqlalchemy_workspace_store import WorkspaceAwareSqlAlchemyStore
from mlflow.utils.workspace_context import get_request_workspace
from starlette.testclient import TestClient

from api.runs.reader import RunNotFoundError, RunReader
from api.runs.workspaces import within
from tests.api.routes.conftest import read_api
from tests.api.routes.paths import PATHS_ABOUT_A_RUN

HEADER = "X-MLFLOW-WORKSPACE"


@dataclass(frozen=True)
class Hospital:
    client: TestClient
    reader: RunReader
    store: WorkspaceAwareSqlAlchemyStore
    destination: Path
    experiment_ids: dict[str, str]
    run_ids: dict[str, str]


@pytest.fixture
def hospital(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hospital]:
    uri = f"sqlite:///{shutil.copy(database, tmp_path / 'mlflow.db')}"
    destination = tmp_path / "destination"
    monkeypatch.setenv("MLFLOW_ENABLE_WORKSPACES", "true")
    monkeypatch.setenv(BACKEND_STORE_URI_ENV_VAR, uri)
    monkeypatch.setenv(SERVE_ARTIFACTS_ENV_VAR, "true")
    monkeypatch.setenv(ARTIFACTS_DESTINATION_ENV_VAR, destination.as_uri())
    monkeypatch.setattr(handlers, "_artifact_repo", None)
    monkeypatch.setattr(workspace_helpers, "_workspace_store", None)
    store = WorkspaceAwareSqlAlchemyStore(uri, "mlflow-artifacts:/")
    workspace_helpers._get_workspace_store().create_workspace(Workspace("radiology"))
    experiment_ids, run_ids = {}, {}
    for workspace in ("default", "radiology"):
        with within(workspace):
            experiment_ids[workspace] = store.create_experiment("retinal")
            run = store.create_run(experiment_ids[workspace], "someone", 1000, [], "first")
            run_ids[workspace] = run.info.run_id
            store.log_batch(run.info.run_id, [Metric("train/loss", 0.5, 1000, 1)], [], [])
            store.log_batch(run.info.run_id, [Metric("epoch", 1.0, 1000, 1)], [], [])
    reader = RunReader(lambda: store)
    client = TestClient(read_api(reader), raise_server_exceptions=False)
    yield Hospital(client, reader, store, destination, experiment_ids, run_ids)
    store.engine.dispose()


@pytest.mark.parametrize("path", PATHS_ABOUT_A_RUN)
def test_a_run_of_another_workspace_is_not_found(hospital: Hospital, path: str) -> None:
    own, other = hospital.run_ids["radiology"], hospital.run_ids["default"]
    headers = {HEADER: "radiology"}

    def status(run_id: str, headers: dict[str, str] | None = None) -> int:
        query = {"run_id": run_id, "epochs": "1"}
        return hospital.client.get(f"/api/{path}", params=query, headers=headers).status_code

    assert status(own, headers) == 200
    assert status(other, headers) == 404
    assert status(other) == status(other, {HEADER: "default"}) == 200
    assert status(own) == 404


def test_the_list_and_the_default_run_are_limited_to_the_workspace(hospital: Hospital) -> None:
    for workspace, run_id in hospital.run_ids.items():
        headers = {HEADER: workspace}
        for query in (
            "",
            "?experiment=retinal",
            f"?experiment={hospital.experiment_ids[workspace]}",
        ):
            runs = hospital.client.get(f"/api/runs{query}", headers=headers)
            assert [run["run_id"] for run in runs.json()] == [run_id]
            assert runs.headers["X-Total-Count"] == "1"
        latest = hospital.client.get("/api/metrics/latest", headers=headers)
        assert latest.json()["run_id"] == run_id
    in_another = hospital.experiment_ids["default"]
    assert (
        hospital.client.get(
            f"/api/runs?experiment={in_another}", headers={HEADER: "radiology"}
        ).json()
        == []
    )


def test_the_table_of_runs_is_limited_to_the_workspace(hospital: Hospital) -> None:
    def answer(path: str, **query: str) -> Any:
        headers = {HEADER: "radiology"}
        return hospital.client.get(f"/api/runs/{path}", params=query, headers=headers).json()

    own, other = hospital.run_ids["radiology"], hospital.run_ids["default"]
    for query in ({}, {"filter": "metrics.`train/loss` > 0"}, {"name": "first"}):
        assert [row["run_id"] for row in answer("table", **query)] == [own]
    assert answer("table", parent=other) == []
    assert [group["num_runs"] for group in answer("groups", by="params.lr")] == [1]
    compared = answer("comparison", run_id=other)
    assert (compared["runs"], compared["metrics"], compared["missing"]) == ([], [], [other])


def test_an_evaluation_is_read_from_the_folder_of_its_workspace(hospital: Hospital) -> None:
    run_id = hospital.run_ids["radiology"]
    with within("radiology"):
        artifact_uri = hospital.store.get_run(run_id).info.artifact_uri
    below = artifact_uri.removeprefix("mlflow-artifacts:/").lstrip("/")
    file = hospital.destination / below / "epochs/0001/evaluation.json"
    file.parent.mkdir(parents=True)
    document = {"classes": ["A"], "confusion_matrix": [[3]], "class_report": {}}
    file.write_text(json.dumps(document))

    response = hospital.client.get(
        "/api/epochs/1", params={"run_id": run_id}, headers={HEADER: "radiology"}
    )

    assert below.startswith("workspaces/radiology/")
    assert response.json()["confusion_matrix"] == [[3]]


def test_an_unknown_workspace_is_refused(hospital: Hospital) -> None:
    response = hospital.client.get("/api/runs", headers={HEADER: "cardiology"})

    assert response.status_code == 404
    assert "cardiology" in response.json()["error"]


def test_an_invalid_workspace_header_is_refused_and_named(hospital: Hospital) -> None:
    response = hospital.client.get("/api/runs", headers={HEADER: "../other"})

    assert response.status_code == 422
    assert response.json()["details"].startswith(f"header.{HEADER}: ")


def test_a_workspace_header_is_refused_if_workspaces_are_disabled(client: TestClient) -> None:
    response = client.get("/api/runs", headers={HEADER: "radiology"})

    assert response.status_code == 422
    assert response.json()["details"].startswith(f"header.{HEADER}: ")
    assert client.get("/api/runs").status_code == 200


def test_the_workspace_of_a_request_does_not_leak_into_the_next(hospital: Hospital) -> None:
    with hospital.client as client:
        client.get("/api/runs", headers={HEADER: "radiology"})
        runs = client.get("/api/runs").json()

    assert [run["run_id"] for run in runs] == [hospital.run_ids["default"]]
    assert get_request_workspace() is None


def test_the_reader_uses_the_workspace_of_its_context(hospital: Hospital) -> None:
    with within("radiology"):
        assert hospital.reader.default_run_id() == hospital.run_ids["radiology"]
        with pytest.raises(RunNotFoundError):
            hospital.reader.state(hospital.run_ids["default"])
