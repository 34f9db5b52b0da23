"""An unavailable MLflow store gives 503."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE

from api.errors import install_error_handlers
from api.middleware.internal_errors import InternalErrorMiddleware
from api.request_id import RequestIdMiddleware
from api.runs.store_errors import install_store_errors


def client() -> TestClient:
    app = FastAPI()
    install_error_handlers(app)
    install_store_errors(app)
    app.add_middleware(InternalErrorMiddleware)
    app.add_middleware(RequestIdMiddleware)

    @app.get("/away")
    def away() -> None:
        raise MlflowException("postgresql://user:secret@db", TEMPORARILY_UNAVAILABLE)

    @app.get("/broken")
    def broken() -> None:
        raise MlflowException("postgresql://user:secret@db", INTERNAL_ERROR)

    return TestClient(app)


def test_an_unavailable_store_gives_503_without_its_address() -> None:
    answer = client().get("/away")
    assert (answer.status_code, answer.json()["error_code"]) == (503, "UNAVAILABLE")
    assert "secret" not in answer.text


def test_any_other_error_of_mlflow_gives_500() -> None:
    answer = client().get("/broken")
    assert (answer.status_code, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
