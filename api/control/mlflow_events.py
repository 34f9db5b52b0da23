"""Follows control changes by other processes, and ends and status tags that others write to MLflow."""

from collections.abc import Awaitable, Callable, Collection
from functools import partial

from api.control.changes import StateChanges
from api.control.status_tags import StatusTagWriter
from api.control.store import ControlStore
from api.control.transitions import LIVE
from api.control.updates import StateUpdates
from api.runs.run_follower import RunListener
from api.runs.run_over import HeldRun, RunOver
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.events import ControlChanged, RunEvent, RunRestored, TagsChanged
from tracking_plugin.names import RunStatus, Tag

_COMMANDED = (RunStatus.PAUSING, RunStatus.PAUSED, RunStatus.RESUMING, RunStatus.STOPPING)

Sync = Callable[[str, str | None], Awaitable[object]]
"""Brings the stored state of a run in line with MLflow."""


class MlflowEvents(RunListener):
    def __init__(
        self,
        store: ControlStore,
        changes: StateChanges,
        updates: StateUpdates,
        tags: StatusTagWriter,
        sync: Sync,
        publish: Callable[[RunEvent], None],
    ) -> None:
        self._store = store
        self._changes = changes
        self._updates = updates
        self._tags = tags
        self._sync = sync
        self._publish = publish

    async def on_event(self, event: RunEvent) -> None:
        if isinstance(event, ControlChanged):
            self._changes.notify(event.run_id)
        elif isinstance(event, RunRestored):
            await self._revive(event)
        elif isinstance(event, TagsChanged) and (tagged := event.tags.get(Tag.STATUS)):
            await self._correct_tag(event.run_id, tagged)

    async def on_run_over(self, over: RunOver) -> None:
        await self._updates.apply_end(over.run_id, over.how)
        if not over.is_on_bus:
            # The sockets show the run, too. It is not live any more, so this happens once.
            self._publish(over.announcement(unix_ms()))

    def on_gap(self) -> None:
        self._changes.notify_all()

    def held_runs(self) -> Collection[HeldRun]:
        return self._store.live()

    async def _revive(self, event: RunRestored) -> None:
        """A restored run goes on where MLflow's status says that it has not ended."""
        if await in_database(partial(self._store.find, event.run_id)) is not None:
            await self._sync(event.run_id, event.workspace)

    async def _correct_tag(self, run_id: str, tagged: str) -> None:
        """Restore the status of a commanded run whose program has written an outdated one."""
        state = await in_database(partial(self._store.find, run_id))
        is_outdated = state is not None and tagged in LIVE and tagged != state.status
        if state is not None and is_outdated and state.status in _COMMANDED:
            await self._tags.write(state)
