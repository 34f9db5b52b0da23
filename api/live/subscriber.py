"""The sending side of one socket: written to at once as long as its reader keeps up."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from api.bus.eager_task import go_on, start_eagerly
from api.live.recent_messages import EncodedMessage, RecentMessages

logger = logging.getLogger(__name__)

MOST_BEHIND = 64
"""Messages that a slow reader may be behind before it gets only the newest of a run's updates."""

STALLED_S = 60.0
"""After which a reader that takes nothing at all is given up."""

TOO_SLOW = 4408
_CLOSE_DEADLINE_S = 5.0
_MESSAGES_PER_TURN = 200

CoroutineSend = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


def wire(text: str) -> dict[str, Any]:
    """The ASGI message that sends `text`; one serves all sockets."""
    return {"type": "websocket.send", "text": text}


class Subscriber:
    """What one socket is sent. It has no queue: one that is behind reads the recent messages itself."""

    __slots__ = (
        "_behind",
        "_next",
        "_recent",
        "_send",
        "_whole_until",
        "is_live",
        "offset",
        "run_id",
        "topic",
        "turn",
        "workspace",
    )

    def __init__(self, send: CoroutineSend, workspace: str | None = None) -> None:
        self._send = send
        self.workspace = workspace
        self._recent: RecentMessages | None = None
        self._next = 0
        self._whole_until = 0
        self._behind: asyncio.Task[None] | None = None
        self.run_id: str | None = None
        """The run that it is narrowed to; None for all."""
        self.topic = ""
        """What it is sent: that run, or all runs of its workspace."""
        self.offset = 0
        """Of the last message that it was sent: nothing before it is missing."""
        self.is_live = False
        """Whether it has been sent everything, and is sent what comes."""
        self.turn = 0
        """Counts what the socket asked for, so that late answers to something else are dropped."""

    def begin(self, first: str, offset: int, recent: RecentMessages, start: int) -> None:
        """Send `first`, then each message from number `start` on, then what comes."""
        self.stop()
        self.offset = offset
        self._recent, self._next, self._whole_until = recent, start, recent.end
        self._write(wire(first), is_last=start == recent.end)

    def push(self, number: int, offset: int, message: dict[str, Any]) -> None:
        """Send the message of that number, unless it is still behind.

        This is the path of every message to every socket: it calls nothing that it can do without.
        """
        if not self.is_live or self._next > number:
            return
        self._next = number + 1
        self.offset = offset
        work = self._send(message)
        try:
            waited_for = work.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - the socket has closed: who reads from it is told
            self.is_live = False
            return
        self.is_live = False
        self._fall_behind(go_on(work, waited_for))

    def push_passing(self, message: dict[str, Any]) -> None:
        """Send what has no number, and whoever is behind can do without."""
        if self.is_live:
            self._write(message, is_last=True)

    def stop(self) -> None:
        """Send nothing more."""
        self.is_live = False
        if self._behind is not None:
            self._behind.cancel()
            self._behind = None

    def _write(self, message: dict[str, Any], *, is_last: bool) -> None:
        self.is_live = False
        try:
            unfinished = start_eagerly(self._send(message))
        except Exception:  # noqa: BLE001 - the socket has closed: who reads from it is told
            return
        if unfinished is None and is_last:
            self.is_live = True
        else:
            self._fall_behind(unfinished)

    def _fall_behind(self, unfinished: asyncio.Task[None] | None) -> None:
        self._behind = asyncio.create_task(self._catch_up(unfinished))
        if unfinished is not None:
            # A task that is cancelled before it has begun cancels nothing that it would await.
            self._behind.add_done_callback(lambda _: unfinished.cancel())

    async def _catch_up(self, unfinished: asyncio.Task[None] | None) -> None:
        try:
            await self._finish(unfinished)
            await self._send_missed()
        except TimeoutError:
            logger.info("A socket was given up: its reader has taken nothing for %.0f s", STALLED_S)
            abort(self._send)
        except Exception:  # noqa: BLE001 - the socket has closed: who reads from it is told
            return

    async def _send_missed(self) -> None:
        recent = self._recent
        assert recent is not None
        num_seen = 0
        while self._next < recent.end:
            if recent.lacks(self._next, is_whole_due=self._next < self._whole_until):
                await self._close(TOO_SLOW, "connect again with since=<epoch>:<offset>")
                return
            number, message = recent.at(self._next)
            self._next = number + 1
            if self._is_wanted(number, message):
                self.offset = message.offset
                await self._finish(start_eagerly(self._send(wire(message.text))))
            num_seen += 1
            if num_seen % _MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)
        self.is_live = True

    def _is_wanted(self, number: int, message: EncodedMessage) -> bool:
        if self.topic not in message.topics:
            return False
        recent = self._recent
        assert recent is not None
        # Who comes back gets all that was missed; only who stays too slow does not.
        is_late = number >= self._whole_until and recent.end - number > MOST_BEHIND
        return not (is_late and recent.is_superseded(number, message))

    async def _finish(self, unfinished: asyncio.Task[None] | None) -> None:
        if unfinished is not None:
            async with asyncio.timeout(STALLED_S):
                await unfinished

    async def close(self, code: int, reason: str) -> None:
        """Send nothing more but the close frame."""
        self.stop()
        await self._close(code, reason)

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(_CLOSE_DEADLINE_S):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except TimeoutError:
            abort(self._send)
        except Exception:  # noqa: BLE001 - the socket has closed: who reads from it is told
            return


def abort(send: Any) -> None:
    """Drop the connection at once, with what still waits to be read.

    A close by way of ASGI waits for the reader, and one that reads nothing would keep its buffers
    for ever. Uvicorn's `send` is a method of the protocol that holds the transport; with another
    server this does nothing.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
