"""The whole Fovea application, with a route that publishes updates for the dashboard's benchmarks.

A write to MLflow costs 15 ms of a core, so that 50 a second would leave a small machine's browser too
little. So the route publishes on the bus, as MLflow's accepted writes do; the rest is the real path.
"""

import asyncio
import time
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.bus.protocol import Bus
from benchmarks.dashboard.long_run import METRICS, value_at
from benchmarks.dashboard.publish_request import PREFIX, PublishRequest
from tracking_plugin.events import LoggedPoint, MetricsLogged
from ui_extensions.mount import BUILT

UPLOT = BUILT.parent / "node_modules" / "uplot" / "dist"


class UpdatePublisher:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._task: asyncio.Task[None] | None = None

    async def publish(self, request: Request) -> Response:
        """Start publishing in the background; cancels the publication before."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._publish(PublishRequest(**await request.json())))
        return JSONResponse({})

    async def _publish(self, request: PublishRequest) -> None:
        began = time.perf_counter()
        for number in range(request.num_updates):
            due = began + number / request.updates_per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._bus.publish(_event(request, number))


def app() -> ASGIApp:
    fovea = create_app()
    routes = [
        Route(f"{PREFIX}/publish", UpdatePublisher(fovea.state.bus).publish, methods=["POST"]),
        Mount(f"{PREFIX}/uplot", StaticFiles(directory=UPLOT)),
        Mount(PREFIX, StaticFiles(directory=Path(__file__).parent / "pages")),
    ]
    benchmark = Starlette(routes=routes)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_benchmark = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (benchmark if is_benchmark else fovea)(scope, receive, send)

    return application


def _event(request: PublishRequest, number: int) -> MetricsLogged:
    now_ms = int(time.time() * 1000)
    first = request.first_step + number * request.steps
    points = [
        LoggedPoint(name, value_at(metric, step), step, now_ms)
        for step in range(first, first + request.steps)
        for metric, name in enumerate(METRICS)
    ]
    return MetricsLogged(run_id=request.run_id, accepted_ms=now_ms, points=points)
