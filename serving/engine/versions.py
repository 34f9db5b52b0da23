"""Keeps the version that is served, and those before it until their last lease ends."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from serving.engine.registry import RegisteredVersion

logger = logging.getLogger(__name__)


class Loaded(Protocol):
    """A version that is loaded and warm."""

    @property
    def version(self) -> RegisteredVersion: ...

    async def close(self) -> None:
        """Free what the version holds, and refuse what waits for it."""


L = TypeVar("L", bound=Loaded)


class Versions(Generic[L]):
    """The current version of one model. A version that was replaced is freed after its last lease."""

    def __init__(self) -> None:
        self.current: L | None = None
        self._leases: dict[L, int] = {}
        self._freeing: set[asyncio.Task[None]] = set()

    def replace(self, new: L | None) -> None:
        """Serve `new` from now on."""
        old, self.current = self.current, new
        if old is not None and old not in self._leases:
            self._free(old)

    @contextmanager
    def leased(self) -> Iterator[L | None]:
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

    def _free(self, version: L) -> None:
        task = asyncio.create_task(_close(version))
        self._freeing.add(task)
        task.add_done_callback(self._freeing.discard)


async def _close(version: Loaded) -> None:
    try:
        await version.close()
    except Exception:
        logger.exception("%s could not be freed.", version.version)
    else:
        logger.info("%s is freed.", version.version)
