"""One version of the segmentation model as a request uses it."""

import asyncio
from concurrent.futures import Executor

import torch

from serving.engine.batcher import FAILED, TOO_LATE
from serving.engine.places import Places
from serving.engine.protocol import Array, PixelClasses
from serving.engine.served_model import ServedSegmenter
from serving.errors import Reason, ServingError
from serving.images.image import Pixels
from training.recipes.segmentation.network import class_map


class LeasedSegmentation:
    """A lease of a served version; implements `serving.engine.protocol.LeasedSegmenter`."""

    def __init__(self, served: ServedSegmenter, *, places: Places, preparing: Executor) -> None:
        self._served = served
        self._places = places
        self._preparing = preparing

    @property
    def name(self) -> str:
        return self._served.version.name

    @property
    def version(self) -> str:
        return self._served.version.version

    @property
    def classes(self) -> tuple[str, ...]:
        return self._served.runner.classes

    async def segment(self, image: Pixels, *, timeout_s: float) -> PixelClasses:
        with self._places.taken(1):
            try:
                async with asyncio.timeout(timeout_s):
                    return await self._classes_of(image, timeout_s)
            except TimeoutError:
                raise ServingError(Reason.DEADLINE_EXCEEDED, TOO_LATE) from None
            except (ValueError, OSError, MemoryError) as error:
                raise ServingError(Reason.MODEL_FAILED, FAILED) from error

    async def _classes_of(self, image: Pixels, timeout_s: float) -> PixelClasses:
        loop = asyncio.get_running_loop()
        runner = self._served.runner
        prepared = await loop.run_in_executor(self._preparing, runner.preparation.prepare, image)
        async with self._served.segmenting:
            logits = await runner.segment(prepared, timeout_s=timeout_s)
        height, width = image.shape[:2]
        classes = await loop.run_in_executor(
            self._preparing, _in_size_of_image, logits, height, width
        )
        return PixelClasses(class_map=classes, classes=runner.classes)


def _in_size_of_image(logits: Array, height: int, width: int) -> Array:
    found: Array = class_map(torch.from_numpy(logits), height, width).numpy()
    return found
