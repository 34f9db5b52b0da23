"""GET /api/stats: statistics of the server's machine."""

from fastapi import APIRouter, Request

from api.routes.documented import documented
from api.routes.examples import server as examples
from api.system.stats import MachineStats, SystemStats

router = APIRouter(prefix="/api", tags=["stats"])


@router.get("/stats", responses=documented(examples.STATS))
def get_stats(request: Request) -> SystemStats:
    """Processor, memory, disk and GPUs of the server's machine."""
    machine = request.app.state.machine
    assert isinstance(machine, MachineStats)
    return machine.read()
