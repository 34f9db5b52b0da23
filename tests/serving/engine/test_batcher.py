"""Batches: as large as the queue allows, soon enough, and without images that nobody waits for."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from serving.engine.batcher import Batcher, Waiting, take_batch
from serving.engine.protocol import Array, ModelOutput
from serving.errors import Reason, ServingError
from tests.turns import turns

pytestmark = pytest.mark.anyio


class Model:
    """Answers each image with its own first value, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.failure: Exception | None = None

    async def predict(self, images: Sequence[Array], timeout_s: float) -> list[ModelOutput]:
        self.batches.append([int(image[0]) for image in images])
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        return [ModelOutput(logits=image, features=image) for image in images]


@asynccontextmanager
async def batching(
    model: Model, *, max_batch: int = 4, max_wait_s: float = 60.0
) -> AsyncIterator[Batcher]:
    batcher = Batcher(model.predict, max_batch=max_batch, max_wait_s=max_wait_s, num_parallel=1)
    try:
        yield batcher
    finally:
        model.may_answer.set()
        await batcher.close()


def later() -> float:
    return time.monotonic() + 60


def submit(batcher: Batcher, *values: int, deadline: float | None = None) -> list:  # type: ignore[type-arg]
    return [batcher.submit(np.array([value]), deadline or later()) for value in values]


async def test_an_image_alone_does_not_wait_for_others() -> None:
    model = Model()
    async with batching(model) as batcher:
        (output,) = await asyncio.wait_for(asyncio.gather(*submit(batcher, 7)), 30)
    assert output.logits == [7]


async def test_what_arrives_during_a_batch_becomes_the_next_one() -> None:
    model = Model()
    model.may_answer.clear()
    async with batching(model) as batcher:
        first = submit(batcher, 1)
        await turns()
        rest = submit(batcher, 2, 3, 4, 5, 6)
        model.may_answer.set()
        outputs = await asyncio.gather(*first, *rest)
    assert model.batches == [[1], [2, 3, 4, 5], [6]]
    assert [int(output.logits[0]) for output in outputs] == [1, 2, 3, 4, 5, 6]


async def test_a_batch_waits_for_images_that_are_being_prepared() -> None:
    model = Model()
    async with batching(model) as batcher:
        with batcher.coming(1):
            waiting = submit(batcher, 1)
            await turns()
            assert model.batches == []
            waiting += submit(batcher, 2)
        await asyncio.gather(*waiting)
    assert model.batches == [[1, 2]]


async def test_a_batch_does_not_wait_longer_than_its_limit() -> None:
    model = Model()
    async with batching(model, max_wait_s=0.01) as batcher:
        with batcher.coming(1):
            await asyncio.wait_for(asyncio.gather(*submit(batcher, 1)), 30)
    assert model.batches == [[1]]


async def test_images_that_are_too_late_or_unwanted_are_not_computed() -> None:
    model = Model()
    model.may_answer.clear()
    async with batching(model) as batcher:
        first = submit(batcher, 1)
        await turns()
        (late,) = submit(batcher, 2, deadline=time.monotonic() - 1)
        (left,) = submit(batcher, 3)
        (wanted,) = submit(batcher, 4)
        left.cancel()
        model.may_answer.set()
        await asyncio.gather(*first, wanted)
        with pytest.raises(ServingError) as refused:
            await late
    assert refused.value.reason is Reason.DEADLINE_EXCEEDED
    assert model.batches == [[1], [4]]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ServingError(Reason.QUEUE_FULL, "full"), Reason.QUEUE_FULL),
        (RuntimeError("/home/x"), Reason.MODEL_FAILED),
    ],
)
async def test_a_failed_batch_fails_its_images_alone(failure: Exception, reason: Reason) -> None:
    model = Model()
    model.failure = failure
    async with batching(model) as batcher:
        with pytest.raises(ServingError) as refused:
            await submit(batcher, 1)[0]
        model.failure = None
        await submit(batcher, 2)[0]
    assert refused.value.reason is reason
    assert "/home" not in refused.value.message


async def test_closing_refuses_what_waits() -> None:
    model = Model()
    model.may_answer.clear()
    batcher = Batcher(model.predict, max_batch=1, max_wait_s=0, num_parallel=1)
    running, waiting = submit(batcher, 1, 2)
    await turns()
    await batcher.close()
    for future in (running, waiting):
        with pytest.raises(ServingError) as refused:
            await future
        assert refused.value.reason is Reason.SHUTTING_DOWN


async def test_the_oldest_images_come_first() -> None:
    loop = asyncio.get_running_loop()
    waiting = deque(
        Waiting(image=np.array([number]), deadline=10.0, result=loop.create_future())
        for number in range(5)
    )
    batch, late = take_batch(waiting, 3, now=0.0)
    assert [int(each.image[0]) for each in batch] == [0, 1, 2]
    assert late == []
    batch, late = take_batch(waiting, 3, now=10.0)
    assert batch == []
    assert [int(each.image[0]) for each in late] == [3, 4]
