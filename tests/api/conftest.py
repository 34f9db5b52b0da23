"""Shared servers, for tests that use names of their own, and empty databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.storage.database import Database
from tests.postgres import Postgres, postgres_server
from tests.servers import Server, fovea_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("fovea") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Each test creates databases of its own on it."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URI of an empty database, with a character that migrations have to escape."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mlflow 100%.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new_database()


@pytest.fixture
def database(database_uri: str) -> Iterator[Database]:
    database = Database(database_uri)
    database.migrate()
    yield database
    database.close()
