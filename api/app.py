"""The ASGI application: Fovea's routes in front of an unchanged MLflow, for `mlflow server --app-name fovea`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from mlflow.server.fastapi_app import app as mlflow_app
from mlflow.server.handlers import _add_static_prefix

from api.alerts.builtin import load_rules
from api.bus.open_bus import num_workers_here, open_bus, require_shared
from api.bus.protocol import Bus
from api.errors import install_error_handlers
from api.live.hub import Hub
from api.live.socket import LiveEndpoint
from api.location import require_own_api
from api.middleware.admission import load_admission
from api.middleware.dispatcher import PathDispatcher
from api.notify.targets import load_targets
from api.routes import (
    alerts,
    asyncapi,
    commands,
    control,
    control_link,
    custom_training,
    datasets,
    diagnosis,
    epochs,
    health,
    jobs,
    metrics,
    models,
    monitoring,
    predictions,
    projects,
    reports,
    run_table,
    runs,
    saved_views,
    stats,
    training,
)
from api.routes.documented import REFUSED_BY_MIDDLEWARE
from api.run_failures import RunFailures
from api.runs.experiment_events import ExperimentEvents
from api.runs.reader import RunReader
from api.runs.regular_files import read_regular_artifacts_only
from api.runs.run_follower import RunFeed
from api.runs.store_errors import install_store_errors
from api.server.forwarded_headers import believing_named_proxies_only
from api.server.log_records import install_one_line_records
from api.server.owner_watch import ends_with
from api.services import Services, services_running
from api.settings import Settings, load_settings
from api.system.stats import MachineStats
from api.version import own_version
from tracking_plugin.wiretap import Wiretap
from ui_extensions.mount import monitor
from ui_extensions.panel_script import with_panel_script

if not sys.flags.safe_path:
    # `mlflow server` imports this module for create_app, then starts uvicorn, which imports from
    # the working directory first. This is the last point at which Fovea's code runs before that.
    require_own_api(Path.cwd())

# Checked here, too: `mlflow server` starts four processes by default, each with its own bus.
require_shared(load_settings().bus_url, num_workers_here())

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]

MLFLOW_PAGE = _add_static_prefix("/")
"""The path of MLflow's UI."""

COMMIT_TO_BUS_S = 0.5
"""Longer than a write of any process takes from MLflow's database to a shared bus."""


def create_app() -> FastAPI:
    """MLflow with Fovea in front of it; the `mlflow.app` entry point `fovea`."""
    settings = load_settings()
    rules = load_rules(settings.alert_rules)
    targets = load_targets(settings.notify_urls)
    bus = open_bus(settings.bus_url, settings.bus_retention)
    reader, failures = RunReader(), RunFailures()
    wiretap = Wiretap(mlflow_app, bus.publish, ExperimentEvents(bus.publish, reader).on_change)
    settle = _shared_bus_settled if bus.is_shared else wiretap.settled
    open_services = partial(
        services_running,
        settings,
        rules,
        targets,
        RunFeed(bus=bus, reader=reader, failures=failures),
    )
    app = _application(settings, bus, reader, failures, settle, wiretap, open_services)
    for routes in (
        *(alerts, commands, control, control_link, custom_training, datasets, diagnosis, jobs),
        *(models, monitoring),
        *(predictions, projects, reports, saved_views, training),
    ):
        app.include_router(routes.router)
    app.include_router(projects.sockets)
    app.include_router(reports.links)
    return app


def create_hub_app() -> FastAPI:
    """Only the sockets and the read API, in a process of its own; `fovea hub` runs it."""
    settings = load_settings()
    bus = open_bus(settings.bus_url, settings.bus_retention)
    return _application(settings, bus, RunReader(), RunFailures(), _shared_bus_settled, None, None)


def _application(
    settings: Settings,
    bus: Bus,
    reader: RunReader,
    failures: RunFailures,
    settle: Callable[[], Awaitable[None]],
    wiretap: Wiretap | None,
    open_services: OpenServices | None,
) -> FastAPI:
    install_one_line_records()
    read_regular_artifacts_only()
    hub = Hub(bus, reader, failures, retention=settings.bus_retention, settle=settle)
    admission = load_admission(settings.cors_origins)
    app = FastAPI(
        title="Fovea",
        version=own_version(),
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        responses=REFUSED_BY_MIDDLEWARE,
        lifespan=_lifespan(settings, bus, hub, open_services),
    )
    app.state.runs = reader
    app.state.run_failures = failures
    app.state.public_url = settings.public_url.rstrip("/")
    app.state.data_roots = settings.data_roots
    app.state.machine = MachineStats(settings.data_dir)
    app.state.wiretap = wiretap
    app.state.bus = bus
    app.state.hub = hub
    # The paths of the table come before the id of a run.
    for routes in (health, metrics, epochs, run_table, runs, stats, asyncapi):
        app.include_router(routes.router)
    app.mount("/monitor", monitor())
    install_error_handlers(app)
    install_store_errors(app)
    app.add_middleware(
        PathDispatcher,
        live=LiveEndpoint(hub, admission, settings.max_sockets),
        mlflow=None if wiretap is None else with_panel_script(wiretap, MLFLOW_PAGE),
        admission=admission,
        max_request_bytes=settings.max_request_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        prefix=MLFLOW_PAGE.rstrip("/"),
    )
    app.add_middleware(believing_named_proxies_only)
    return app


async def _shared_bus_settled() -> None:
    await asyncio.sleep(COMMIT_TO_BUS_S)


def _lifespan(
    settings: Settings, bus: Bus, hub: Hub, open_services: OpenServices | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if open_services is not None:
                # A mounted application's own lifespan runs only where its parent enters it.
                await stack.enter_async_context(mlflow_app.router.lifespan_context(mlflow_app))
            await stack.enter_async_context(ends_with(settings.owner_pid))
            await stack.enter_async_context(bus.running())
            await stack.enter_async_context(hub.running())
            if open_services is not None:
                app.state.services = await stack.enter_async_context(open_services())
            yield

    return lifespan
