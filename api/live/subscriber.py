"""Sends messages to one socket: at once if the client keeps up, otherwise from the recent messages."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from api.bus.eager_task import resume, start_eagerly
from api.live.recent_messages import EncodedMessage, RecentMessages

logger = logging.getLogger(__name__)

MOST_BEHIND = 64
"""A client that is further behind gets only the newest metrics update of each run."""

STALLED_S = 60.0
"""The connection is aborted when the client has read nothing for that long."""

TOO_SLOW = 4408
_CLOSE_DEADLINE_S = 5.0
_MESSAGES_PER_TURN = 200

CoroutineSend = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


def wire(text: str) -> dict[str, Any]:
    """The ASGI message that sends `text`; all sockets share it."""
    return {"type": "websocket.send", "text": text}


class Subscriber:
    """Writes messages to one socket. There is no queue: a task reads the recent messages if it is behind."""

    __slots__ = (
        "_behind",
        "_complete_until",
        "_next",
        "_pages",
        "_recent",
        "_send",
        "is_live",
        "num_joins",
        "offset",
        "run_id",
        "topic",
        "workspace",
    )

    def __init__(self, send: CoroutineSend, workspace: str | None = None) -> None:
        self._send = send
        self.workspace = workspace
        self._recent: RecentMessages | None = None
        self._next = 0
        self._complete_until = 0
        self._behind: asyncio.Task[None] | None = None
        self._pages: Sequence[str] = ()
        """Messages of the snapshot that have not been sent."""
        self.run_id: str | None = None
        """The run that it subscribed to; None for all runs."""
        self.topic = ""
        """Names that run, or all runs of its workspace."""
        self.offset = 0
        """Offset of the last message sent; everything up to it has been sent."""
        self.is_live = False
        """Whether everything has been sent, so that new messages are written at once."""
        self.num_joins = 0
        """A join that ends after a newer one began is dropped."""

    def begin(self, first: Sequence[str], offset: int, recent: RecentMessages, start: int) -> None:
        """Send the messages `first`, then every recent one from number `start` on, then the new ones."""
        self.stop()
        self.offset = offset
        self._recent, self._next, self._complete_until = recent, start, recent.end
        self._pages = first[1:]
        self._write(wire(first[0]), is_last=start == recent.end and not self._pages)

    def push(self, number: int, offset: int, message: dict[str, Any]) -> None:
        """Send the message with that number, unless the client is behind.

        Every message to every socket passes here, so this makes as few calls as possible.
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
        except Exception:  # noqa: BLE001 - the socket has closed, which its receiving side notices
            self.is_live = False
            return
        self.is_live = False
        self._fall_behind(resume(work, waited_for))

    def push_unnumbered(self, message: dict[str, Any]) -> None:
        """Send a message without a number; a client that is behind does not get it."""
        if self.is_live:
            self._write(message, is_last=True)

    def stop(self) -> None:
        """Send no more messages."""
        self.is_live = False
        if self._behind is not None:
            self._behind.cancel()
            self._behind = None

    def _write(self, message: dict[str, Any], *, is_last: bool) -> None:
        self.is_live = False
        try:
            unfinished = start_eagerly(self._send(message))
        except Exception:  # noqa: BLE001 - the socket has closed, which its receiving side notices
            return
        if unfinished is None and is_last:
            self.is_live = True
        else:
            self._fall_behind(unfinished)

    def _fall_behind(self, unfinished: asyncio.Task[None] | None) -> None:
        self._behind = asyncio.create_task(self._send_remaining(unfinished))
        if unfinished is not None:
            # A task that is cancelled before its first step does not cancel what it would await.
            self._behind.add_done_callback(lambda _: unfinished.cancel())

    async def _send_remaining(self, unfinished: asyncio.Task[None] | None) -> None:
        try:
            await self._finish(unfinished)
            while self._pages:
                page, self._pages = self._pages[0], self._pages[1:]
                await self._finish(start_eagerly(self._send(wire(page))))
            await self._send_missed()
        except TimeoutError:
            logger.info("A connection was aborted: the client read nothing for %.0f s", STALLED_S)
            abort(self._send)
        except Exception:  # noqa: BLE001 - the socket has closed, which its receiving side notices
            return

    async def _send_missed(self) -> None:
        recent = self._recent
        assert recent is not None
        num_read = 0
        while self._next < recent.end:
            if recent.has_gap_at(self._next, is_complete_due=self._next < self._complete_until):
                await self._close(TOO_SLOW, "connect again with since=<epoch>:<offset>")
                return
            number, message = recent.at(self._next)
            self._next = number + 1
            if self._is_wanted(number, message):
                self.offset = message.offset
                await self._finish(start_eagerly(self._send(wire(message.text))))
            num_read += 1
            if num_read % _MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)
        self.is_live = True

    def _is_wanted(self, number: int, message: EncodedMessage) -> bool:
        if self.topic not in message.topics:
            return False
        recent = self._recent
        assert recent is not None
        # Messages missed while disconnected are all sent; only a slow connection skips updates.
        is_late = number >= self._complete_until and recent.end - number > MOST_BEHIND
        return not (is_late and recent.is_superseded(number, message))

    async def _finish(self, unfinished: asyncio.Task[None] | None) -> None:
        if unfinished is not None:
            async with asyncio.timeout(STALLED_S):
                await unfinished

    async def close(self, code: int, reason: str) -> None:
        """Send no more messages, only the close frame."""
        self.stop()
        await self._close(code, reason)

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(_CLOSE_DEADLINE_S):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except TimeoutError:
            abort(self._send)
        except Exception:  # noqa: BLE001 - the socket has closed, which its receiving side notices
            return


def abort(send: Any) -> None:
    """Drop the connection at once, together with its buffers.

    A close through ASGI waits for the client, and a client that reads nothing would keep the
    buffers for ever. Uvicorn's `send` is a method of the protocol that holds the transport; with
    another server this does nothing.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
