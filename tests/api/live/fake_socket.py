"""A socket whose reader takes what it is sent, or does not."""

import asyncio
from typing import Any


class FakeTransport:
    def __init__(self) -> None:
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


class FakeSocket:
    """Takes one message behind which it blocks, as a socket with a full buffer does."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.closed: tuple[int, str] | None = None
        self.error: Exception | None = None
        self.transport = FakeTransport()
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()

    def block(self) -> None:
        self._may_go_on.clear()

    def unblock(self) -> None:
        self._may_go_on.set()

    async def send(self, message: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        if message["type"] == "websocket.close":
            await self._may_go_on.wait()
            self.closed = (message["code"], message["reason"])
        else:
            self.texts.append(message["text"])
            await self._may_go_on.wait()
