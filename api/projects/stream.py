"""Sends the events of a project over a WebSocket, beginning with its present state."""

import asyncio
import json
import logging
import time
from contextlib import suppress
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from api.background import in_background
from api.errors import ApiError, ErrorCode, TooManyRequestsError, close_code_of, code_of
from api.projects.feed import ProjectFeed, ProjectWatch
from api.projects.messages import (
    EventType,
    WebSocketEvent,
    changes,
    error_event,
    event,
    log_event,
)
from api.projects.not_found import ProjectNotFoundError
from api.projects.schemas import ProjectProgress
from api.projects.service import ProjectService

logger = logging.getLogger(__name__)

MAX_PER_PROJECT = 10
MAX_SOCKETS = 1024
"""Of one process."""
MIN_INTERVAL_S = 0.25
"""Between two looks at a project, whatever its run logs."""
RECHECK_S = 10.0
"""After which a project is looked at although nothing was heard of it: another process may have changed it."""
STALLED_S = 60.0
LARGEST_MESSAGE_BYTES = 64 * 1024
TOO_SLOW = 4408
TOO_LARGE = 1009
TRY_AGAIN_LATER = 1013
_PINGS = ("ping", '"ping"')


class ProjectStreams:
    def __init__(self, service: ProjectService, feed: ProjectFeed) -> None:
        self._service = service
        self._feed = feed

    async def serve(self, socket: WebSocket, project_id: str, workspace: str | None) -> None:
        """Serve an accepted socket until one side closes it."""
        try:
            self._require_room(project_id)
        except TooManyRequestsError as error:
            await socket.close(close_code_of(error), str(error))
            return
        with self._feed.watching(project_id) as watch:
            stream = _ProjectSocket(socket, self._service, watch, workspace)
            async with in_background(stream.send_events()):
                await stream.answer_client()

    def _require_room(self, project_id: str) -> None:
        if self._feed.num_watching(project_id) >= MAX_PER_PROJECT:
            raise TooManyRequestsError(
                f"All {MAX_PER_PROJECT} connections of this project are in use", retry_after_s=5
            )
        if self._feed.num_watching() >= MAX_SOCKETS:
            raise TooManyRequestsError(
                f"All {MAX_SOCKETS} connections for projects are in use", retry_after_s=5
            )


class _ProjectSocket:
    """One task looks at the project and sends, the other one receives."""

    def __init__(
        self, socket: WebSocket, service: ProjectService, watch: ProjectWatch, workspace: str | None
    ) -> None:
        self._socket = socket
        self._service = service
        self._watch = watch
        self._workspace = workspace
        self._last: ProjectProgress | None = None
        self._writing = asyncio.Lock()

    async def send_events(self) -> None:
        """Until the project is gone, or the client does not read."""
        try:
            while True:
                began_s = time.monotonic()
                self._watch.changed.clear()
                if not await self._look():
                    return
                await asyncio.sleep(max(0.0, MIN_INTERVAL_S - (time.monotonic() - began_s)))
                with suppress(TimeoutError):
                    async with asyncio.timeout(RECHECK_S):
                        await self._watch.changed.wait()
        except TimeoutError:
            await self._close(TOO_SLOW, "the client reads too slowly: connect again")
        except (WebSocketDisconnect, RuntimeError):
            # The socket has closed, which its receiving side notices.
            return
        except Exception as error:  # noqa: BLE001 - whatever failed, the client has to reconnect
            logger.warning("The stream of a project failed (%s)", type(error).__name__)
            await self._close(TRY_AGAIN_LATER, "connect again")

    async def answer_client(self) -> None:
        """Answer the client's messages until it goes."""
        while True:
            message = await self._socket.receive()
            if message["type"] != "websocket.receive":
                return
            received = message.get("text") or message.get("bytes") or b""
            encoded = received.encode() if isinstance(received, str) else received
            if len(encoded) > LARGEST_MESSAGE_BYTES:
                await self._close(TOO_LARGE, f"at most {LARGEST_MESSAGE_BYTES} bytes were expected")
                return
            try:
                await self._send(self._response(encoded))
            except (TimeoutError, WebSocketDisconnect, RuntimeError):
                return

    async def _look(self) -> bool:
        """Send what has changed since the last look; whether there is still such a project."""
        project_id = self._watch.project_id
        try:
            now = await self._service.progress(project_id, self._workspace)
        except ProjectNotFoundError as error:
            await self._send(error_event(project_id, str(error), code_of(error)))
            return False
        except ApiError as error:
            await self._send(error_event(project_id, str(error), code_of(error)))
            return True
        if now.run_id != self._watch.run_id:
            self._watch.run_id = now.run_id
            self._watch.lines.clear()
            # Something may have happened to the new run before it was watched.
            self._watch.changed.set()
        events = [*changes(self._last, now)]
        is_end = now.status.is_end
        if not is_end:
            await self._send_all(events)
        while self._watch.lines:
            await self._send(log_event(project_id, self._watch.lines.popleft()))
        if is_end:
            await self._send_all(events)
        self._last = now
        return True

    async def _send_all(self, events: list[WebSocketEvent]) -> None:
        for each in events:
            await self._send(each)

    def _response(self, received: bytes) -> WebSocketEvent:
        if _is_ping(received):
            return event(self._watch.project_id, EventType.PONG, {})
        return error_event(
            self._watch.project_id, '{"type": "ping"} was expected', ErrorCode.VALIDATION_ERROR
        )

    async def _send(self, message: WebSocketEvent) -> None:
        async with self._writing, asyncio.timeout(STALLED_S):
            await self._socket.send_text(message.model_dump_json())

    async def _close(self, code: int, reason: str) -> None:
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(STALLED_S):
                await self._socket.close(code, reason)


def _is_ping(received: bytes) -> bool:
    """Clients write a ping as a word, or as an object with a type."""
    text = received.decode(errors="replace").strip()
    if text in _PINGS:
        return True
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and "ping" in (message.get("type"), message.get("event_type"))
