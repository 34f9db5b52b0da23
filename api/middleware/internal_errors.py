"""A failure of ours becomes an answer like any other, before it leaves through the doors."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import failure

logger = logging.getLogger(__name__)


class FailureMiddleware:
    """Tells the log what happened, and the caller that something did."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noticed(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noticed)
        except Exception:
            if scope["type"] != "http" or has_begun:
                raise
            logger.exception("%s %s failed", scope["method"], scope["path"])
            await failure(scope)(scope, receive, send)
