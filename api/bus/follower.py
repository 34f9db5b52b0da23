"""Follows the bus for what becomes of runs, whichever process has heard of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from api.background import in_background
from api.bus.protocol import Batch, Bus, StreamPosition
from tracking_plugin.events import RunEvent

logger = logging.getLogger(__name__)

RETRY_PAUSE_S = 1.0


class BusFollower:
    """`on_event` gets what comes from now on; `on_gap` is called when something may not have come."""

    def __init__(
        self, bus: Bus, on_event: Callable[[RunEvent], Awaitable[None]], on_gap: Callable[[], None]
    ) -> None:
        self._bus = bus
        self._on_event = on_event
        self._on_gap = on_gap

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with in_background(self._follow()):
            yield

    async def _follow(self) -> None:
        while True:
            at: StreamPosition | None = None
            try:
                async for batch in self._bus.follow():
                    if at is None or batch.has_gap or batch.position.epoch != at.epoch:
                        self._on_gap()
                    at = batch.position
                    await self._take(batch)
            except Exception:
                logger.exception("Following the bus failed: beginning anew")
                await asyncio.sleep(RETRY_PAUSE_S)

    async def _take(self, batch: Batch) -> None:
        for _, event in () if batch.is_retained else batch.entries:
            try:
                await self._on_event(event)
            except Exception as error:  # noqa: BLE001 - what comes after it must not be lost, too
                logger.warning("A change of a run was not heard of (%s)", type(error).__name__)
