"""All of Fovea as one application, which tells its watchers what a benchmark of the dashboard asks for.

MLflow takes 15 ms of a core for a write, and 50 of them a second would leave the browser of a small
machine little. So updates are put on the bus, where MLflow's writes go; from there all is real.
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
from benchmarks.dashboard.publish_request import PREFIX, Telling
from tracking_plugin.events import LoggedPoint, MetricsLogged
from ui_extensions.mount import BUILT

UPLOT = BUILT.parent / "node_modules" / "uplot" / "dist"


class Teller:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._task: asyncio.Task[None] | None = None

    async def tell(self, request: Request) -> Response:
        """Begin to; what was told before ends."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._tell(Telling(**await request.json())))
        return JSONResponse({})

    async def _tell(self, telling: Telling) -> None:
        began = time.perf_counter()
        for number in range(telling.num_updates):
            due = began + number / telling.updates_per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._bus.publish(_event(telling, number))


def app() -> ASGIApp:
    fovea = create_app()
    routes = [
        Route(f"{PREFIX}/tell", Teller(fovea.state.bus).tell, methods=["POST"]),
        Mount(f"{PREFIX}/uplot", StaticFiles(directory=UPLOT)),
        Mount(PREFIX, StaticFiles(directory=Path(__file__).parent / "pages")),
    ]
    benchmark = Starlette(routes=routes)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_benchmark = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (benchmark if is_benchmark else fovea)(scope, receive, send)

    return application


def _event(telling: Telling, number: int) -> MetricsLogged:
    now_ms = int(time.time() * 1000)
    first = telling.first_step + number * telling.steps
    points = [
        LoggedPoint(name, value_at(metric, step), step, now_ms)
        for step in range(first, first + telling.steps)
        for metric, name in enumerate(METRICS)
    ]
    return MetricsLogged(run_id=telling.run_id, accepted_ms=now_ms, points=points)
