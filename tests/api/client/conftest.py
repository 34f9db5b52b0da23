"""Both clients, for tests that hold for either, and a server that trains."""

from collections.abc import Iterator

import pytest

from tests.api.client.both_clients import Ask, ask_async, ask_blocking
from tests.api.client.fake_ray import TrainingServer, training_server


@pytest.fixture(params=[ask_blocking, ask_async])
def ask(request: pytest.FixtureRequest) -> Ask:
    chosen: Ask = request.param
    return chosen


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainingServer]:
    with training_server(tmp_path_factory.mktemp("trainer")) as trainer:
        yield trainer
