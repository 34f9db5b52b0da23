"""A fake socket whose client can stop reading."""

import asyncio
from typing import Any


class FakeTransport:
    def __init__(self) -> None:
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


class FakeSocket:
    """While blocked, accepts one more message and then waits, as a socket with a full buffer does."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.error: Exception | None = None
        self.transport = FakeTransport()
        self._is_reading = asyncio.Event()
        self._is_reading.set()

    def block(self) -> None:
        self._is_reading.clear()

    def unblock(self) -> None:
        self._is_reading.set()

    async def send(self, message: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        if message["type"] == "websocket.close":
            await self._is_reading.wait()
            self.closed = (message["code"], message["reason"])
        else:
            self.texts.append(message["text"])
            await self._is_reading.wait()
