"""Keeps the hub's position in the stream, and waits until it reaches a given one."""

import asyncio

from api.bus.protocol import StreamPosition

APPLY_DEADLINE_S = 20.0
"""For the hub to apply what is on the bus."""

_NOWHERE = StreamPosition("", 0)


class StreamCursor:
    """The position of the last event that the hub has applied."""

    def __init__(self) -> None:
        self._position: StreamPosition | None = None
        self._has_moved = asyncio.Condition()

    @property
    def position(self) -> StreamPosition:
        """Before the first batch of the bus: an epoch that no stream has."""
        return self._position or _NOWHERE

    def is_in_epoch_of(self, position: StreamPosition) -> bool:
        return self._position is not None and self._position.epoch == position.epoch

    def move_to(self, position: StreamPosition) -> None:
        """Waiting coroutines notice it at the next `notify`."""
        self._position = position

    def forget(self) -> None:
        self._position = None

    async def notify(self) -> None:
        async with self._has_moved:
            self._has_moved.notify_all()

    async def started(self) -> None:
        """Wait for the first batch. Raises TimeoutError after APPLY_DEADLINE_S."""
        async with asyncio.timeout(APPLY_DEADLINE_S), self._has_moved:
            await self._has_moved.wait_for(lambda: self._position is not None)

    async def reached(self, target: StreamPosition) -> None:
        """Wait until `target` is applied or its epoch has ended. Raises TimeoutError likewise."""

        def is_reached() -> bool:
            position = self.position
            return position.epoch != target.epoch or position.offset >= target.offset

        async with asyncio.timeout(APPLY_DEADLINE_S), self._has_moved:
            await self._has_moved.wait_for(is_reached)
