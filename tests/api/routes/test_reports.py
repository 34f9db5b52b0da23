"""Reports of runs of any client, on a real server."""

import base64
import io
from pathlib import Path
from typing import Any

import httpx
import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from PIL import Image

from api.reports.page import POLICY
from api.reports.schemas import MOST_RUNS, STORED_HEADER
from tests.api.alerted_run import alerted_run
from tests.api.projects.project_client import UNCLEAR
from tests.api.reports.made_facts import HOSTILE, SCORES
from tests.api.reports.parsed_page import parsed, text_of
from tests.servers import Server, fovea_server

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAICAQB7CYF4AAAAAElFTkSuQmCC"
)
NAME = HOSTILE.replace("\x00", "")


def report(server: Server, *run_ids: str, **options: Any) -> httpx.Response:
    body = {"run_ids": list(run_ids), **options}
    return httpx.post(f"{server.url}/api/v1/runs/report", json=body, timeout=60)


@pytest.fixture(scope="module")
def client(server: Server) -> MlflowClient:
    return MlflowClient(server.url)


@pytest.fixture(scope="module")
def foreign(client: MlflowClient) -> str:
    """A run of another program, with names that are markup, a data set, figures and a model of MLflow 2."""
    run_id: str = client.create_run("0", run_name=NAME).info.run_id
    losses = [Metric("train_loss", 1 / step, step, step) for step in range(1, 500)]
    odd = [Metric("odd", value, 1, step) for step, value in enumerate([1e300, 1e-30, float("nan")])]
    client.log_batch(
        run_id,
        metrics=[*losses, *odd, Metric("test_acc", 0.9, 1, 1)],
        params=[Param("note", NAME)],
        tags=[
            RunTag("mlflow.source.git.commit", "c0ffee"),
            RunTag("mlflow.source.git.repoURL", "https://me:secret@host/repo.git"),
            RunTag(
                "mlflow.log-model.history",
                '[{"artifact_path": "model"}, {"artifact_path": "../x"}]',
            ),
            RunTag("fovea.card.intended_use", NAME),
            RunTag("fovea.current_image", "Jane_Doe.dcm"),
        ],
    )
    data = Dataset("scans", "d1ge57", "local", '{"uri": "file:///patients/Jane"}', profile="[1")
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.log_text(run_id, "torch==2.9\nnumpy==2.3\n", "model/requirements.txt")
    client.log_text(run_id, "python: 3.11.9\n", "model/python_env.yaml")
    client.log_text(run_id, "[not JSON", "evaluation/test_fundus/scores.json")
    client.log_dict(run_id, SCORES, "evaluation/test/scores.json")
    client.log_text(run_id, "no picture", "roc_curve_plot.png")
    client.log_image(run_id, _pixel(), "confusion_matrix.png")
    client.log_image(run_id, _pixel(), "patient.png")
    client.set_terminated(run_id)
    return run_id


def _pixel() -> Any:
    return Image.open(io.BytesIO(PNG))


def test_a_foreign_run_becomes_a_page_that_loads_nothing(server: Server, foreign: str) -> None:
    response = report(server, foreign)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"].startswith(POLICY)
    assert STORED_HEADER not in response.headers
    page, text = parsed(response.text), text_of(response.text)
    assert page.problems == []
    assert response.text.count("<img ") == 1
    for known in ("c0ffee", "torch==2.9", "3.11.9", "d1ge57", "accuracy 0.91 0.86 to 0.95", "NaN"):
        assert known in text
    assert "The artifact evaluation/test_fundus/scores.json could not be read" in text
    assert "roc_curve_plot" not in text
    for hidden in ("secret", "Jane", "patient.png"):
        assert hidden not in response.text


def test_a_link_opens_the_same_page(server: Server, foreign: str) -> None:
    query = {"run_id": [foreign], "language": "fr"}
    response = httpx.get(f"{server.url}/api/v1/runs/report", params=query, timeout=60)

    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert '<html lang="fr">' in response.text
    refused = httpx.get(f"{server.url}/api/v1/runs/report", params={"run_id": "0" * 32})
    assert refused.status_code == 404


