"""Tells the sockets of projects that something has changed, in this process or in another one."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from api.background import in_background
from api.bus.protocol import Batch, Bus
from tracking_plugin.events import LogLines, RunCreated, RunEvent, SystemMetricsLogged
from tracking_plugin.names import Tag

logger = logging.getLogger(__name__)

MAX_WAITING_LINES = 1000
"""Of the log, for a socket that reads slowly; the oldest are dropped, and the job's log has all."""
RETRY_PAUSE_S = 1.0


class ProjectWatch:
    """What has happened to one project since its watcher last looked."""

    def __init__(self, project_id: str) -> None:
        self.project_id = project_id
        self.run_id: str | None = None
        """The run whose events concern the watcher, which sets it."""
        self.changed = asyncio.Event()
        self.lines: deque[str] = deque(maxlen=MAX_WAITING_LINES)

    def on_event(self, event: RunEvent) -> None:
        if isinstance(event, LogLines):
            self.lines.extend(event.lines)
        self.changed.set()


class ProjectFeed:
    """One per process; it reads the bus, and no store."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._watches: dict[str, set[ProjectWatch]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with in_background(self._follow()):
            yield

    @contextmanager
    def watching(self, project_id: str) -> Iterator[ProjectWatch]:
        watch = ProjectWatch(project_id)
        self._watches.setdefault(project_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._watches[project_id].discard(watch)
            if not self._watches[project_id]:
                del self._watches[project_id]

    def num_watching(self, project_id: str | None = None) -> int:
        """The watchers of a project, or of all."""
        if project_id is not None:
            return len(self._watches.get(project_id, ()))
        return sum(map(len, self._watches.values()))

    def notify(self, project_id: str) -> None:
        """The project has changed in a way that no event of a run tells."""
        for watch in self._watches.get(project_id, ()):
            watch.changed.set()

    async def _follow(self) -> None:
        while True:
            try:
                async for batch in self._bus.follow():
                    self._on_batch(batch)
            except Exception:
                logger.exception("Following the bus for projects failed; it is followed again")
                await asyncio.sleep(RETRY_PAUSE_S)

    def _on_batch(self, batch: Batch) -> None:
        if not self._watches:
            return
        if batch.has_gap:
            for project_id in self._watches:
                self.notify(project_id)
        for _, event in () if batch.is_retained else batch.entries:
            self._on_event(event)

    def _on_event(self, event: RunEvent) -> None:
        if isinstance(event, SystemMetricsLogged):
            return
        if isinstance(event, RunCreated):
            # The pipeline of a project has begun again, with a new run.
            self.notify(event.tags.get(Tag.PROJECT, ""))
        for watches in self._watches.values():
            for watch in watches:
                if watch.run_id == event.run_id:
                    watch.on_event(event)
