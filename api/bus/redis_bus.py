"""The bus of several processes: one stream on a Redis or Valkey server."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import Redis

from api.background import in_background
from api.bus.protocol import Batch, StreamPosition
from api.bus.redis_publisher import FIRST_PAUSE_S, LONGEST_PAUSE_S, RedisPublisher
from api.bus.redis_scripts import BEAT, META, PUBLISHERS, STREAM
from api.bus.redis_stream import CONNECTION_ERRORS, REPLY_DEADLINE_S, open_stream, read_stream
from tracking_plugin.events import RunEvent, encode_event

logger = logging.getLogger(__name__)

BEAT_INTERVAL_S = 10.0
SILENCE_S = 30


class RedisBus:
    """`url` has the form of the redis library; it is never logged, because it may hold a password."""

    is_shared = True

    def __init__(self, url: str, retention: int) -> None:
        self._client: Redis = Redis.from_url(url)
        # Override the timeouts of the URL: with them, the library runs each write in a task.
        self._client.connection_pool.connection_kwargs.update(
            socket_timeout=None, socket_connect_timeout=5, decode_responses=False
        )
        self._publisher_id = uuid.uuid4().hex
        self._publisher = RedisPublisher(self._client, self._publisher_id, retention)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            async with in_background(self._send_heartbeats()), self._publisher.running():
                yield
        finally:
            with suppress(*CONNECTION_ERRORS):
                await self._unregister()
            await self._client.aclose()

    @property
    def is_connected(self) -> bool:
        return self._publisher.is_connected

    def publish(self, event: RunEvent) -> None:
        self._publisher.publish(encode_event(event))

    async def end(self) -> StreamPosition:
        async with asyncio.timeout(REPLY_DEADLINE_S):
            while True:
                with suppress(*CONNECTION_ERRORS):
                    return await open_stream(self._client)
                await asyncio.sleep(FIRST_PAUSE_S)

    async def follow(self) -> AsyncIterator[Batch]:
        """Continues after an outage at the same position as soon as the server responds again."""
        position, pause_s = StreamPosition("", 0), FIRST_PAUSE_S
        while True:
            try:
                async for batch in read_stream(self._client, position):
                    position, pause_s = batch.position, FIRST_PAUSE_S
                    yield batch
            except CONNECTION_ERRORS as error:
                if pause_s == FIRST_PAUSE_S:
                    logger.warning("The bus does not respond (%s); retrying", type(error).__name__)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _send_heartbeats(self) -> None:
        while True:
            with suppress(*CONNECTION_ERRORS):
                await self._send_heartbeat()
            await asyncio.sleep(BEAT_INTERVAL_S)

    async def _send_heartbeat(self) -> None:
        """Register this process as alive, and begin a new epoch if another one was killed."""
        keys = (STREAM, META, PUBLISHERS)
        arguments = (self._publisher_id, str(SILENCE_S), uuid.uuid4().hex)
        async with asyncio.timeout(REPLY_DEADLINE_S):
            reply: Any = self._client.eval(BEAT, len(keys), *keys, *arguments)
            await reply

    async def _unregister(self) -> None:
        async with asyncio.timeout(REPLY_DEADLINE_S):
            await self._client.zrem(PUBLISHERS, self._publisher_id)
