"""A request's use of a segmentation model: as many images at one time as its copies take."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from serving.engine.leased_segmenter import LeasedSegmentation
from serving.engine.places import Places
from serving.engine.preparation import Preparation
from serving.engine.protocol import Array
from serving.engine.registry import RegisteredVersion
from serving.engine.served_model import ServedSegmenter
from tests.serving.engine.registered import drawn_images
from tests.turns import until
from tests.waiting import DEADLINE_S
from training.data.framing import Framing

pytestmark = pytest.mark.anyio

SIDE = 8
NUM_REQUESTS = 5


class HeldRunner:
    """A segmentation model that answers when it may, and counts what is under way."""

    preparation = Preparation(image_size=SIDE, decode_size=SIDE, framing=Framing.STRETCH)
    classes = ("background", "vessels")

    def __init__(self, num_parallel: int) -> None:
        self.num_parallel = num_parallel
        self.num_active = self.most_active = 0
        self.may_answer = asyncio.Event()

    async def segment(self, image: Array, *, timeout_s: float) -> Array:
        self.num_active += 1
        self.most_active = max(self.most_active, self.num_active)
        await self.may_answer.wait()
        self.num_active -= 1
        return np.zeros((2, *image.shape[1:]), np.float32)

    async def close(self) -> None: ...


@pytest.mark.parametrize("num_parallel", [1, 2])
async def test_as_many_images_are_under_way_as_the_copies_take(num_parallel: int) -> None:
    runner = HeldRunner(num_parallel)
    version = RegisteredVersion(name="segmenter", version="1", run_id="run", created_ms=0)
    with ThreadPoolExecutor(1) as preparing:
        lease = LeasedSegmentation(
            ServedSegmenter(version, runner),
            places=Places(NUM_REQUESTS, things="segmentations"),
            preparing=preparing,
        )
        (image,) = drawn_images(1)
        requests = [
            asyncio.create_task(lease.segment(image, timeout_s=DEADLINE_S))
            for _ in range(NUM_REQUESTS)
        ]
        await until(lambda: runner.num_active == num_parallel, "the first images")
        runner.may_answer.set()
        answers = await asyncio.gather(*requests)

    assert runner.most_active == num_parallel
    assert [answer.class_map.shape for answer in answers] == [image.shape[:2]] * NUM_REQUESTS
