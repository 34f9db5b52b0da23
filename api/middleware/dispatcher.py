"""Sends each request to who answers it: our routes, the sockets, or MLflow, whose answers pass as they are."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.admission import Admission
from api.middleware.stack import with_middleware
from api.request_id import RequestIdMiddleware

LIVE_PATH = "/ws"

# MLflow's interfaces under /api/ all begin with a version, such as /api/2.0/; the rest is ours.
_OURS = re.compile(r"/api/(?!\d+\.\d+(?:/|$))|/ws$|/monitor(?:/|$)")


class PathDispatcher:
    """`app` has our routes behind the doors; without `mlflow` every other path is `app`'s, too."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        live: ASGIApp,
        mlflow: ASGIApp | None,
        admission: Admission,
        max_request_bytes: int,
    ) -> None:
        self._lifespan = app
        self._own = with_middleware(app, admission, max_request_bytes=max_request_bytes)
        self._live = live
        self._mlflow = None if mlflow is None else RequestIdMiddleware(mlflow)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answering(scope)(scope, receive, send)

    def _answering(self, scope: Scope) -> ASGIApp:
        if scope["type"] == "lifespan":
            return self._lifespan
        if scope["type"] == "websocket" and scope["path"] == LIVE_PATH:
            return self._live
        if self._mlflow is None or _OURS.match(scope["path"]):
            return self._own
        return self._mlflow
