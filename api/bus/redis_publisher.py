"""Appends events to a Redis stream in order and exactly once, even if connections are lost."""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from api.background import cancel, in_background
from api.bus.eager_task import start_eagerly
from api.bus.protocol import RETAINED_BYTES
from api.bus.redis_scripts import META, PUBLISH, RENEW, STREAM, number_key
from api.bus.redis_stream import CONNECTION_ERRORS, REPLY_DEADLINE_S, open_stream

logger = logging.getLogger(__name__)

MOST_WAITING = 50_000
MOST_WAITING_BYTES = 64 * 1024 * 1024
FLUSH_DEADLINE_S = 2.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0


class RedisPublisher:
    """Writes without waiting for replies, and sends unacknowledged events again.

    Events have numbers, by which the server recognises duplicates.
    """

    def __init__(self, client: Redis, publisher: str, retention: int) -> None:
        self._client = client
        self._number_key = number_key(publisher)
        self._retention = retention
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._num_published = 0
        """The number of the last event in `_waiting`."""
        self._unacknowledged: deque[int] = deque()
        self._last_sent = 0
        self._has_dropped = False
        self._connection: Any = None
        self._writing: asyncio.Task[None] | None = None
        self._script = ""
        self._has_sent = asyncio.Event()
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def publish(self, encoded: bytes) -> None:
        """Write at once, or as soon as the connection accepts more."""
        self._num_published += 1
        self._waiting.append(encoded)
        self._waiting_bytes += len(encoded)
        self._is_empty.clear()
        while len(self._waiting) > MOST_WAITING or self._waiting_bytes > MOST_WAITING_BYTES:
            self._drop_first()
            self._has_dropped = True
        self._write()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with in_background(self._keep_connected()):
            try:
                yield
            finally:
                await self._flush()

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_DEADLINE_S):
                await self._is_empty.wait()
        except TimeoutError:
            logger.warning("The bus did not accept the last %d events", len(self._waiting))

    async def _keep_connected(self) -> None:
        pool: Any = self._client.connection_pool
        pause_s = FIRST_PAUSE_S
        while True:
            connection = pool.make_connection()
            try:
                async with asyncio.timeout(2 * REPLY_DEADLINE_S):
                    await self._open(connection)
                pause_s = FIRST_PAUSE_S
                await self._read_replies(connection)
            except Exception as error:  # noqa: BLE001 - whatever failed, events wait for the next connection
                if pause_s == FIRST_PAUSE_S:
                    logger.warning("The bus accepts no events (%s); retrying", type(error).__name__)
            finally:
                await self._close(connection)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _open(self, connection: Any) -> None:
        await open_stream(self._client)
        await connection.connect()
        self._script = await _request(connection, "SCRIPT", "LOAD", PUBLISH)
        while self._has_dropped:
            await self._begin_epoch(connection)
        self._unacknowledged.clear()
        self._last_sent = self._num_published - len(self._waiting)
        self._connection = connection
        self._write()

    async def _begin_epoch(self, connection: Any) -> None:
        # Dropping an event in the meantime sets it again.
        self._has_dropped = False
        try:
            await _request(connection, "EVAL", RENEW, 2, STREAM, META, uuid.uuid4().hex)
        except BaseException:
            self._has_dropped = True
            raise

    async def _close(self, connection: Any) -> None:
        self._connection = None
        if self._writing is not None:
            await cancel(self._writing)
        await connection.disconnect(nowait=True)

    def _write(self) -> None:
        """Write the waiting events until the connection asks to wait."""
        while self._connection and not self._writing and self._last_sent < self._num_published:
            before_first = self._num_published - len(self._waiting)
            self._last_sent = max(self._last_sent, before_first) + 1
            self._unacknowledged.append(self._last_sent)
            self._has_sent.set()
            encoded = self._waiting[self._last_sent - before_first - 1]
            self._writing = self._start_writing(self._last_sent, encoded)
            if self._writing is not None:
                self._writing.add_done_callback(self._on_written)

    def _start_writing(self, number: int, encoded: bytes) -> asyncio.Task[None] | None:
        connection = self._connection
        command = connection.pack_command(
            *("EVALSHA", self._script, 3, STREAM, META, self._number_key),
            *(number, self._retention, RETAINED_BYTES, encoded),
        )
        try:
            return start_eagerly(connection.send_packed_command(command, check_health=False))
        except CONNECTION_ERRORS:
            # Reading the reply fails with the same error, which causes a new connection.
            self._connection = None
            return None

    def _on_written(self, written: asyncio.Task[None]) -> None:
        self._writing = None
        if written.cancelled() or written.exception():
            self._connection = None
        self._write()

    async def _read_replies(self, connection: Any) -> None:
        while True:
            self._has_sent.clear()
            while self._unacknowledged:
                await self._read_reply(connection)
                if self._has_dropped:
                    logger.warning(
                        "The bus is too slow: events were dropped, and a new epoch begins"
                    )
                    return
            await self._has_sent.wait()

    async def _read_reply(self, connection: Any) -> None:
        try:
            async with asyncio.timeout(REPLY_DEADLINE_S):
                await connection.read_response()
        except ResponseError:
            # Later events may have been accepted nevertheless, so the order is lost.
            self._has_dropped = True
            raise
        number = self._unacknowledged.popleft()
        while self._waiting and self._num_published - len(self._waiting) < number:
            self._drop_first()
        if not self._waiting:
            self._is_empty.set()

    def _drop_first(self) -> None:
        self._waiting_bytes -= len(self._waiting.popleft())


async def _request(connection: Any, *command: str | int) -> str:
    await connection.send_command(*command, check_health=False)
    reply = await connection.read_response()
    return reply.decode() if isinstance(reply, bytes) else str(reply)