def test_alerts_are_shown_with_who_acknowledged_them(server: Server) -> None:
    run = alerted_run(server.url)
    before = text_of(report(server, run.run_id).text)
    httpx.post(
        f"{server.url}/api/alerts/acknowledge/{run.alert_id}", json={"note": "Seen by <b>me</b>"}
    ).raise_for_status()
    after = text_of(report(server, run.run_id).text)

    assert "raised: 2, open: 1, not acknowledged: 2" in before
    assert "raised: 2, open: 1, not acknowledged: 1" in after
    assert "anonymous" in after
    assert "Seen by <b>me</b>" in after


def test_a_stored_report_is_an_artifact_of_the_first_run(
    server: Server, client: MlflowClient, foreign: str, tmp_path: Any
) -> None:
    other = client.create_run("0", run_name="other").info.run_id
    response = report(server, other, foreign, store=True, language="fr")

    run_id, _, path = response.headers[STORED_HEADER].partition("/")
    assert (run_id, path.split("/")[0]) == (other, "reports")
    mlflow.set_tracking_uri(server.url)
    stored = client.download_artifacts(run_id, path, str(tmp_path))
    with open(stored, encoding="utf-8", newline="") as file:  # noqa: PTH123 - newlines as they are
        assert file.read() == response.text
    assert "Comparaison de 2 entraînements" in response.text
    assert client.list_artifacts(foreign, "reports") == []


def test_a_deleted_run_and_an_unknown_one_are_refused(server: Server, client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.delete_run(run_id)

    deleted, unknown = report(server, run_id), report(server, "0" * 32)

    assert (deleted.status_code, unknown.status_code) == (409, 404)
    assert "restore it in MLflow" in deleted.json()["error"]
    assert report(server, *["0" * 32] * (MOST_RUNS + 1)).status_code == 422
    assert report(server).status_code == 422
    assert report(server, "0" * 32, language="de").status_code == 422


def test_reports_stay_within_their_workspace(tmp_path: Path) -> None:
    mlflow = "/api/2.0/mlflow"
    within = {"X-MLFLOW-WORKSPACE": "radiology"}
    environment = {"MLFLOW_ENABLE_WORKSPACES": "true"}
    with (
        fovea_server(tmp_path / "data", environment=environment) as server,
        httpx.Client(base_url=server.url, timeout=60) as other,
        httpx.Client(base_url=server.url, timeout=60, headers=within) as own,
    ):
        other.post("/api/3.0/mlflow/workspaces", json={"name": "radiology"}).raise_for_status()
        experiment = own.post(f"{mlflow}/experiments/create", json={"name": "retinal"}).json()
        run = {**experiment, "start_time": 1, "run_name": "seen by radiology"}
        run_id = own.post(f"{mlflow}/runs/create", json=run).json()["run"]["info"]["run_id"]
        body = {"run_ids": [run_id], "store": True}

        assert other.post("/api/v1/runs/report", json=body).status_code == 404
        stored = own.post("/api/v1/runs/report", json=body)
        assert "seen by radiology" in text_of(stored.text)
        _, _, path = stored.headers[STORED_HEADER].partition("/")
        listed = {"run_id": run_id, "path": "reports"}
        files = own.get(f"{mlflow}/artifacts/list", params=listed).json()["files"]
        assert [file["path"] for file in files] == [path]
        # A link has no header; its address names the workspace.
        link = {"run_id": run_id}
        assert other.get("/api/v1/runs/report", params=link).status_code == 404
        named = other.get("/api/v1/runs/report", params={**link, "workspace": "radiology"})
        assert "seen by radiology" in text_of(named.text)

        form = {"problem_description": "Look at this"}
        upload = {"file": ("table.csv", UNCLEAR.encode())}
        project = own.post("/api/v1/projects", data=form, files=upload).json()["project_id"]
        report_path = f"/api/v1/projects/{project}/report"
        assert "answer its question first" in own.post(report_path, json={}).json()["error"]
        assert other.post(report_path, json={}).status_code == 404
        assert other.get(report_path).status_code == 404
        assert other.get(report_path, params={"workspace": "radiology"}).status_code == 409
