"""The ASGI endpoint of `/ws`: handshake, subscription and the messages of the client."""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from mlflow.server.workspace_helpers import WORKSPACE_HEADER_NAME
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope, Send

from api.bus.protocol import StreamPosition
from api.errors import ApiError, ErrorCode, NotFoundError, TooManyRequestsError
from api.live.hub import TRY_AGAIN_LATER, Hub
from api.live.messages import (
    LARGEST_MESSAGE_BYTES,
    ClientMessage,
    ErrorMessage,
    Ping,
    Pong,
    Subscribe,
)
from api.live.subscriber import STALLED_S, CoroutineSend, Subscriber, wire
from api.middleware.admission import Admission, admit, close_socket

logger = logging.getLogger(__name__)

TOO_LARGE = 1009

_SINCE = re.compile(r"(?P<epoch>[A-Za-z0-9_-]{1,64}):(?P<offset>\d{1,18})")
_WORKSPACE = WORKSPACE_HEADER_NAME.lower()
_client_message: TypeAdapter[Ping | Subscribe] = TypeAdapter(ClientMessage)


class LiveEndpoint:
    """An ASGI application for websocket scopes only."""

    def __init__(self, hub: Hub, admission: Admission, max_sockets: int) -> None:
        self._hub = hub
        self._admission = admission
        self._max_sockets = max_sockets
        self._num_open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = admit(scope, self._admission) or self._refuse_too_many()
        if refused is not None:
            await close_socket(refused, receive, send)
            return
        self._num_open += 1
        try:
            await receive()
            await send({"type": "websocket.accept"})
            await _Socket(self._hub, _Handshake.of(scope), cast(CoroutineSend, send)).serve(receive)
        finally:
            self._num_open -= 1

    def _refuse_too_many(self) -> ApiError | None:
        if self._num_open < self._max_sockets:
            return None
        return TooManyRequestsError(
            f"All {self._max_sockets} sockets are in use; FOVEA_MAX_SOCKETS sets the limit",
            retry_after_s=5,
        )


@dataclass(frozen=True)
class _Handshake:
    """The query of the handshake."""

    run_id: str | None
    since: StreamPosition | None
    has_bad_since: bool
    """Whether `since` could not be parsed."""
    workspace: str | None

    @classmethod
    def of(cls, scope: Scope) -> "_Handshake":
        query = QueryParams(scope["query_string"])
        found = _SINCE.fullmatch(query.get("since", ""))
        since = StreamPosition(found["epoch"], int(found["offset"])) if found else None
        if since is None and "since" in query:
            # No stream has this position, so the client gets a new snapshot, as for a lost position.
            since = StreamPosition("", 0)
        return cls(
            run_id=query.get("run_id") or None,
            since=since,
            has_bad_since="since" in query and found is None,
            # Browsers cannot send headers with a handshake.
            workspace=Headers(scope=scope).get(_WORKSPACE) or query.get("workspace") or None,
        )


class _Socket:
    """One open socket: the hub writes to it; this class handles the client's messages."""

    def __init__(self, hub: Hub, handshake: _Handshake, send: CoroutineSend) -> None:
        self._hub = hub
        self._handshake = handshake
        self._send = send
        self._subscriber = Subscriber(send, handshake.workspace)

    async def serve(self, receive: Receive) -> None:
        try:
            await self._join(self._handshake.run_id, self._handshake.since)
            if self._handshake.has_bad_since:
                await self._send_error("since=<stream epoch>:<offset> was expected")
            while (message := await receive())["type"] == "websocket.receive":
                await self._on_message(message.get("text") or message.get("bytes") or b"")
        finally:
            self._hub.leave(self._subscriber)

    async def _join(self, run_id: str | None, since: StreamPosition | None) -> None:
        try:
            await self._hub.join(self._subscriber, run_id, since)
        except NotFoundError as error:
            await self._send_error(str(error), ErrorCode.NOT_FOUND)
        except Exception as error:  # noqa: BLE001 - whatever failed, the client has to reconnect
            logger.warning("A socket could not join (%s)", type(error).__name__)
            await self._subscriber.close(TRY_AGAIN_LATER, "the store or the bus does not respond")

    async def _on_message(self, received: str | bytes) -> None:
        encoded = received.encode() if isinstance(received, str) else received
        if len(encoded) > LARGEST_MESSAGE_BYTES:
            await self._subscriber.close(
                TOO_LARGE, f"at most {LARGEST_MESSAGE_BYTES} bytes were expected"
            )
            return
        try:
            message = _client_message.validate_json(encoded)
        except ValidationError as error:
            await self._send_error(_problem(error), ErrorCode.VALIDATION_ERROR)
            return
        if isinstance(message, Ping):
            await self._respond(
                Pong(run_id=self._subscriber.run_id, offset=self._offset(), timestamp=_now())
            )
        else:
            await self._join(message.run_id, None)

    async def _send_error(self, error: str, code: ErrorCode = ErrorCode.BAD_REQUEST) -> None:
        run_id = self._subscriber.run_id
        await self._respond(
            ErrorMessage(
                run_id=run_id, offset=self._offset(), timestamp=_now(), error=error, error_code=code
            )
        )

    async def _respond(self, message: Pong | ErrorMessage) -> None:
        async with asyncio.timeout(STALLED_S):
            await self._send(wire(message.model_dump_json()))

    def _offset(self) -> int:
        return self._hub.offset_of(self._subscriber)


def _now() -> datetime:
    return datetime.now(UTC)


def _problem(error: ValidationError) -> str:
    """The first problem, without the input, which may be anything."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return (
        '{"type": "ping"} or {"type": "subscribe", "run_id": …} was expected'
        f"{f', at {place}' if place else ''}: {first['msg'].lower()}"
    )
