"""Sets the headers that restrict how browsers use the responses."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ResponseHeadersMiddleware:
    """Forbids type sniffing, foreign frames and, unless a route allows it, caching of the API."""

    def __init__(self, app: ASGIApp, frame_options: str | None) -> None:
        self._app = app
        # MLflow interprets its setting in the same way.
        unframed = frame_options is None or frame_options.upper() in ("", "NONE")
        self._frame_options = None if unframed else str(frame_options).upper()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                path = scope["path"].removeprefix(scope.get("root_path", ""))
                self._add(MutableHeaders(scope=message), path)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        if self._frame_options:
            headers["X-Frame-Options"] = self._frame_options
        if path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
