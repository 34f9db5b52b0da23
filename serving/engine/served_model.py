"""A loaded classifier with its queue of batches, and a loaded segmentation model with its turn."""

import asyncio
from collections.abc import Callable, Sequence

from serving.engine.backend import Runner, SegmentationRunner
from serving.engine.batcher import Batcher
from serving.engine.protocol import Array, ModelOutput
from serving.engine.registry import RegisteredVersion

CountBatch = Callable[[int], None]
"""Sees the number of images of each batch."""


def count_nothing(num_images: int) -> None: ...


class ServedClassifier:
    """A version of a classifier."""

    def __init__(
        self,
        version: RegisteredVersion,
        runner: Runner,
        *,
        max_batch: int,
        max_wait_s: float,
        count_batch: CountBatch = count_nothing,
    ) -> None:
        async def predict(images: Sequence[Array], timeout_s: float) -> list[ModelOutput]:
            count_batch(len(images))
            return await runner.predict(images, timeout_s=timeout_s)

        self.version = version
        self.runner = runner
        self.max_batch = max_batch
        self.explaining = asyncio.Lock()
        self.batcher = Batcher(
            predict,
            max_batch=max_batch,
            max_wait_s=max_wait_s,
            num_parallel=runner.num_parallel,
        )

    async def close(self) -> None:
        await self.batcher.close()
        await self.runner.close()


class ServedSegmenter:
    """A version of a segmentation model, of which each copy sees one image at a time."""

    def __init__(self, version: RegisteredVersion, runner: SegmentationRunner) -> None:
        self.version = version
        self.runner = runner
        self.segmenting = asyncio.Semaphore(runner.num_parallel)

    async def close(self) -> None:
        await self.runner.close()
