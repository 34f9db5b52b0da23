"""Calls a function for every new event on the bus, whichever process published it."""

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
    """Passes new events to `on_event`; calls `on_gap` when events may have been missed."""

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
            last: StreamPosition | None = None
            try:
                async for batch in self._bus.follow():
                    if last is None or batch.has_gap or batch.position.epoch != last.epoch:
                        self._on_gap()
                    last = batch.position
                    await self._on_batch(batch)
            except Exception:
                logger.exception("Following the bus failed; it is followed again")
                await asyncio.sleep(RETRY_PAUSE_S)

    async def _on_batch(self, batch: Batch) -> None:
        for _, event in () if batch.is_retained else batch.entries:
            try:
                await self._on_event(event)
            except Exception as error:  # noqa: BLE001 - later events must not be lost, too
                logger.warning("An event could not be processed (%s)", type(error).__name__)
