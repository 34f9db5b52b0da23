"""Dispatches each request by its path: to Fovea's routes, to the live endpoint, or to MLflow."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.admission import Admission
from api.middleware.paths import LIVE_PATH, is_own_path
from api.middleware.stack import with_middleware, with_mlflow_middleware


class PathDispatcher:
    """`app` has Fovea's routes and gets the middleware; without `mlflow` it gets every other path too."""

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
        self._mlflow = None if mlflow is None else with_mlflow_middleware(mlflow, admission)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application_for(scope)(scope, receive, send)

    def _application_for(self, scope: Scope) -> ASGIApp:
        if scope["type"] == "lifespan":
            return self._lifespan
        if scope["type"] == "websocket" and scope["path"] == LIVE_PATH:
            return self._live
        if self._mlflow is None or is_own_path(scope["path"]):
            return self._own
        return self._mlflow
