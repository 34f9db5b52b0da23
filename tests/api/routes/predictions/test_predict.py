"""Predictions over REST, from the server through the real service to a registered model."""

import csv
import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import mlflow
import pandas as pd
import pytest

from api.projects.inspection import Inspection
from api.projects.records import Project, ProjectKind, ProjectSettings, ProjectState
from api.projects.store import ProjectStore
from api.storage.database import Database
from serving.client.__main__ import main as serving_client
from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tests.serving.engine.registered import Store
from tests.serving.started import Started, started_service
from tests.serving.tables.conftest import CLASSES, NAME
from tests.serving.tables.trained_tables import columns, labels, register, trained
from tests.training.program import Program

ROW: dict[str, Any] = {"period": 1.5, "depth": 9, "host": "G", "seen": True}
HEADER = "period,depth,host,seen\n"
NUM_LINES = 2500
FILE = HEADER + "1.5,9,G,true\n" * NUM_LINES
TOKEN = "the service's token"


@dataclass(frozen=True)
class Deployed:
    """The data folder of a server, with a registered model of tables and a project that has it."""

    store: Store
    project_id: str


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    before = mlflow.get_tracking_uri()
    store = Store(tmp_path_factory.mktemp("server") / "data")
    store.point(register(store, trained(labels(CLASSES)), NAME), name=NAME)
    mlflow.set_tracking_uri(before)
    return Deployed(store, add_project(store, NAME))


def add_project(store: Store, model: str) -> str:
    """The id of a project whose pipeline has registered the model, as far as there is one."""
    project = Project(
        project_id=uuid.uuid4().hex,
        workspace=None,
        experiment_id=store.experiment_id,
        state=ProjectState.STARTED,
        kind=ProjectKind.TABLE,
        name="stars",
        description="",
        dataset_name="stars.csv",
        dataset_digest="0",
        size_bytes=1,
        tracking_uri=store.uri,
        inspection=Inspection(file_type="delimited_text"),
        settings=ProjectSettings(register_as=model),
    )
    with closing(Database(store.uri)) as database:
        database.migrate()
        ProjectStore(database).add(project)
    return project.project_id


