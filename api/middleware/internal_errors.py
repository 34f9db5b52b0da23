"""Answers 500 with an ErrorResponse if a route fails."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import failure

logger = logging.getLogger(__name__)


class InternalErrorMiddleware:
    """Logs the exception and answers without its details."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_responded = False

        async def send_noted(message: Message) -> None:
            nonlocal has_responded
            has_responded = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            if scope["type"] != "http" or has_responded:
                raise
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await failure(scope)(scope, receive, send)
