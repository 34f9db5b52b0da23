"""How much a request may send, whether it says so beforehand or not."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLargeError, refusal


class BodyLimitMiddleware:
    """Refuses a body of more than `max_bytes`, at the latest when that many have come."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _declared_bytes(scope) > self._max_bytes:
            await self._refuse(scope, receive, send)
        else:
            await self._watch(scope, receive, send)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(receive, send, self._max_bytes)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except TooLargeError:
            if exchange.has_answered:
                raise
        if exchange.is_too_large and not exchange.has_answered:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = refusal(scope, self._error())
        # What is left of the body would otherwise have to be read before the next request.
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    def _error(self) -> TooLargeError:
        return TooLargeError(
            f"A body of at most {self._max_bytes} bytes was expected and more came: "
            "send less at once, or raise FOVEA_MAX_REQUEST_BYTES on the server"
        )


class _Exchange:
    """One request that is counted while it is read."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._bytes_left = max_bytes
        self.has_answered = False

    @property
    def is_too_large(self) -> bool:
        return self._bytes_left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes_left -= len(message.get("body", b""))
        if self.is_too_large:
            raise TooLargeError
        return message

    async def send(self, message: Message) -> None:
        # Frameworks make a bad request of an error while they read; ours is the better word for it.
        if self.is_too_large and not self.has_answered:
            return
        self.has_answered = True
        await self._send(message)


def _declared_bytes(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0
