"""Servers for the tests that only read from them or write under names of their own."""

from collections.abc import Iterator

import pytest

from tests.postgres import Postgres, postgres_server
from tests.servers import Server, fovea_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("fovea") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Each test makes databases of its own there."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server
