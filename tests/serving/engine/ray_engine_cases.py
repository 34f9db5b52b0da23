"""The engine on Ray Serve: the same answers, no failed request during a swap or after a lost replica."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from serving.engine.protocol import Engine
from serving.engine.serving_engine import ServingEngine
from serving.errors import Reason, ServingError
from serving.settings import ServingSettings
from tests.serving.engine.conftest import TwoVersions, running_engine
from tests.serving.engine.registered import drawn_images
from tests.turns import until
from tests.waiting import DEADLINE_S
from tracking_plugin.ray_head import LocalHead
from tracking_plugin.ray_processes import processes_in

pytestmark = pytest.mark.anyio

REQUEST_S = 120.0


@pytest.fixture(scope="module")
async def engine(registered_versions: TwoVersions, address: str) -> AsyncIterator[Engine]:
    registered_versions.store.point(registered_versions.first)
    settings = registered_versions.settings(
        engine="ray", ray_address=address, replica_cpus=0.1, poll_s=0.2, max_batch_size=4
    )
    async with running_engine(settings) as running:
        yield running
        # Imported late: Ray reads at its import how it authenticates.
        from ray import serve  # noqa: PLC0415

        serve.shutdown()


# The environment of the cluster is set before Ray is imported.
@pytest.mark.usefixtures("address")
@pytest.mark.parametrize(
    ("given", "bounds"),
    [
        ({"replicas": 3}, None),
        ({"replicas": 3, "max_replicas": 3}, None),
        ({"replicas": 2, "max_replicas": 5}, (2, 5)),
    ],
)
def test_serve_is_told_between_which_numbers_of_replicas_it_scales(
    given: dict[str, int], bounds: tuple[int, int] | None
) -> None:
    from ray import serve  # noqa: PLC0415

    from serving.engine.ray_options import CALLS_PER_REPLICA, deployment_options  # noqa: PLC0415

    settings = ServingSettings(**given)  # type: ignore[arg-type]
    told = serve.deployment(**deployment_options(settings, has_gpus=False))(TwoVersions)
    config = told._deployment_config

    scaling = config.autoscaling_config
    if scaling is None:
        assert (bounds, config.num_replicas) == (None, given["replicas"])
    else:
        assert (scaling.min_replicas, scaling.max_replicas) == bounds
        assert scaling.get_target_ongoing_requests() == CALLS_PER_REPLICA
    most = max(given.values())
    assert config.max_queued_requests == CALLS_PER_REPLICA * most + 1


def served_version(engine: Engine) -> str | None:
    current = engine.current()
    return None if current is None else current.version


def apps() -> list[str]:
    from ray import serve  # noqa: PLC0415

    return [name for name in serve.status().applications if name.startswith("fovea-serving-")]


async def test_outputs_are_those_of_the_embedded_engine(
    versions: TwoVersions, engine: Engine
) -> None:
    images = drawn_images(11)
    async with running_engine(versions.settings()) as embedded, embedded.lease() as model:
        expected = await model.predict(images, timeout_s=DEADLINE_S)
        heat_map = await model.explain(images[0], class_index=1, timeout_s=DEADLINE_S)
    assert isinstance(engine, ServingEngine)
    assert type(engine._backend).__name__ == "RayBackend"
    async with engine.lease() as model:
        outputs = await model.predict(images, timeout_s=REQUEST_S)
        explained = await model.explain(images[0], class_index=1, timeout_s=REQUEST_S)
        assert model.description.classes == ("Fundus_Normal", "Fundus_RAO", "OCT_Normal")
    for one, other in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(one.features, other.features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(explained.values, heat_map.values, rtol=1e-3, atol=1e-3)


async def test_no_request_fails_after_a_replica_is_killed(
    versions: TwoVersions, engine: Engine, ray_head: LocalHead
) -> None:
    images = drawn_images(6)
    async with engine.lease() as model:
        expected = await model.predict(images, timeout_s=REQUEST_S)
        requests = [
            asyncio.create_task(model.predict(images, timeout_s=REQUEST_S)) for _ in range(6)
        ]
        for replica in replicas(ray_head.folder):
            os.kill(replica.pid, signal.SIGKILL)
        for answer in await asyncio.gather(*requests):
            for one, other in zip(answer, expected, strict=True):
                np.testing.assert_allclose(one.logits, other.logits, rtol=1e-4, atol=1e-4)


async def test_without_a_replica_a_request_ends_at_its_deadline(
    versions: TwoVersions, engine: Engine, ray_head: LocalHead
) -> None:
    async with engine.lease() as model:
        for replica in replicas(ray_head.folder):
            os.kill(replica.pid, signal.SIGKILL)
        with pytest.raises(ServingError) as refused:
            await model.predict(drawn_images(1), timeout_s=0.2)
        assert refused.value.reason is Reason.DEADLINE_EXCEEDED
        await model.predict(drawn_images(1), timeout_s=REQUEST_S)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("num_moves", [2, pytest.param(20, marks=pytest.mark.soak)])
async def test_no_request_fails_while_the_alias_moves(
    versions: TwoVersions, engine: Engine, num_moves: int
) -> None:
    (image,) = drawn_images(1)
    answered: dict[str, int] = {}
    is_over = False

    async def call() -> None:
        while not is_over:
            async with engine.lease() as model:
                await model.predict([image], timeout_s=REQUEST_S)
                version = model.description.version
            answered[version] = answered.get(version, 0) + 1

    async with asyncio.TaskGroup() as callers:
        for _ in range(4):
            callers.create_task(call())
        for move in range(num_moves):
            target = versions.second if move % 2 == 0 else versions.first
            await asyncio.to_thread(versions.store.point, target)
            await until(lambda: served_version(engine) == target, "the new version")  # noqa: B023
        is_over = True

    assert set(answered) == {versions.first, versions.second}
    await until(lambda: len(apps()) == 1, "the end of the old applications")


def replicas(folder: Path) -> list[psutil.Process]:
    """The processes of this Ray that hold a model."""
    found = []
    for process in processes_in(folder):
        try:
            title = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "ServeReplica" in title:
            found.append(process)
    assert found
    return found
