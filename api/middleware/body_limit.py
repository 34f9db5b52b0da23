"""Limits the size of request bodies, with or without a Content-Length."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLargeError, refusal

_ADVICE = "send less at once, or raise FOVEA_MAX_REQUEST_BYTES on the server"


class BodyLimitMiddleware:
    """Answers 413 to a body of more than `max_bytes`, at the latest when that many have arrived."""

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        advice: str = _ADVICE,
        error: type[TooLargeError] = TooLargeError,
    ) -> None:
        """`advice` completes the sentence of the refusal, whose error is of the class `error`."""
        self._app = app
        self._max_bytes = max_bytes
        self._advice = advice
        self._error_class = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _declared_bytes(scope) > self._max_bytes:
            await self._refuse(scope, receive, send)
        else:
            await self._serve_counted(scope, receive, send)

    async def _serve_counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(receive, send, self._max_bytes)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            # A framework may raise an error or a group of its own in place of TooLargeError.
            if exchange.has_responded or not exchange.is_too_large:
                raise
        if exchange.is_too_large and not exchange.has_responded:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = refusal(scope, self._error())
        # Otherwise the rest of the body would have to be read before the next request.
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    def _error(self) -> TooLargeError:
        return self._error_class(
            f"A body of at most {self._max_bytes} bytes was expected and more arrived: "
            f"{self._advice}"
        )


class _Exchange:
    """One request, whose body is counted while it is read, and its response."""

    def __init__(self, receive: Receive, send: Send, max_bytes: int) -> None:
        self._receive = receive
        self._send = send
        self._bytes_left = max_bytes
        self.has_responded = False

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
        # Frameworks answer an error while they read with 400; the caller sends 413 instead.
        if self.is_too_large and not self.has_responded:
            return
        self.has_responded = True
        await self._send(message)


def _declared_bytes(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0