@pytest.fixture(scope="module")
def service(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """`python -m serving` on a registry that has a model of tables, and none of images."""
    folder, uri = tmp_path_factory.mktemp("service"), deployed.store.uri
    with started_service(folder, tracking_uri=uri, token=TOKEN, decode_workers=1) as started:
        yield started


@pytest.fixture(scope="module")
def server(service: Started, deployed: Deployed) -> Iterator[Server]:
    environment = {"FOVEA_GRPC_ADDRESS": service.address, "FOVEA_SERVING_TOKEN": TOKEN}
    with fovea_server(deployed.store.folder, environment=environment) as running:
        yield running


def post(server: Server, project_id: str, **request: Any) -> httpx.Response:
    path = f"{server.url}/api/v1/projects/{project_id}/predict"
    return httpx.post(path, timeout=180, **request)


def form(content: str | bytes, **fields: Any) -> dict[str, Any]:
    return {"files": {"file": ("DOE_JANE.csv", content)}, "data": fields}


def test_rows_are_answered_with_the_exact_label_and_the_model(
    server: Server, deployed: Deployed
) -> None:
    request = {"rows": [ROW, {**ROW, "period": 9999}], "explain": True, "top": 2}
    answer = post(server, deployed.project_id, json=request)

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["count"] == 2
    assert body["model"]["name"] == NAME
    assert body["target"] == "label"
    near, far = body["predictions"]
    assert (near["label"], far["label"]) == (CLASSES[0], CLASSES[-1])
    assert set(near["probabilities"]) == set(CLASSES)
    assert not near["warnings"]
    assert [it["column"] for it in far["warnings"]] == ["period"]
    explained = near["explanation"]
    total = explained["base_value"] + sum(explained["contributions"].values())
    assert total == pytest.approx(explained["sum"], abs=1e-4)
    assert len(explained["reasons"]) == 2


def test_the_rows_of_a_file_are_streamed_as_ndjson(server: Server, deployed: Deployed) -> None:
    answer = post(server, deployed.project_id, **form(FILE))

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    about, *rows, end = map(json.loads, answer.text.splitlines())
    assert about["model"]["name"] == NAME
    assert [row["row"] for row in rows] == list(range(1, NUM_LINES + 1))
    assert end == {"count": NUM_LINES}


def test_the_rows_of_a_file_are_streamed_as_csv(server: Server, deployed: Deployed) -> None:
    params = {"format": "csv"}
    answer = post(server, deployed.project_id, params=params, **form(FILE, explain="true"))

    assert answer.headers["content-type"].startswith("text/csv")
    header, *rows = csv.reader(answer.text.splitlines())
    assert len(rows) == NUM_LINES
    assert header[:2] == ["row", "label"]
    assert "contribution of period" in header


@pytest.mark.parametrize(
    ("request_of", "status", "said"),
    [
        ({"json": {"rows": []}}, 422, "rows"),
        ({"json": {"rows": [ROW, {"period": 1}]}}, 422, "Row 2"),
        ({"json": {"rows": [{**ROW, "depth": "shallow"}]}}, 422, "column 'depth'"),
        ({"json": {"rows": [{**ROW, "depth": [1]}]}}, 422, "body.rows.0.depth"),
        ({"content": b'{"rows": [{"depth": 1e999, "period": 1, "host": "a", "seen": true}]}',
          "headers": {"content-type": "application/json"}}, 422, "column 'depth'"),
        ({"content": b'{"rows": [{"shallow', "headers": {"content-type": "application/json"}}, 422, "JSON"),
        ({"json": {"rows": [ROW], "top": -1}}, 422, "body.top"),
        ({"json": {"rows": [ROW] * 1001}}, 422, "rows"),
        ({"json": {"rows": [{**ROW, "host": "x" * 2**20}]}}, 413, ""),
        ({"data": {"explain": "true"}, "files": {"other": b"1"}}, 422, "body.file"),
        (form("period\n1\n"), 422, "absent"),
        (form(HEADER + "shallow,1,G,true\n"), 422, "Row 1, column 'period'"),
        (form(b"\x89PNG\r\n\x1a\n" + bytes(50)), 422, ""),
        ({**form(FILE), "params": {"format": "json"}}, 422, "format"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_is_named(
    server: Server, deployed: Deployed, request_of: dict[str, Any], status: int, said: str
) -> None:
    answer = post(server, deployed.project_id, **request_of)

    assert answer.status_code == status, answer.text
    body = answer.json()
    assert said in f"{body['error']} {body['details']}"
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "shallow" not in answer.text
    assert "JANE" not in answer.text


def test_a_project_that_does_not_exist_or_has_no_model_is_named(
    server: Server, deployed: Deployed
) -> None:
    rows = {"rows": [ROW]}
    assert post(server, "unknown", json=rows).json()["error_code"] == "PROJECT_NOT_FOUND"
    waiting = add_project(deployed.store, "not-there-yet")
    refused = post(server, waiting, json=rows)
    assert refused.status_code == 409
    assert "left no model" in refused.json()["error"]


def test_a_fine_tuned_version_answers_as_it_has_learned(
    server: Server, deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({**columns(seed=4), "label": labels(CLASSES[::-1])})
    table.to_csv(tmp_path / "again.csv", index=False)
    tuned = f"{NAME} tuned"
    flags = ("--launcher", "single", "--data", str(tmp_path / "again.csv"), "--finetune", NAME)
    before = mlflow.get_tracking_uri()
    program = Program(tmp_path, deployed.store.uri)
    arguments = ("fit", "--recipe", "tables", *flags, "--register-as", tuned)
    assert program.run_here(monkeypatch, *arguments) == 0
    mlflow.set_tracking_uri(before)

    request = {"rows": [ROW], "explain": True}
    answer = post(server, add_project(deployed.store, tuned), json=request)

    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["predictions"]
    # The labels of the new table are in the opposite order.
    assert row["label"] == CLASSES[-1]
    explained = row["explanation"]
    total = explained["base_value"] + sum(explained["contributions"].values())
    assert total == pytest.approx(explained["sum"], abs=1e-4)
    assert answer.json()["model"]["name"] == tuned
    served = post(server, deployed.project_id, json=request).json()
    assert (served["model"]["name"], served["predictions"][0]["label"]) == (NAME, CLASSES[0])


def test_a_service_that_is_down_is_named_with_what_to_start(deployed: Deployed) -> None:
    environment = {"FOVEA_GRPC_ADDRESS": f"{LOOPBACK}:{free_port()}"}
    with fovea_server(deployed.store.folder, environment=environment) as alone:
        for request in ({"json": {"rows": [ROW]}}, form(FILE)):
            refused = post(alone, deployed.project_id, **request)
            assert refused.status_code == 503
            assert "python -m serving" in refused.json()["error"]
            assert refused.headers["Retry-After"]


def test_the_command_predicts_a_file(
    service: Started,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "new.csv"
    path.write_text(HEADER + "1.5,9,G,true\n690,9,M,false\n")
    monkeypatch.setenv("FOVEA_SERVING_PORT", str(service.port))
    monkeypatch.setenv("FOVEA_SERVING_TOKEN", TOKEN)

    assert serving_client(["predict", "--model", NAME, "--explain", str(path)]) == 0
    printed = capsys.readouterr()
    assert f"1: {CLASSES[0]}" in printed.out
    assert f"2: {CLASSES[-1]}" in printed.out
    assert "period is 1.5" in printed.out
    assert "version 1" in printed.err

    assert serving_client(["predict", "--model", NAME, "--json", str(path)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["label"] for row in rows] == [CLASSES[0], CLASSES[-1]]

    assert serving_client(["predict", "--model", "unknown", str(path)]) == 1
    assert "promote unknown VERSION" in capsys.readouterr().err
