"""Gathers single images into batches: dynamic batching with a limit on how long an image waits for others."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from serving.engine.protocol import Array, ModelOutput
from serving.errors import Reason, ServingError

RunBatch = Callable[[Sequence[Array], float], Awaitable[list[ModelOutput]]]
"""Predicts prepared images within a number of seconds."""

logger = logging.getLogger(__name__)

FAILED = "The model failed on the image; the log of the service says why."
TOO_LATE = "The deadline passed before the model had answered: allow more time, or send less."


@dataclass(eq=False)
class Waiting:
    """An image that waits for its batch; `deadline` is on the clock of `time.monotonic`."""

    image: Array
    deadline: float
    result: asyncio.Future[ModelOutput]
    arrived: float = field(default_factory=time.monotonic)


def take_batch(
    waiting: deque[Waiting], max_batch: int, now: float
) -> tuple[list[Waiting], list[Waiting]]:
    """Take up to `max_batch` images that somebody still waits for, the oldest first.

    Returns them, and those that were too late. Images whose caller has gone are only removed.
    """
    batch: list[Waiting] = []
    late: list[Waiting] = []
    while waiting and len(batch) < max_batch:
        oldest = waiting.popleft()
        if oldest.result.done():
            continue
        (late if oldest.deadline <= now else batch).append(oldest)
    return batch, late


class Batcher:
    """Runs batches of waiting images; an image that is not taken in time costs no computation.

    While nothing runs and no other image is on its way, an image does not wait for others.
    """

    def __init__(
        self, run: RunBatch, *, max_batch: int, max_wait_s: float, num_parallel: int
    ) -> None:
        self._run_batch = run
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._waiting: deque[Waiting] = deque()
        self._num_coming = 0
        self._changed = asyncio.Event()
        self._slots = asyncio.Semaphore(num_parallel)
        self._running: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop_task = asyncio.create_task(self._loop())

    @contextmanager
    def coming(self, count: int) -> Iterator[None]:
        """Announce `count` images that are being prepared, so that a batch waits for them."""
        self._num_coming += count
        try:
            yield
        finally:
            self._num_coming -= count
            self._changed.set()

    def require_open(self) -> None:
        """Raise ServingError SHUTTING_DOWN after `close`."""
        if self._is_closed:
            raise _shutting_down()

    def submit(self, image: Array, deadline: float) -> asyncio.Future[ModelOutput]:
        """The future output; to cancel it takes the image out of the queue."""
        self.require_open()
        result = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(image=image, deadline=deadline, result=result))
        self._changed.set()
        return result

    async def close(self, error: ServingError | None = None) -> None:
        """Refuse what waits with `error`, and end."""
        self._is_closed = True
        self._loop_task.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(self._loop_task, *self._running, return_exceptions=True)
        batch, late = take_batch(self._waiting, len(self._waiting), -1.0)
        for each in (*batch, *late):
            each.result.set_exception(error or _shutting_down())

    async def _loop(self) -> None:
        while True:
            await self._until_any()
            await self._slots.acquire()
            await self._until_full_or_due()
            now = time.monotonic()
            batch, late = take_batch(self._waiting, self._max_batch, now)
            for each in late:
                each.result.set_exception(ServingError(Reason.DEADLINE_EXCEEDED, TOO_LATE))
            if not batch:
                self._slots.release()
                continue
            task = asyncio.create_task(self._run(batch))
            self._running.add(task)
            task.add_done_callback(self._finished)

    async def _until_any(self) -> None:
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()

    async def _until_full_or_due(self) -> None:
        """Wait for images that are being prepared, at most until the oldest has waited long enough."""
        while self._waiting and len(self._waiting) < self._max_batch and self._num_coming > 0:
            left_s = self._waiting[0].arrived + self._max_wait_s - time.monotonic()
            if left_s <= 0:
                return
            self._changed.clear()
            try:
                # Not wait_for: in Python 3.11 it may swallow that this task is cancelled.
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._slots.release()

    async def _run(self, batch: list[Waiting]) -> None:
        timeout_s = max(each.deadline for each in batch) - time.monotonic()
        try:
            outputs = await self._run_batch([each.image for each in batch], timeout_s)
        except asyncio.CancelledError:
            self._fail(batch, _shutting_down())
            raise
        except ServingError as error:
            self._fail(batch, error)
            return
        except Exception:
            logger.exception("A batch failed.")
            self._fail(batch, ServingError(Reason.MODEL_FAILED, FAILED))
            return
        for each, output in zip(batch, outputs, strict=True):
            if not each.result.done():
                each.result.set_result(output)

    def _fail(self, batch: list[Waiting], error: ServingError) -> None:
        for each in batch:
            if not each.result.done():
                each.result.set_exception(ServingError(error.reason, error.message))


def _shutting_down() -> ServingError:
    return ServingError(
        Reason.SHUTTING_DOWN, "The service is shutting down: send the request again later."
    )
