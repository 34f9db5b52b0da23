"""Databases to keep the state of runs in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.database import Database
from tests.postgres import Postgres


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mlflow.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new_database()


@pytest.fixture
def database(database_uri: str) -> Iterator[Database]:
    database = Database(database_uri)
    database.migrate()
    yield database
    database.close()
