"""The engine on a real tracking server, which goes away and comes back."""

from collections.abc import Iterator

import mlflow
import pytest

from serving.engine.protocol import Engine
from serving.settings import ServingSettings
from tests.serving.engine.conftest import running_engine
from tests.serving.engine.registered import NAME, Store, drawn_images, tiny_backbone, tiny_network
from tests.training.tracking_server import TrackingServer
from tests.turns import until
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    before = mlflow.get_tracking_uri()
    running = TrackingServer(tmp_path_factory.mktemp("tracking") / "server").start()
    yield running
    running.stop()
    mlflow.set_tracking_uri(before)


def served_version(engine: Engine) -> str | None:
    current = engine.current()
    return None if current is None else current.version


async def test_a_server_that_is_away_stops_no_service(server: TrackingServer) -> None:
    store = Store(server.folder, server.uri)
    backbone = tiny_backbone()
    first, second = (store.register(tiny_network(backbone, seed), backbone) for seed in (1, 2))
    store.point(first)
    settings = ServingSettings(
        tracking_uri=server.uri, poll_s=0.1, device="cpu", challenger_alias=""
    )
    async with running_engine(settings) as engine:
        assert served_version(engine) == first
        server.kill()
        # Each model that the engine follows finds out for itself.
        meanwhile = f"{NAME}, version {first}, is served meanwhile"
        await until(lambda: meanwhile in engine.message, "the message about the classifier")
        assert "did not answer" in engine.message
        async with engine.lease() as model:
            await model.predict(drawn_images(2), timeout_s=DEADLINE_S)
        server.start()
        store.point(second)
        await until(lambda: served_version(engine) == second, "the new version")
        # The other models that the engine follows ask the server at other times.
        await until(lambda: engine.message == "", "the end of all messages")


async def test_a_service_that_starts_first_takes_the_model_up_later(
    server: TrackingServer,
) -> None:
    server.kill()
    settings = ServingSettings(
        tracking_uri=server.uri, poll_s=0.1, device="cpu", challenger_alias=""
    )
    async with running_engine(settings) as engine:
        assert engine.current() is None
        assert server.uri in engine.message
        server.start()
        await until(lambda: engine.current() is not None, "the model")
