"""Checks regularly which runs have sent no heartbeat for too long, and marks them as silent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.control.service import ControlService
from api.control.silence import CONTROLLED_LIMIT_MS
from api.storage.leased_worker import LeasedWorker

CHECK_INTERVAL_S = 10.0


class HeartbeatMonitor:
    """Every process has one; the first that finds a run silent marks it."""

    def __init__(self, control: ControlService) -> None:
        self._worker = LeasedWorker(
            "Checking the heartbeats of runs",
            control.mark_silent_runs,
            interval_s=CHECK_INTERVAL_S,
            lease=None,
            # No run could send heartbeats while no server was there: each gets time to reconnect.
            delay_s=CONTROLLED_LIMIT_MS / 1000,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running():
            yield
