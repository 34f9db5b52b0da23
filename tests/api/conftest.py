"""One server for the tests that only read from it or write under names of their own."""

from collections.abc import Iterator

import pytest

from tests.servers import Server, fovea_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with fovea_server(tmp_path_factory.mktemp("fovea") / "data") as running:
        yield running
