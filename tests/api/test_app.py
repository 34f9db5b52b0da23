"""Fovea's routes in front of a complete MLflow, on a real server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.server.fastapi_app import app as mlflow_app
from starlette.testclient import TestClient

from api.app import create_app
from tests.servers import Server


def test_health_reports_the_versions(server: Server) -> None:
    response = httpx.get(f"{server.url}/api/health")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": version("mlflow-fovea"),
        "mlflow_version": mlflow.__version__,
        "is_bus_connected": True,
        "num_sockets": 0,
        "num_unread_writes": 0,
        "num_run_failures": 0,
        "failing_runs": [],
    }


def test_a_valid_request_id_is_returned_and_an_invalid_one_replaced(server: Server) -> None:
    taken = httpx.get(f"{server.url}/api/health", headers={"X-Request-ID": "run-7.a_b"})
    assert taken.headers["X-Request-ID"] == "run-7.a_b"

    replaced = httpx.get(f"{server.url}/api/health", headers={"X-Request-ID": "a b\tc"})
    assert len(replaced.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("POST", "/api/health", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/api/openapi.json", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_errors_of_fovea_s_routes_have_one_shape(
    server: Server, method: str, path: str, status: int, code: str
) -> None:
    response = httpx.request(method, f"{server.url}{path}")

    body = response.json()
    assert response.status_code == status
    assert body.keys() == {"error", "error_code", "details", "timestamp", "request_id"}
    assert body["error_code"] == code
    assert body["details"] == f"{method} {path}"
    assert body["timestamp"].endswith("Z")
    assert body["request_id"] == response.headers["X-Request-ID"]


def test_openapi_describes_health_and_the_docs_show_it(server: Server) -> None:
    document = httpx.get(f"{server.url}/api/openapi.json").json()
    assert "/api/health" in document["paths"]
    assert document["info"]["title"] == "Fovea"

    assert httpx.get(f"{server.url}/api/docs").headers["content-type"].startswith("text/html")


def test_mlflow_accepts_a_complete_run(server: Server, tmp_path: Path) -> None:
    client = MlflowClient(server.url)
    experiment_id = client.create_experiment("whole")
    run_id = client.create_run(experiment_id).info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric("train/loss", 0.5, 1, 0), Metric("train/loss", 0.25, 2, 1)],
        params=[Param("epochs", "1")],
        tags=[RunTag("fovea.status", "training")],
    )
    client.log_text(run_id, "content", "notes/file.txt")
    client.set_terminated(run_id)

    found = client.search_runs([experiment_id], "tags.`fovea.status` = 'training'")
    assert [run.info.run_id for run in found] == [run_id]
    assert found[0].info.status == "FINISHED"
    assert [point.value for point in client.get_metric_history(run_id, "train/loss")] == [0.5, 0.25]
    assert [file.path for file in client.list_artifacts(run_id, "notes")] == ["notes/file.txt"]
    downloaded = Path(client.download_artifacts(run_id, "notes/file.txt", str(tmp_path)))
    assert downloaded.read_text() == "content"


def test_the_mlflow_ui_and_its_own_interface_are_served(server: Server) -> None:
    page = httpx.get(f"{server.url}/")
    assert page.status_code == 200
    assert 'id="root"' in page.text

    experiments = httpx.post(
        f"{server.url}/ajax-api/2.0/mlflow/experiments/search", json={"max_results": 1}
    )
    assert experiments.status_code == 200
    assert httpx.get(f"{server.url}/version").text == mlflow.__version__
    assert httpx.get(f"{server.url}/health").text == "OK"


def test_errors_of_mlflow_keep_their_own_shape(server: Server) -> None:
    response = httpx.get(f"{server.url}/api/2.0/mlflow/runs/get", params={"run_id": "nobody"})

    assert response.status_code == 404
    assert response.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_mlflow_still_checks_the_host_of_a_request(server: Server) -> None:
    response = httpx.get(
        f"{server.url}/api/2.0/mlflow/experiments/get?experiment_id=0",
        headers={"Host": "rebound.example"},
    )

    assert response.status_code == 403


def test_the_data_is_stored_where_the_settings_say(server: Server) -> None:
    client = MlflowClient(server.url)
    run_id = client.create_run("0").info.run_id
    client.log_text(run_id, "content", "kept.txt")

    assert (server.data_dir / "mlflow.db").is_file()
    assert list((server.data_dir / "artifacts").rglob("kept.txt"))


def test_mlflow_starts_and_stops_with_fovea(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOVEA_DATABASE_URL", f"sqlite:///{tmp_path}/fovea.db")
    monkeypatch.setenv("FOVEA_DATA_DIR", str(tmp_path))
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        assert app is mlflow_app
        events.append("started")
        yield
        events.append("stopped")

    monkeypatch.setattr(mlflow_app.router, "lifespan_context", lifespan)

    with TestClient(create_app()):
        assert events == ["started"]
    assert events == ["started", "stopped"]
