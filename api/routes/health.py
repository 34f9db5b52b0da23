"""GET /api/health: the versions of the server and the state of its live push."""

import mlflow
from fastapi import APIRouter, Request

from api.live.hub import Hub
from api.routes.documented import documented
from api.routes.examples import server as examples
from api.system.health import FailingRun, Health
from api.timestamps import utc
from api.version import own_version

router = APIRouter(prefix="/api", tags=["health"])


@router.get("/health", responses=documented(examples.HEALTH))
async def get_health(request: Request) -> Health:
    """The versions of the server, and whether its bus and its sockets work."""
    hub, wiretap = request.app.state.hub, request.app.state.wiretap
    failures = request.app.state.run_failures
    assert isinstance(hub, Hub)
    return Health(
        version=own_version(),
        mlflow_version=mlflow.__version__,
        is_bus_connected=request.app.state.bus.is_connected,
        num_sockets=hub.num_subscribers,
        num_unread_writes=0 if wiretap is None else wiretap.num_unread,
        num_run_failures=failures.num,
        failing_runs=[
            FailingRun(
                run_id=it.run_id, work=it.work, error=it.error, num=it.num, timestamp=utc(it.at_ms)
            )
            for it in failures.newest()
        ],
    )
