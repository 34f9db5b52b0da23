"""The read API over a real store, without a server process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from mlflow import MlflowClient
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from starlette.testclient import TestClient

from api.errors import install_error_handlers
from api.request_id import RequestIdMiddleware
from api.routes import epochs, metrics, run_table, runs
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from tests.api.logged_runs import Mlflow, empty_database


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture
def store(database: Path, tmp_path: Path) -> Iterator[SqlAlchemyStore]:
    copy = shutil.copy(database, tmp_path / "mlflow.db")
    store = SqlAlchemyStore(f"sqlite:///{copy}", str(tmp_path / "artifacts"))
    yield store
    store.engine.dispose()


@pytest.fixture
def mlflow(store: SqlAlchemyStore, tmp_path: Path) -> Mlflow:
    return Mlflow(MlflowClient(store.db_uri), tmp_path)


@pytest.fixture
def reader(store: SqlAlchemyStore) -> RunReader:
    return RunReader(lambda: store)


@pytest.fixture
def client(reader: RunReader) -> TestClient:
    return TestClient(read_api(reader), raise_server_exceptions=False)


def read_api(reader: RunReader) -> FastAPI:
    app = FastAPI()
    app.add_middleware(RequestIdMiddleware)
    install_error_handlers(app)
    app.state.runs = reader
    app.state.run_failures = RunFailures()
    for route in (metrics, epochs, run_table, runs):
        app.include_router(route.router)
    return app
