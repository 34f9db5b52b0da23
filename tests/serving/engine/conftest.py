"""A registry with two versions of a tiny classifier, an engine on it, and a Ray cluster."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import mlflow
import pytest

from serving.engine import open_engine
from serving.engine.protocol import Engine
from serving.settings import ServingSettings
from tests.serving.engine.registered import Store, tiny_backbone, tiny_network
from tracking_plugin.ray_head import LOCAL_ENVIRONMENT, LocalHead


@dataclass(frozen=True, kw_only=True)
class TwoVersions:
    """Versions `first` and `second` differ in their weights; the alias champion is on the first."""

    store: Store
    first: str
    second: str

    def settings(self, **given: object) -> ServingSettings:
        fast = {"poll_s": 0.05, "device": "cpu", "challenger_alias": ""}
        return ServingSettings(tracking_uri=self.store.uri, **{**fast, **given})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def registered_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoVersions]:
    before = mlflow.get_tracking_uri()
    store = Store(tmp_path_factory.mktemp("registry"))
    backbone = tiny_backbone()
    first, second = (store.register(tiny_network(backbone, seed), backbone) for seed in (1, 2))
    yield TwoVersions(store=store, first=first, second=second)
    mlflow.set_tracking_uri(before)


@pytest.fixture
def versions(registered_versions: TwoVersions) -> TwoVersions:
    """The alias is on the first version when a test begins."""
    registered_versions.store.point(registered_versions.first)
    return registered_versions


@pytest.fixture(scope="module")
def address(ray_head: LocalHead) -> Iterator[str]:
    """The cluster of the tests, whose token Ray reads from the environment alone."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**LOCAL_ENVIRONMENT, "RAY_AUTH_TOKEN": ray_head.token}.items():
            environment.setenv(name, value)
        yield ray_head.cluster_address


@asynccontextmanager
async def running_engine(settings: ServingSettings) -> AsyncIterator[Engine]:
    engine = open_engine(settings)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()
