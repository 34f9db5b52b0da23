"""Looks for runs that have fallen silent: their processes, machines or networks may be gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.control.service import ControlService
from api.control.state import SILENT_AFTER_MS
from api.storage.leased_worker import LeasedWorker

LOOK_INTERVAL_S = 10.0


class HeartbeatMonitor:
    """One for a process; where there are several, each finds the same and the first one tells."""

    def __init__(self, control: ControlService) -> None:
        self._worker = LeasedWorker(
            "Checking the heartbeats of runs",
            control.tell_silent,
            interval_s=LOOK_INTERVAL_S,
            lease=None,
            # No run could send heartbeats while no server was there: each gets time to reconnect.
            delay_s=SILENT_AFTER_MS / 1000,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running():
            yield
