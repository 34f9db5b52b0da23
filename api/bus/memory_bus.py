"""The bus within a single process."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from api.bus.protocol import RETAINED_BYTES, Batch, StreamPosition
from tracking_plugin.events import RunEvent, decode_event, encode_event

LARGEST_BATCH = 500


class MemoryBus:
    """Retains the newest `retention` events, and at most RETAINED_BYTES."""

    is_shared = False
    is_connected = True

    def __init__(self, retention: int) -> None:
        self._retention = retention
        self._epoch = uuid.uuid4().hex
        self._last_offset = 0
        # Encoded events take a fifth of the memory and no time of the garbage collector.
        self._events: deque[bytes] = deque()
        self._size_bytes = 0
        self._followers: set[asyncio.Event] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield

    def publish(self, event: RunEvent) -> None:
        encoded = encode_event(event)
        self._events.append(encoded)
        self._size_bytes += len(encoded)
        self._last_offset += 1
        while len(self._events) > self._retention or self._size_bytes > RETAINED_BYTES:
            self._size_bytes -= len(self._events.popleft())
        for has_more in self._followers:
            has_more.set()

    async def end(self) -> StreamPosition:
        return StreamPosition(self._epoch, self._last_offset)

    async def follow(self) -> AsyncIterator[Batch]:
        has_more = asyncio.Event()
        self._followers.add(has_more)
        try:
            end = self._last_offset
            batch = self._after(end - len(self._events))
            while True:
                yield replace(batch, is_retained=batch.position.offset <= end)
                if batch.position.offset == self._last_offset:
                    has_more.clear()
                    await has_more.wait()
                batch = self._after(batch.position.offset)
        finally:
            self._followers.discard(has_more)

    def _after(self, offset: int) -> Batch:
        first = max(offset, self._last_offset - len(self._events)) + 1
        last = min(self._last_offset, first + LARGEST_BATCH - 1)
        # Index from the end, because all followers but new ones read near the end.
        entries = [
            (number, decode_event(self._events[number - self._last_offset - 1]))
            for number in range(first, last + 1)
        ]
        return Batch(StreamPosition(self._epoch, last), entries, has_gap=first > offset + 1)
