"""Fixtures: a call through each client, and a server that trains."""

from collections.abc import Iterator

import pytest

from tests.api.client.both_clients import Call, call_async, call_blocking
from tests.api.client.fake_ray import TrainingServer, training_server


@pytest.fixture(params=[call_blocking, call_async])
def call(request: pytest.FixtureRequest) -> Call:
    chosen: Call = request.param
    return chosen


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingServer]:
    with training_server(tmp_path_factory.mktemp("trainer")) as trainer:
        yield trainer
