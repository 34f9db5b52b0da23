"""Passes each event of the bus to a part of the server, and tells it of every run that is over.

The end of a run arrives as an event of the bus. An end whose event was lost, or that was written
past the server, is found in MLflow's store within SWEEP_INTERVAL_S.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from api.background import in_background
from api.bus.protocol import Batch, Bus, StreamPosition
from api.errors import UnavailableError
from api.run_failures import RunFailures
from api.runs.reader import RunReader
from api.runs.run_over import HeldRun, RunOver, over_of
from api.runs.workspaces import within
from api.storage.database import in_database
from tracking_plugin.events import RunEvent

logger = logging.getLogger(__name__)

RETRY_PAUSE_S = 1.0
SWEEP_INTERVAL_S = 10.0


class RunListener(ABC):
    """A part of the server that holds state for runs."""

    @abstractmethod
    async def on_event(self, event: RunEvent) -> None:
        """A run has changed."""

    @abstractmethod
    async def on_run_over(self, over: RunOver) -> None:
        """Let go of the run, or settle its state. May be called again for the same end."""

    @abstractmethod
    def on_gap(self) -> None:
        """Events may have been missed."""

    @abstractmethod
    def held_runs(self) -> Collection[HeldRun]:
        """The runs that it takes for active. Blocking: called in a thread."""


@dataclass(frozen=True, kw_only=True)
class RunFeed:
    """Where a listener's news of runs comes from, and where its failures are counted."""

    bus: Bus
    reader: RunReader
    failures: RunFailures


class RunFollower:
    """Follows the bus and the store for one listener; each run is handled for itself."""

    def __init__(self, feed: RunFeed, listener: RunListener) -> None:
        self._bus = feed.bus
        self._reader = feed.reader
        self._failures = feed.failures
        self._listener = listener
        self._changed_since_sweep: set[str] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with in_background(self._follow(), self._sweep_repeatedly()):
            yield

    async def _follow(self) -> None:
        while True:
            last: StreamPosition | None = None
            try:
                async for batch in self._bus.follow():
                    if last is None or batch.has_gap or batch.position.epoch != last.epoch:
                        self._listener.on_gap()
                    last = batch.position
                    await self._on_batch(batch)
            except Exception:
                logger.exception("Following the bus failed; it is followed again")
                await asyncio.sleep(RETRY_PAUSE_S)

    async def _on_batch(self, batch: Batch) -> None:
        for _, event in () if batch.is_retained else batch.entries:
            self._changed_since_sweep.add(event.run_id)
            with self._failures.isolated(event.run_id, "Processing an event"):
                await self._listener.on_event(event)
            if (over := over_of(event)) is not None:
                with self._failures.isolated(event.run_id, "Processing the end"):
                    await self._listener.on_run_over(over)

    async def _sweep_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_INTERVAL_S)
            try:
                await self.sweep()
            except UnavailableError as error:
                logger.warning("Finding runs that are over failed: %s", error)
            except Exception:
                logger.exception("Finding runs that are over failed")

    async def sweep(self) -> None:
        """Tell the listener of each held run that is over in MLflow's store."""
        self._changed_since_sweep.clear()
        held = await in_database(self._listener.held_runs)
        over = await in_database(partial(self._over, held))
        await self._failures.each(
            "Processing the end", over, lambda it: it.run_id, self._on_found_over
        )

    async def _on_found_over(self, over: RunOver) -> None:
        # The run may have begun again since the store was read; the next sweep reads it anew.
        if over.run_id not in self._changed_since_sweep:
            await self._listener.on_run_over(over)

    def _over(self, held: Collection[HeldRun]) -> list[RunOver]:
        found = []
        for workspace in {run.workspace for run in held}:
            with within(workspace):
                ends = self._reader.ends({it.run_id for it in held if it.workspace == workspace})
            found += [
                RunOver(run_id=run_id, workspace=workspace, how=how, is_on_bus=False)
                for run_id, how in ends.items()
            ]
        return found
