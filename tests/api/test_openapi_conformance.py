"""Every route responds as the OpenAPI document says, to any request."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.workspace_utils import WORKSPACE_HEADER_NAME
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)
from starlette.testclient import TestClient

from api.app import create_app
from api.middleware.paths import is_upload
from tests.api.control.loops import acknowledging_loop
from tests.api.diagnosis.fake_service import fake_service
from tests.ports import LOOPBACK, free_port
from tests.servers import Server, fovea_server
from tracking_plugin.names import evaluation_artifact

NUM_EXAMPLES = 60
KNOWN: dict[str, list[str] | list[int]] = {
    "run_id": ["foreign", "empty", "deleted", "training"],
    "metric": ["train/loss", "loss", "my metric/with spaces"],
    "epoch": [1, 2, 3],
    "epochs": ["1,2", "2", "1,7"],
    "filter": ["", "metrics.loss < 1", "params.total_epochs = '2' and metrics.`train/loss` > 0"],
}
"""Names of runs stand for their ids; the run created last is the default."""
KNOWN["job_id"] = KNOWN["run_id"]
JOB_LIKE = [allow_header_conformance, unsupported_method]
"""Checks of paths that several routes match."""
UPLOAD_LIKE = [negative_data_rejection, positive_data_acceptance]
"""Checks of uploads: any bytes are the content of a file, also those of another type; and the document
cannot say that `file` or `files` is needed, with a side for each."""
STARTS = (
    *("/api/training/start", "/api/training/", "/api/training/{job_id}/start"),
    *("/api/jobs", "/api/jobs/{job_id}/start"),
)
"""A POST to these starts a job: the tests in tests/api/jobs do that with real ones."""
READS_FOLDERS = ("/api/datasets", "/api/models")
"""A POST to these reads any folder of this machine: tests/api/training_inputs has folders of its own."""
CLASSES = ["Normal", "RAO"]
EVALUATION = {
    "epoch": 1,
    "step": 10,
    "num_samples": 5,
    "classes": CLASSES,
    "confusion_matrix": [[3, 1], [0, 1]],
    "class_report": {
        name: {"precision": 0.5, "recall": 1.0, "f1-score": 0.66, "support": 2} for name in CLASSES
    },
    "metrics": {"loss": 0.5, "accuracy": 0.8, "auc_roc_macro": None},
}


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose runs no other test changes."""
    folder = tmp_path_factory.mktemp("conformance")
    # Nothing listens at this address, so that a job that is started nevertheless costs nothing.
    environment = {"FOVEA_RAY_ADDRESS": f"http://{LOOPBACK}:{free_port()}"}
    with fake_service() as service:
        environment["FOVEA_GRPC_ADDRESS"] = service.address
        with fovea_server(folder / "data", environment=environment) as server:
            yield server


@pytest.fixture(scope="module")
def run_ids(own_server: Server) -> Iterator[dict[str, str]]:
    """A training, a run of a client without Fovea, an empty run and a deleted one."""
    client = MlflowClient(own_server.url)
    ids = {
        str(name): client.create_run("0", run_name=str(name)).info.run_id
        for name in KNOWN["run_id"]
    }
    training, foreign = ids["training"], ids["foreign"]
    losses = [Metric("train/loss", 1 / step, step, step) for step in range(1, 21)]
    odd = [Metric("val/loss", float(value), 1, 10) for value in ("nan", "inf", "-inf")]
    clinical = [Metric("critical/RAO", 0.5, 1, 10), Metric("critical_support/RAO", 2, 1, 10)]
    client.log_batch(
        training,
        metrics=[*losses, *odd, *clinical, Metric("per_class/Normal", 0.75, 1, 10)],
        params=[
            Param("total_epochs", "2"),
            Param("steps_per_epoch", "10"),
            Param("critical_thresholds", '{"RAO": 0.99}'),
        ],
        tags=[RunTag("fovea.status", "training"), RunTag("fovea.message", "ü \u2028 <b>")],
    )
    client.log_dict(training, EVALUATION, evaluation_artifact(1))
    client.log_batch(foreign, metrics=[Metric("my metric/with spaces", 1, 1, -3)])
    client.set_terminated(foreign, "FAILED")
    client.delete_run(ids["deleted"])
    # A loop that acknowledges commands, so that requests do not wait.
    with acknowledging_loop(own_server.url, training):
        yield ids


def documented() -> dict[str, Any]:
    """The document, limited to existing runs and metrics, so that not every response is 404."""
    client = TestClient(create_app(), base_url="http://localhost")
    document: dict[str, Any] = client.get("/api/openapi.json").json()
    for operation in operations(document):
        # With workspaces disabled, as on this server, naming one is refused, as by MLflow.
        parameters = [
            parameter
            for parameter in operation.get("parameters", [])
            if parameter["name"] not in (WORKSPACE_HEADER_NAME, "workspace")
        ]
        operation["parameters"] = parameters
        for parameter in parameters:
            is_list = parameter["schema"].get("type") == "array"
            if not is_list and (values := KNOWN.get(parameter["name"])):
                parameter["schema"] = {"enum": values}
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


DOCUMENT = documented()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).exclude(
    method="POST", path=[*STARTS, *READS_FOLDERS]
)
# Unknown parameters are ignored, as usual.
SCHEMA.config.generation.update(allow_extra_parameters=False)


@SCHEMA.parametrize()
@settings(
    max_examples=NUM_EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_route_responds_as_documented(
    case: Case, own_server: Server, run_ids: dict[str, str]
) -> None:
    for given in (case.query, case.path_parameters):
        for name in ("run_id", "job_id"):
            if given and str(given.get(name)) in run_ids:
                given[name] = run_ids[str(given[name])]

    case.call_and_validate(base_url=own_server.url, excluded_checks=excluded_checks(case.path))


def excluded_checks(path: str) -> list[CheckFunction]:
    is_shared = path.startswith(
        (
            *("/api/training/", "/api/v1/dicom/feedback/", "/api/v1/runs/"),
            *("/api/v1/projects", "/api/jobs", "/api/datasets", "/api/models"),
        )
    )
    return [*(JOB_LIKE if is_shared else ()), *(UPLOAD_LIKE if is_upload(path) else ())]


def test_every_documented_error_has_the_one_shape() -> None:
    # Those of custom training have the fields that its pages read, and all others as well.
    shapes = [
        {"$ref": "#/components/schemas/ErrorResponse"},
        {"$ref": "#/components/schemas/SessionError"},
    ]
    for operation in operations(DOCUMENT):
        for status, answer in operation["responses"].items():
            if not status.startswith("2"):
                assert answer["content"]["application/json"]["schema"] in shapes


def test_the_documented_paths_are_the_served_ones(own_server: Server) -> None:
    served = httpx.get(f"{own_server.url}/api/openapi.json").json()

    assert served["paths"].keys() == DOCUMENT["paths"].keys()
