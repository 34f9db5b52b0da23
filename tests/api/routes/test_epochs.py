"""The epochs of a run over HTTP."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mlflow.server import ARTIFACTS_DESTINATION_ENV_VAR, SERVE_ARTIFACTS_ENV_VAR, handlers
from starlette.testclient import TestClient

from api.runs import evaluations
from tests.api.logged_runs import START_MS, LoggedRun, Mlflow

EVALUATION: Mapping[str, Any] = {
    "epoch": 1,
    "step": 4,
    "num_samples": 6,
    "classes": ["Fundus_Normal", "Fundus_RAO"],
    "confusion_matrix": [[4, 1], [0, 1]],
    "class_report": {
        "Fundus_Normal": {
            "support": 5,
            "precision": 1.0,
            "recall": 0.8,
            "f1": 0.889,
            "specificity": 1.0,
            "auc_roc": None,
        }
    },
    "metrics": {"accuracy": 0.833, "loss": None},
    "critical_conditions": {"RAO": {"sensitivity": 1.0}},
}


@pytest.fixture
def run(mlflow: Mlflow) -> LoggedRun:
    """Two epochs of four steps each, and the first step of a third."""
    run = mlflow.run(params={"steps_per_epoch": "4", "total_epochs": "3"})
    for step in range(1, 10):
        run.log(step, train__loss=1 / step, system__cpu_utilization_percentage=5.0)
    run.log(4, val__accuracy=0.5, timestamp_ms=START_MS + 4600)
    run.log(8, val__accuracy=0.75, timestamp_ms=START_MS + 8600)
    return run


def test_epochs_are_listed_newest_first_with_their_last_values(
    client: TestClient, run: LoggedRun
) -> None:
    response = client.get("/api/epochs", params={"run_id": run.run_id})

    assert response.headers["X-Total-Count"] == "3"
    assert [epoch["epoch"] for epoch in response.json()] == [3, 2, 1]
    ongoing, _, first = response.json()
    assert (first["first_step"], first["last_step"]) == (1, 4)
    assert first["total_batches"] == 4
    assert first["metrics"]["loss"]["train"] == 0.25
    assert first["metrics"]["accuracy"]["val"] == 0.5
    assert first["start_time"] == "2025-06-15T15:06:41Z"
    assert first["end_time"] == "2025-06-15T15:06:44.600000Z"
    assert first["duration"] == 3.6
    assert (ongoing["last_step"], ongoing["end_time"], ongoing["duration"]) == (9, None, None)


def test_the_last_epoch_ends_with_the_run(client: TestClient, run: LoggedRun) -> None:
    run.client.set_terminated(run.run_id)

    [last] = client.get("/api/epochs", params={"run_id": run.run_id, "limit": 1}).json()

    assert last["end_time"] is not None
    assert last["duration"] == 0.0


def test_epochs_are_paged(client: TestClient, run: LoggedRun) -> None:
    of_run = {"run_id": run.run_id}
    page = client.get("/api/epochs", params={**of_run, "limit": 1, "offset": 1})
    beyond = client.get("/api/epochs", params={**of_run, "offset": 3})

    assert [epoch["epoch"] for epoch in page.json()] == [2]
    assert beyond.json() == []
    assert page.headers["X-Total-Count"] == beyond.headers["X-Total-Count"] == "3"


def test_an_epoch_without_values_is_not_listed(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run(params={"steps_per_epoch": "4"})
    run.log(0, val__loss=1.0)
    run.log(2, train__loss=0.5)
    run.log(9, train__loss=0.1)
    of_run = {"run_id": run.run_id}

    assert [epoch["epoch"] for epoch in client.get("/api/epochs", params=of_run).json()] == [3, 1]
    assert client.get("/api/epochs/2", params=of_run).status_code == 404
    assert client.get("/api/epochs/0", params=of_run).status_code == 404


def test_a_run_with_the_metric_epoch_has_epochs(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()
    run.log(10, epoch=0.0, train__loss=0.9)
    run.log(20, epoch=0.5, train__loss=0.8)
    run.log(30, epoch=1.0, train__loss=0.7)
    run.log(35, val__loss=0.6)
    run.log(40, epoch=float("nan"), train__loss=0.5)
    run.log(50, epoch=1e300)
    of_run = {"run_id": run.run_id}

    second, first = client.get("/api/epochs", params=of_run).json()
    curve = client.get("/api/metrics/performance/loss", params=of_run).json()
    history = client.get("/api/metrics/history", params=of_run).json()

    assert (first["epoch"], first["first_step"], first["last_step"]) == (0, 10, 20)
    assert (second["epoch"], second["first_step"], second["last_step"]) == (1, 30, 50)
    assert second["metrics"]["loss"] == {"train": 0.5, "val": 0.6}
    assert first["total_batches"] is None
    assert [(point["step"], point["epoch"]) for point in curve] == [
        (10, 0),
        (20, 0),
        (30, 1),
        (35, 1),
        (40, 1),
    ]
    assert {point["batch"] for point in curve} == {None}
    assert [snapshot["epoch"] for snapshot in history] == [1, 1, 1, 1, 0, 0]


def test_a_run_without_epochs_lists_none(client: TestClient, mlflow: Mlflow) -> None:
    run = mlflow.run()
    run.log(7, accuracy=0.5)
    of_run = {"run_id": run.run_id}

    response = client.get("/api/epochs", params=of_run)

    assert (response.json(), response.headers["X-Total-Count"]) == ([], "0")
    assert client.get("/api/epochs/1", params=of_run).status_code == 404
    [snapshot] = client.get("/api/metrics/history", params=of_run).json()
    assert snapshot["epoch"] is None
    assert snapshot["metrics"]["other"] == {"accuracy": 0.5}


@pytest.mark.parametrize("length", ["many", "0", "-3", "1e3", "9" * 40, "9" * 5000])
def test_an_absurd_number_of_steps_is_handled(
    client: TestClient, mlflow: Mlflow, length: str
) -> None:
    run = mlflow.run(params={"steps_per_epoch": length})
    run.log(7, train__loss=0.5)

    for path in ("epochs", "metrics/history", "metrics/performance/loss", "metrics/latest"):
        response = client.get(f"/api/{path}", params={"run_id": run.run_id})
        assert response.status_code == 200, response.text


def test_an_epoch_includes_the_evaluation_that_the_run_has_logged(
    client: TestClient, run: LoggedRun
) -> None:
    run.log_evaluation(1, EVALUATION)
    of_run = {"run_id": run.run_id}

    details = client.get("/api/epochs/1", params=of_run).json()

    assert details["epoch"] == 1
    assert details["classes"] == ["Fundus_Normal", "Fundus_RAO"]
    assert details["confusion_matrix"] == [[4, 1], [0, 1]]
    assert details["class_report"] == EVALUATION["class_report"]
    assert details["metrics"]["accuracy"]["val"] == 0.5
    listed = client.get("/api/epochs", params=of_run).json()
    assert {epoch["confusion_matrix"] is None for epoch in listed} == {True}


def test_an_epoch_that_was_not_evaluated_has_no_matrix(client: TestClient, run: LoggedRun) -> None:
    response = client.get("/api/epochs/2", params={"run_id": run.run_id})

    assert response.status_code == 200
    assert response.json()["confusion_matrix"] is None
    assert response.json()["classes"] is response.json()["class_report"] is None


def changed(**fields: Any) -> str:
    return json.dumps({**EVALUATION, **fields})


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no JSON",
        "[]",
        "[" * 100_000,
        json.dumps({"classes": []}),
        changed(classes=["only one"]),
        changed(classes=[7, 8]),
        changed(confusion_matrix=[[4, 1], [0]]),
        changed(confusion_matrix=[[4, -1], [0, 1]]),
        changed(confusion_matrix=[[4, 1.5], [0, 1]]),
        changed(confusion_matrix=[[4, "1"], [0, True]]),
        changed(confusion_matrix=[[4, 10**30], [0, 1]]),
        changed(class_report={"Somebody": {"support": 1}}),
        changed(class_report={"Somebody": {"support": -1}}),
        changed(class_report={"Fundus_RAO": {"support": 1, "recall": float("nan")}}),
        changed(class_report={"Fundus_RAO": {"support": 1, "recall": 1.5}}),
    ],
)
def test_an_invalid_evaluation_is_ignored_and_not_logged(
    client: TestClient, run: LoggedRun, document: str, caplog: pytest.LogCaptureFixture
) -> None:
    run.log_evaluation(1, document)

    response = client.get("/api/epochs/1", params={"run_id": run.run_id})

    assert response.status_code == 200
    assert response.json()["confusion_matrix"] is None
    assert response.json()["classes"] is response.json()["class_report"] is None
    [line] = [record for record in caplog.records if record.name == evaluations.__name__]
    assert line.levelno == logging.WARNING
    assert run.run_id in line.getMessage()
    assert "Somebody" not in line.getMessage()


def test_a_file_that_is_too_large_is_not_read(
    client: TestClient, run: LoggedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.log_evaluation(1, EVALUATION)
    size_bytes = len(json.dumps(EVALUATION))
    of_run = {"run_id": run.run_id}

    monkeypatch.setattr(evaluations, "LARGEST_EVALUATION_BYTES", size_bytes - 1)
    assert client.get("/api/epochs/1", params=of_run).json()["classes"] is None
    monkeypatch.setattr(evaluations, "LARGEST_EVALUATION_BYTES", size_bytes)
    assert client.get("/api/epochs/1", params=of_run).json()["classes"] is not None


def test_artifacts_that_the_server_proxies_are_read_from_their_store(
    client: TestClient, mlflow: Mlflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = tmp_path / "destination"
    monkeypatch.setenv(SERVE_ARTIFACTS_ENV_VAR, "true")
    monkeypatch.setenv(ARTIFACTS_DESTINATION_ENV_VAR, destination.as_uri())
    monkeypatch.setattr(handlers, "_artifact_repo", None)
    mlflow.client.create_experiment("passed on", artifact_location="mlflow-artifacts:/5")
    run = mlflow.run(experiment="passed on", params={"steps_per_epoch": "4"})
    run.log(1, train__loss=0.5)
    file = destination / "5" / run.run_id / "artifacts/epochs/0001/evaluation.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(EVALUATION))

    details = client.get("/api/epochs/1", params={"run_id": run.run_id}).json()

    assert details["classes"] == ["Fundus_Normal", "Fundus_RAO"]


def test_epochs_are_compared_by_the_requested_metrics(client: TestClient, run: LoggedRun) -> None:
    run.log(4, critical__RAO=0.5, critical_support__RAO=8, per_class__A=0.5)
    of_run = {"run_id": run.run_id}

    response = client.get(
        "/api/compare/epochs", params={**of_run, "epochs": "2,1,2", "metrics": "accuracy,loss"}
    )
    one_name = client.get(
        "/api/compare/epochs", params={**of_run, "epochs": "1", "metrics": "val/accuracy"}
    )
    groups = client.get(
        "/api/compare/epochs",
        params={**of_run, "epochs": "1,3", "metrics": "critical_conditions,per_class"},
    )

    assert response.json()["metrics"] == ["val/accuracy", "train/loss"]
    assert [epoch["epoch"] for epoch in response.json()["epochs"]] == [2, 1]
    assert response.json()["epochs"][0]["metrics"]["loss"] == {"train": 0.125, "val": None}
    assert response.json()["epochs"][1]["metrics"]["accuracy"] == {"train": None, "val": 0.5}
    [values] = one_name.json()["epochs"]
    assert values["metrics"]["accuracy"]["val"] == 0.5
    assert values["metrics"]["loss"]["train"] is None
    first, third = groups.json()["epochs"]
    assert first["metrics"]["critical_conditions"]["RAO"]["support"] == 8
    assert first["metrics"]["per_class"] == {"A": 0.5}
    assert third["metrics"]["critical_conditions"] == third["metrics"]["per_class"] == {}


@pytest.mark.parametrize(
    ("query", "status", "problem"),
    [
        ("metrics=loss", 422, "query.epochs: "),
        ("epochs=one", 422, "query.epochs: "),
        ("epochs=1,", 422, "query.epochs: "),
        ("epochs=-1", 422, "query.epochs: "),
        ("epochs=" + "1," * 100 + "1", 422, "query.epochs: "),
        ("epochs=1&metrics=", 422, "query.metrics: "),
        ("epochs=1&metrics=loss,,f1", 422, "query.metrics: "),
        ("epochs=1&metrics=" + "a" * 5001, 422, "query.metrics: "),
        ("epochs=1,4&metrics=loss", 404, "GET /api/compare/epochs"),
        ("epochs=1&metrics=train/lost", 404, "GET /api/compare/epochs"),
    ],
)
def test_a_comparison_of_unknown_epochs_or_metrics_is_refused(
    client: TestClient, run: LoggedRun, query: str, status: int, problem: str
) -> None:
    response = client.get(f"/api/compare/epochs?run_id={run.run_id}&{query}")

    assert response.status_code == status
    assert response.json()["details"].startswith(problem)


@pytest.mark.parametrize(
    ("epoch", "status"),
    [("9", 404), ("1000000000", 404), ("-1", 422), ("one", 422), ("9" * 30, 422)],
)
def test_an_unknown_epoch_is_refused(
    client: TestClient, run: LoggedRun, epoch: str, status: int
) -> None:
    response = client.get(f"/api/epochs/{epoch}", params={"run_id": run.run_id})

    assert response.status_code == status
