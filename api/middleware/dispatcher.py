"""Dispatches each request by its path: to Fovea's routes, to the live endpoint, or to MLflow."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.admission import Admission
from api.middleware.paths import LIVE_PATH, is_own_path, is_page, placed_path, relative_location
from api.middleware.stack import with_middleware, with_mlflow_middleware


class PathDispatcher:
    """`app` has Fovea's routes and gets the middleware; without `mlflow` it gets every other path too.

    `prefix` is that of MLflow's `--static-prefix`. Fovea's paths hold behind it and without it,
    except for the pages: they find MLflow's files only behind it, so they are redirected there.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        live: ASGIApp,
        mlflow: ASGIApp | None,
        admission: Admission,
        max_request_bytes: int,
        max_upload_bytes: int | None = None,
        prefix: str = "",
    ) -> None:
        self._lifespan = app
        self._own = with_middleware(
            app,
            admission,
            max_request_bytes=max_request_bytes,
            max_upload_bytes=max_upload_bytes,
        )
        self._live = live
        self._mlflow = None if mlflow is None else with_mlflow_middleware(mlflow, admission)
        self._prefix = prefix
        self._to_prefixed = with_middleware(
            self._redirect, admission, max_request_bytes=max_request_bytes
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        root = scope.get("root_path", "")
        path: str = scope["path"].removeprefix(root)
        placed = placed_path(path, self._prefix)
        if self._mlflow is not None and not is_own_path(placed.path):
            await self._mlflow(scope, receive, send)
        elif self._prefix and not placed.is_prefixed and is_page(path):
            await self._to_prefixed(scope, receive, send)
        else:
            base = f"{root}{self._prefix}"
            scope = {**scope, "root_path": base, "path": f"{base}{placed.path}"}
            is_live = scope["type"] == "websocket" and placed.path == LIVE_PATH
            await (self._live if is_live else self._own)(scope, receive, send)

    async def _redirect(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        location = relative_location(path, f"{self._prefix}{path}")
        await RedirectResponse(location)(scope, receive, send)
