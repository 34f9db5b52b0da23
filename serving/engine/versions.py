"""Keeps the version that is served, and those before it until their last lease ends."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from serving.engine.backend import Runner
from serving.engine.batcher import Batcher
from serving.engine.registry import RegisteredVersion

logger = logging.getLogger(__name__)


class ServedVersion:
    """A loaded version with its own queue of batches."""

    def __init__(
        self, version: RegisteredVersion, runner: Runner, *, max_batch: int, max_wait_s: float
    ) -> None:
        self.version = version
        self.runner = runner
        self.max_batch = max_batch
        self.explaining = asyncio.Lock()
        self.batcher = Batcher(
            lambda images, timeout_s: runner.predict(images, timeout_s=timeout_s),
            max_batch=max_batch,
            max_wait_s=max_wait_s,
            num_parallel=runner.num_parallel,
        )

    async def close(self) -> None:
        await self.batcher.close()
        await self.runner.close()


class Versions:
    """The current version of one model. A version that was replaced is freed after its last lease."""

    def __init__(self) -> None:
        self.current: ServedVersion | None = None
        self._leases: dict[ServedVersion, int] = {}
        self._freeing: set[asyncio.Task[None]] = set()

    def replace(self, new: ServedVersion | None) -> None:
        """Serve `new` from now on."""
        old, self.current = self.current, new
        if old is not None and old not in self._leases:
            self._free(old)

    @contextmanager
    def leased(self) -> Iterator[ServedVersion | None]:
        """The current version, which stays loaded while inside."""
        version = self.current
        if version is None:
            yield None
            return
        self._leases[version] = self._leases.get(version, 0) + 1
        try:
            yield version
        finally:
            left = self._leases.get(version, 1) - 1
            if left > 0:
                self._leases[version] = left
            elif self._leases.pop(version, None) and version is not self.current:
                self._free(version)

    async def close(self) -> None:
        """Free all versions, also those that are leased: what waits for them is refused."""
        leased = [version for version in self._leases if version is not self.current]
        current, self.current = self.current, None
        for version in [*leased, *([current] if current else [])]:
            self._leases.pop(version, None)
            self._free(version)
        await asyncio.gather(*self._freeing)

    def _free(self, version: ServedVersion) -> None:
        task = asyncio.create_task(_close(version))
        self._freeing.add(task)
        task.add_done_callback(self._freeing.discard)


async def _close(version: ServedVersion) -> None:
    try:
        await version.close()
    except Exception:
        logger.exception("%s could not be freed.", version.version)
    else:
        logger.info("%s is freed.", version.version)
