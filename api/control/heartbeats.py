"""Looks for runs that have fallen silent: their processes, machines or networks may be gone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mlflow.exceptions import MlflowException

from api.control.service import ControlService
from api.control.state import SILENT_AFTER_MS
from api.errors import ApiError

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S = 10.0


class HeartbeatMonitor:
    """One for a process; where there are several, each finds the same and the first one tells."""

    def __init__(self, control: ControlService) -> None:
        self._control = control

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        # While no server was there, nobody could be heard: all get the time to come back.
        await asyncio.sleep(SILENT_AFTER_MS / 1000)
        while True:
            try:
                await self._control.tell_silent()
            except (ApiError, MlflowException) as error:
                logger.warning("Silent runs could not be looked for (%s)", type(error).__name__)
            except Exception:
                logger.exception("Looking for silent runs failed: the next look is in a moment")
            await asyncio.sleep(LOOK_INTERVAL_S)
