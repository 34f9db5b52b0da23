"""The engine on Ray Serve takes a second replica under load, and ends it when there is less."""

import asyncio
from pathlib import Path

import pytest

from serving.engine.protocol import Engine
from tests.serving.engine.conftest import TwoVersions, running_engine
from tests.serving.engine.ray_engine_cases import REQUEST_S, apps, replicas, served_version
from tests.serving.engine.registered import drawn_images
from tests.turns import until
from tracking_plugin.ray_head import LocalHead

pytestmark = [pytest.mark.anyio, pytest.mark.soak, pytest.mark.timeout(600)]

SCALING_S = 240.0
"""Serve waits for 30 s, and then for the process."""
WORK_S = 5.0
SCALE_DOWN_AFTER_S = 10.0


async def test_a_second_replica_comes_with_load_and_goes_with_it_and_no_request_fails(
    registered_versions: TwoVersions, address: str, ray_head: LocalHead
) -> None:
    registered_versions.store.point(registered_versions.first)
    settings = registered_versions.settings(
        engine="ray",
        ray_address=address,
        replica_cpus=0.1,
        max_batch_size=4,
        replicas=1,
        max_replicas=2,
        scale_down_after_s=SCALE_DOWN_AFTER_S,
    )
    images = drawn_images(4)
    num_answered = 0
    is_over = asyncio.Event()
    is_over_for_all = asyncio.Event()

    async def call(engine: Engine, end: asyncio.Event) -> None:
        nonlocal num_answered
        while not end.is_set():
            async with engine.lease() as model:
                await model.predict(images, timeout_s=REQUEST_S)
            num_answered += 1

    async with running_engine(settings) as engine:
        await until(lambda: served_version(engine), "the first replica")
        (app,) = apps()
        assert num_running(app) == 1
        async with asyncio.TaskGroup() as callers:
            callers.create_task(call(engine, is_over_for_all))
            for _ in range(7):
                callers.create_task(call(engine, is_over))
            await scaled(app, 2)
            before = seconds_by_process(ray_head.folder, app)
            assert len(before) == 2
            num_before = num_answered
            await asyncio.sleep(WORK_S)
            after = seconds_by_process(ray_head.folder, app)
            is_over.set()
            await scaled(app, 1)
            num_scaled = num_answered
            await asyncio.sleep(WORK_S)
            is_over_for_all.set()
    assert num_answered > num_scaled > num_before > 0
    worked = [after[pid] - before[pid] for pid in before]
    assert min(worked) > max(worked) / 4, "the second replica has no share of the work"


async def scaled(app: str, number: int) -> None:
    async with asyncio.timeout(SCALING_S):
        while num_running(app) != number:  # noqa: ASYNC110 - Serve sends no event
            await asyncio.sleep(0.5)


def num_running(app: str) -> int:
    from ray import serve  # noqa: PLC0415
    from ray.serve._private.common import ReplicaState  # noqa: PLC0415

    deployments = serve.status().applications[app].deployments.values()
    return sum(each.replica_states.get(ReplicaState.RUNNING, 0) for each in deployments)


def seconds_by_process(folder: Path, app: str) -> dict[int, float]:
    """The processor time of each replica of the application."""
    times = {each.pid: each.cpu_times() for each in replicas(folder) if app in each.cmdline()[0]}
    return {pid: used.user + used.system for pid, used in times.items()}
