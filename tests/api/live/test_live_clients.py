"""Every way of logging to MLflow is sent live."""

import json
from pathlib import Path
from typing import Any

import httpx
import mlflow
import pytest
from jsonschema import Draft202012Validator
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

from api.live.asyncapi import asyncapi_document
from tests.api.live.watcher import Watcher
from tests.servers import Server


def read_until(watcher: Watcher, message_type: str, run_id: str) -> dict[str, Any]:
    """The next message of the type about the run; runs of other tests may change at the same time."""
    while True:
        message = watcher.read()
        if (message["type"], message["run_id"]) == (message_type, run_id):
            return message


def test_autologging_is_live(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow.tracking._tracking_service.utils, "_tracking_uri", server.url)
    mlflow.sklearn.autolog(log_models=False, log_datasets=False)
    watcher = Watcher([server.url])
    watcher.connect()
    try:
        with mlflow.start_run() as run:
            LogisticRegression(C=0.5).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    finally:
        mlflow.sklearn.autolog(disable=True)
    stored = MlflowClient(server.url).get_run(run.info.run_id).data.metrics
    received: dict[str, float | None] = {}
    while received.keys() != stored.keys():
        for point in read_until(watcher, "metrics_update", run.info.run_id)["points"]:
            assert point["metric"] not in received
            received[point["metric"]] = point["value"]
    watcher.disconnect()
    assert received == stored
    assert "training_score" in stored


def test_a_run_is_sent_from_its_creation_to_its_end(server: Server, tmp_path: Path) -> None:
    client = MlflowClient(server.url)
    watcher = Watcher([server.url])
    watcher.connect()
    run_id = client.create_run("0", run_name="named").info.run_id
    assert read_until(watcher, "status_update", run_id)["status"]["run_name"] == "named"
    client.log_param(run_id, "total_epochs", 4)
    client.log_param(run_id, "steps_per_epoch", 10)
    assert read_until(watcher, "status_update", run_id)["status"]["total_epochs"] == 4
    assert read_until(watcher, "status_update", run_id)["status"]["total_batches"] == 10
    client.log_metric(run_id, "train/loss", 0.5, step=15)
    update = read_until(watcher, "metrics_update", run_id)
    assert (update["epoch"], update["batch"], update["metrics"]["loss"]["train"]) == (2, 5, 0.5)
    client.log_metric(run_id, "system/cpu_utilization_percentage", 45.0)
    assert read_until(watcher, "system_update", run_id)["cpu_usage"] == 45.0
    client.log_text(run_id, "text", "notes/file.txt")
    assert read_until(watcher, "artifact_update", run_id)["path"] == "notes/file.txt"
    client.set_tag(run_id, "fovea.status", "paused")
    assert read_until(watcher, "status_update", run_id)["status"]["status"] == "paused"
    client.set_terminated(run_id, "KILLED")
    assert read_until(watcher, "status_update", run_id)["status"]["status"] == "stopped"
    client.delete_run(run_id)
    assert read_until(watcher, "status_update", run_id)["status"]["deleted"] is True
    watcher.disconnect()
    for message in (*watcher.first, *watcher.messages):
        require_documented(message)


def require_documented(message: dict[str, Any]) -> None:
    """Require that the message matches its schema in the AsyncAPI document."""
    document = json.loads(json.dumps(asyncapi_document()))
    payload = document["components"]["messages"][message["type"]]["payload"]
    Draft202012Validator({**payload, "components": document["components"]}).validate(message)


def test_the_asyncapi_document_is_served_and_complete(server: Server) -> None:
    document = httpx.get(f"{server.url}/api/asyncapi.json").json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["live"]["address"] == "/ws"
    for reference in _references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for child in node.values() for ref in _references(child)]
    if isinstance(node, list):
        return [ref for child in node for ref in _references(child)]
    return []
