"""The one ASGI application: our routes in front of an unforked MLflow, run by `mlflow server --app-name fovea`."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from mlflow.server.fastapi_app import app as mlflow_app

from api.errors import install_error_handlers
from api.location import require_own_api
from api.mlflow_mount import MlflowMount
from api.owner_watch import ends_with
from api.request_id import RequestIdMiddleware
from api.routes import health
from api.settings import Settings, load_settings
from api.version import own_version

if not sys.flags.safe_path:
    # `mlflow server` imports this module to look at create_app, then starts uvicorn, which looks
    # into the working directory first: this is the last moment at which our code is asked.
    require_own_api(Path.cwd())


def create_app() -> FastAPI:
    """Wire the application; the `mlflow.app` entry point `fovea`."""
    app = FastAPI(
        title="Fovea",
        version=own_version(),
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        lifespan=_lifespan(load_settings()),
    )
    app.add_middleware(RequestIdMiddleware)
    install_error_handlers(app)
    app.include_router(health.router)
    # Last, since MLflow takes every path that is left.
    app.router.routes.append(MlflowMount("/", app=mlflow_app, name="mlflow"))
    return app


def _lifespan(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # A mounted application's own lifespan runs only where its parent enters it.
        async with (
            mlflow_app.router.lifespan_context(mlflow_app),
            ends_with(settings.owner_pid),
        ):
            yield

    return lifespan
