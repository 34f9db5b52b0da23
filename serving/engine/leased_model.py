"""One version of the model as a request uses it: prepares its images, and waits for their outputs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from serving.engine.batcher import FAILED, TOO_LATE
from serving.engine.places import Places
from serving.engine.protocol import Array, ModelDescription, ModelOutput, RawHeatMap
from serving.engine.served_model import ServedClassifier
from serving.errors import Reason, ServingError
from serving.images.image import Pixels

T = TypeVar("T")

Observe = Callable[[Sequence[Pixels], Sequence[ModelOutput], ModelDescription], None]
"""Sees each prediction; must not block."""


class LeasedVersion:
    """A lease of a served version; implements `serving.engine.protocol.LeasedModel`."""

    def __init__(
        self,
        served: ServedClassifier,
        *,
        places: Places,
        explanations: Places,
        preparing: Executor,
        observe: Observe | None = None,
    ) -> None:
        self._served = served
        self._places = places
        self._explanations = explanations
        self._preparing = preparing
        self._observe = observe

    @property
    def description(self) -> ModelDescription:
        return self._served.runner.description

    async def predict(self, images: Sequence[Pixels], *, timeout_s: float) -> list[ModelOutput]:
        self._served.batcher.require_open()
        # While one batch of a large request is computed, its next one is prepared.
        count = min(len(images), 2 * self._served.max_batch, self._places.limit)
        slots = asyncio.Semaphore(max(1, count))
        deadline = time.monotonic() + timeout_s
        with self._places.taken(count):
            outputs = await _within(
                timeout_s, _all(self._output(image, slots, deadline) for image in images)
            )
        if self._observe is not None:
            self._observe(images, outputs, self.description)
        return outputs

    async def explain(self, image: Pixels, *, class_index: int, timeout_s: float) -> RawHeatMap:
        self._served.batcher.require_open()
        with self._explanations.taken(1):
            return await _within(timeout_s, self._map(image, class_index, timeout_s))

    async def _output(
        self, image: Pixels, slots: asyncio.Semaphore, deadline: float
    ) -> ModelOutput:
        batcher = self._served.batcher
        async with slots:
            with batcher.coming(1):
                prepared = await self._prepared(image)
            output = await batcher.submit(prepared, deadline)
        if not np.isfinite(output.logits).all():
            raise ServingError(
                Reason.MODEL_FAILED, "The model returned values that are not finite numbers."
            )
        return output

    async def _map(self, image: Pixels, class_index: int, timeout_s: float) -> RawHeatMap:
        prepared = await self._prepared(image)
        runner = self._served.runner
        # One at a time, so that the batches of predictions have their turn between them.
        async with self._served.explaining:
            found = await runner.explain(prepared, class_index, timeout_s=timeout_s)
        return replace(found, seen=runner.preparation.seen(image))

    async def _prepared(self, image: Pixels) -> Array:
        loop = asyncio.get_running_loop()
        prepare = self._served.runner.preparation.prepare
        try:
            return await loop.run_in_executor(self._preparing, prepare, image)
        except (ValueError, OSError, MemoryError) as error:
            raise ServingError(Reason.MODEL_FAILED, FAILED) from error


async def _all(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order; the first failure ends all calls."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _within(timeout_s: float, call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except TimeoutError:
        raise ServingError(Reason.DEADLINE_EXCEEDED, TOO_LATE) from None
