"""Shows the champion's images to a challenger in the background, and logs how often both agree."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlflow.exceptions import MlflowException

from serving.engine.agreement import Agreement, top_class
from serving.engine.challenger_run import ChallengerRun, end_runs_of_killed_services
from serving.engine.protocol import LeasedModel, ModelDescription, ModelOutput
from serving.engine.served_model import ServedClassifier
from serving.engine.versions import Versions
from serving.errors import ServingError
from serving.images.image import Pixels

logger = logging.getLogger(__name__)

MAX_WAITING_IMAGES = 64
MAX_WAITING_BYTES = 256 * 1024**2
MAX_BATCH = 8
PREDICT_TIMEOUT_S = 60.0
LOG_INTERVAL_S = 10.0
SIGN_OF_LIFE_S = 60.0
"""A run without new comparisons is logged this often, so that no rule takes it for silent."""
IDLE_POLL_S = 0.02
MAX_IDLE_WAIT_S = 5.0
CLOSE_DEADLINE_S = 15.0


Pair = tuple[tuple[str, str, str], tuple[str, str, str]]
"""Name, version and run of the champion and of the challenger."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An image, and what the champion says of it."""

    image: Pixels
    champion: ModelDescription
    top_class: str


class Challenger:
    """Compares a challenger, while there is one, with the champion. Requests never wait for it."""

    def __init__(
        self,
        versions: Versions[ServedClassifier],
        lease: Callable[[ServedClassifier], LeasedModel],
        is_busy: Callable[[], bool],
        tracking_uri: str,
        *,
        log_interval_s: float = LOG_INTERVAL_S,
    ) -> None:
        """`lease` makes the interface of a version; the challenger waits while `is_busy()`."""
        self._versions = versions
        self._lease = lease
        self._is_busy = is_busy
        self._tracking_uri = tracking_uri
        self._log_interval_s = log_interval_s
        self._waiting: asyncio.Queue[Shown] = asyncio.Queue(MAX_WAITING_IMAGES)
        self._waiting_bytes = 0
        self._pair: Pair | None = None
        self._changing = asyncio.Lock()
        self._agreement = Agreement()
        self._run: ChallengerRun | None = None
        self._logging = ThreadPoolExecutor(1, thread_name_prefix="challenger-log")
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._compare_all()),
            asyncio.create_task(self._log_regularly()),
        ]

    def offer(
        self,
        images: Sequence[Pixels],
        outputs: Sequence[ModelOutput],
        champion: ModelDescription,
    ) -> None:
        """Queue what the champion has just predicted; what the queue does not hold is dropped."""
        if self._versions.current is None:
            return
        for image, output in zip(images, outputs, strict=True):
            if self._waiting.full() or self._waiting_bytes + image.nbytes > MAX_WAITING_BYTES:
                self._agreement.num_dropped += 1
                continue
            shown = Shown(image=image, champion=champion, top_class=top_class(output, champion))
            self._waiting.put_nowait(shown)
            self._waiting_bytes += image.nbytes

    async def close(self) -> None:
        """Log the last counts and end the run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(CLOSE_DEADLINE_S):
                await self._end_run()
        except TimeoutError:
            logger.warning("The run of the challenger did not end: the tracking server is away.")
        self._logging.shutdown(wait=False, cancel_futures=True)

    async def _compare_all(self) -> None:
        while True:
            batch = [self._taken(await self._waiting.get())]
            while len(batch) < MAX_BATCH and not self._waiting.empty():
                batch.append(self._taken(self._waiting.get_nowait()))
            try:
                await self._compare(batch)
            except ServingError as error:
                self._agreement.num_dropped += len(batch)
                logger.info("The challenger missed %d images: %s", len(batch), error.message)

    def _taken(self, shown: Shown) -> Shown:
        self._waiting_bytes -= shown.image.nbytes
        return shown

    async def _compare(self, batch: Sequence[Shown]) -> None:
        await self._until_idle()
        with self._versions.leased() as version:
            if version is None:
                return
            model = self._lease(version)
            outputs = await model.predict(
                [shown.image for shown in batch], timeout_s=PREDICT_TIMEOUT_S
            )
            for shown, output in zip(batch, outputs, strict=True):
                if await self._is_of_pair(shown.champion, model.description):
                    found = top_class(output, model.description)
                    self._agreement.add(agreed=found == shown.top_class)

    async def _is_of_pair(self, champion: ModelDescription, challenger: ModelDescription) -> bool:
        """Whether there is something to compare; a new pair of versions begins a new run."""
        pair = _key(champion), _key(challenger)
        if pair[0] == pair[1]:
            return False
        async with self._changing:
            if self._pair != pair:
                await self._end_run()
                self._pair = pair
                self._agreement = Agreement()
                self._run = ChallengerRun(self._tracking_uri, champion, challenger)
        return True

    async def _until_idle(self) -> None:
        """Let the champion go first, for a limited time, so that a busy service still compares some."""
        end = self._loop.time() + MAX_IDLE_WAIT_S
        while self._is_busy() and self._loop.time() < end:  # noqa: ASYNC110 - any request may end
            await asyncio.sleep(IDLE_POLL_S)

    async def _log_regularly(self) -> None:
        await self._attempt(lambda: end_runs_of_killed_services(self._tracking_uri))
        logged_at, logged = -SIGN_OF_LIFE_S, -1
        while True:
            await asyncio.sleep(self._log_interval_s)
            async with self._changing:
                if self._pair is not None and self._versions.current is None:
                    await self._end_run()
            now = self._loop.time()
            if logged != self._agreement.num_images or now - logged_at >= SIGN_OF_LIFE_S:
                await self._log()
                logged_at, logged = now, self._agreement.num_images

    async def _log(self) -> None:
        run, agreement = self._run, self._agreement
        if run is None or agreement.num_images == 0:
            return
        metrics, step = agreement.metrics(), agreement.num_images
        await self._attempt(lambda: run.log(metrics, step))

    async def _end_run(self) -> None:
        await self._log()
        run, self._run, self._pair = self._run, None, None
        if run is not None:
            await self._attempt(run.end)

    async def _attempt(self, call: Callable[[], None]) -> None:
        try:
            await self._loop.run_in_executor(self._logging, call)
        except (MlflowException, OSError) as error:
            # The counts are totals, so the next call makes up for this one.
            logger.warning("The challenger's agreement was not logged (%s).", type(error).__name__)


def _key(model: ModelDescription) -> tuple[str, str, str]:
    return model.name, model.version, model.run_id
