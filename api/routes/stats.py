"""GET /api/stats: how busy the server's machine is."""

from fastapi import APIRouter, Request

from api.routes import examples
from api.system.stats import MachineStats, SystemStats

router = APIRouter(prefix="/api", tags=["stats"])


@router.get("/stats", responses=examples.answer(examples.STATS))
def get_stats(request: Request) -> SystemStats:
    """Processor, memory, disk and GPUs of the machine that the server is on."""
    machine = request.app.state.machine
    assert isinstance(machine, MachineStats)
    return machine.read()
